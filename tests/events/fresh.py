"""Events that a test appends: each with an id of its own."""

from events.codec import Event
from events.contents import PromptContent, encode_content
from events.envelope import new_envelope
from events.identifiers import GenerationId, Month, SubjectHandle, TenantHandle, new_handle, new_uuid7
from events.records import CancellationRequested, GenerationStarted, PromptSubmitted
from keys.coordinates import Coordinates, Expectation, Kind, Purpose
from keys.sealed import seal
from tests.events.vectors import MODEL, NOVEMBER
from tests.keys.builders import opened

TENANT = TenantHandle(new_handle())


def cancellation(subject: SubjectHandle | None = None, generation: GenerationId | None = None) -> Event:
    """Appended by `api`, on generations."""
    about = SubjectHandle(new_handle()) if subject is None else subject
    envelope = new_envelope(source="api", tenant=TENANT, purpose="generation", subject=about, lifecycle=1)
    return Event(envelope, CancellationRequested(generation or GenerationId(new_uuid7())))


def started() -> Event:
    """Appended by `work`, and by nobody else."""
    envelope = new_envelope(source="work", tenant=TENANT, purpose="generation")
    return Event(envelope, GenerationStarted(GenerationId(new_uuid7()), 1, "worker", MODEL))


def submitted(sealed: bytes) -> Event:
    """A prompt with these sealed bytes and everything else as long as it gets."""
    subject = SubjectHandle(new_handle())
    envelope = new_envelope(
        source="api", tenant=TENANT, purpose="generation", subject=subject, lifecycle=2**40, actor=None, causation=new_uuid7()
    )
    body = PromptSubmitted(
        GenerationId(new_uuid7()), new_uuid7(), "image", MODEL, "a-long-adapter-name", "1024x1024", NOVEMBER, 9, 16383, sealed
    )
    return Event(envelope, body)


def sealed_prompt(prompt: str) -> bytes:
    """The prompt as `api` would seal it."""
    place = Coordinates(TENANT, SubjectHandle(new_handle()), 1, Month(NOVEMBER), 0, 5)
    content = encode_content(PromptContent(prompt, 1024, 1024, 50, 2**63 - 1))
    return seal(opened(), Expectation(place, Purpose.PROMPT, new_uuid7(), Kind.PROMPT), content)
