"""Events made for tests, and the records that the log would hold for them."""

import dataclasses
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from events.catalogue import of
from events.codec import Event, encode
from events.envelope import Envelope
from events.identifiers import (
    CredentialHandle,
    ErasureId,
    EventId,
    GenerationId,
    PersonHandle,
    SubjectHandle,
    TenantHandle,
)
from events.positions.fold import FoldedRecord
from events.read import Record
from events.records import (
    Attestation,
    CancellationRequested,
    ContentAccessed,
    CredentialIssued,
    ErasureApproved,
    ErasureEffective,
    ErasureFenced,
    ErasureRequested,
    EventBody,
    GenerationCancelled,
    GenerationCompleted,
    GenerationFailed,
    GenerationStarted,
    ModelRegistered,
    PromptSubmitted,
    SubjectRegistered,
    TenantCreated,
    WidthRun,
)

BEGIN = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
ACTOR = CredentialHandle(b"c" * 16)
OFFICER = Attestation(CredentialHandle(b"d" * 16), PersonHandle(b"o" * 16), "officer")


def tenant(number: int) -> TenantHandle:
    """A tenant for each number."""
    return TenantHandle(number.to_bytes(16, "big"))


def subject(number: int) -> SubjectHandle:
    """A subject for each number."""
    return SubjectHandle((number + 1000).to_bytes(16, "big"))


def generation(number: int) -> GenerationId:
    """An id for each number, in the order of the numbers."""
    return GenerationId(uuid.UUID(int=(7 << 76) | (2 << 62) | (number << 96)))


def erasure(number: int) -> ErasureId:
    """An erasure's id for each number."""
    return ErasureId(uuid.UUID(int=(7 << 76) | (2 << 62) | (number << 96) | 1))


_serial = iter(range(1, 10**9))


def event(body: EventBody, of_tenant: int = 1, of_subject: int | None = 1, lifecycle: int = 1) -> Event:
    """An event with the next id; times go up by a second each."""
    number = next(_serial)
    identifier = uuid.UUID(int=(7 << 76) | (2 << 62) | (number << 96) | 2)
    return Event(
        Envelope(
            id=EventId(identifier),
            source=of(body).writer,
            time=BEGIN + timedelta(seconds=number % 100_000),
            tenant=tenant(of_tenant),
            subject=None if of_subject is None else subject(of_subject),
            lifecycle=None if of_subject is None else lifecycle,
            actor=ACTOR,
            correlation=identifier,
            causation=None,
            purpose="generation",
        ),
        body,
    )


def prompt(number: int, sealed: bytes = b"sealed prompt") -> PromptSubmitted:
    """A submitted prompt."""
    return PromptSubmitted(
        generation=generation(number),
        batch=uuid.UUID(int=5),
        kind="image",
        model_digest=b"m" * 32,
        adapter="diffusers.Tiny",
        shape_bucket="64x64",
        month=24322,
        tree=0,
        leaf=number,
        sealed=sealed,
        depicts=(subject(77),),
    )


def started(number: int, epoch: int = 1) -> GenerationStarted:
    """A worker began."""
    return GenerationStarted(generation(number), epoch, "worker-1", b"m" * 32)


def completed(number: int, epoch: int = 1, device_ms: int = 100) -> GenerationCompleted:
    """A picture is there."""
    return GenerationCompleted(
        generation=generation(number),
        epoch=epoch,
        model_digest=b"m" * 32,
        adapter="diffusers.Tiny",
        environment="cpu",
        width_trace=(WidthRun(1, 4), WidthRun(2, 6)),
        replay_class="exact",
        shape_bucket="64x64",
        device_ms=device_ms,
        media_type="image/png",
        sealed_size_bytes=4096,
        ciphertext_sha256=bytes([epoch]) * 32,
        marks=(),
        sealed=b"sealed outcome",
    )


def failed(number: int, epoch: int = 1, device_ms: int = 7) -> GenerationFailed:
    """There will be none."""
    return GenerationFailed(generation(number), epoch, "abandoned", device_ms)


def cancelled(number: int, epoch: int = 1, device_ms: int = 3) -> GenerationCancelled:
    """Stopped on request."""
    return GenerationCancelled(generation(number), epoch, "requested", 2, device_ms)


def cancellation(number: int) -> CancellationRequested:
    """The client asked to stop."""
    return CancellationRequested(generation(number))


def accessed(number: int) -> ContentAccessed:
    """An officer read a picture."""
    return ContentAccessed(generation(number), "media", OFFICER.credential, OFFICER.person, "officer", "gdpr-15-1", BEGIN)


def erasure_requested(number: int, of_subject: int = 1, lifecycle: int = 1) -> ErasureRequested:
    """An officer asks for an erasure."""
    return ErasureRequested(
        erasure=erasure(number),
        scope_kind="subject",
        scope_subject=subject(of_subject),
        scope_lifecycle=lifecycle,
        ground="gdpr-17-1-b",
        plan_digest=b"p" * 32,
        salt_commitment=b"s" * 32,
        note=None,
        attestation=OFFICER,
        signature=b"x" * 68,
    )


def erasure_approved(number: int) -> ErasureApproved:
    """Another person approves."""
    other = dataclasses.replace(OFFICER, person=PersonHandle(b"q" * 16))
    return ErasureApproved(erasure(number), b"p" * 32, other, b"x" * 68)


def erasure_fenced(number: int, of_subject: int = 1, lifecycle: int = 1, exceptions: Sequence[int] = ()) -> ErasureFenced:
    """The scope counts as erased."""
    kept = tuple(generation(kept) for kept in exceptions)
    return ErasureFenced(erasure(number), "subject", subject(of_subject), lifecycle, kept)


def erasure_effective(number: int, of_subject: int = 1, lifecycle: int = 1) -> ErasureEffective:
    """The keys are gone."""
    return ErasureEffective(erasure(number), "subject", subject(of_subject), lifecycle, 2, 3, b"")


def tenant_created(name: str) -> TenantCreated:
    """A tenant with a name."""
    return TenantCreated(name, subject_required=False, attestation=OFFICER, signature=b"x" * 68)


def subject_registered(anew: bool = False) -> SubjectRegistered:
    """A person has a handle."""
    return SubjectRegistered(24322, 0, 0, b"sealed identity", anew, synthetic=False, attestation=OFFICER)


def credential_issued(number: int, role: str = "client") -> CredentialIssued:
    """A person may act."""
    handle = CredentialHandle(number.to_bytes(16, "big"))
    return CredentialIssued(handle, PersonHandle(b"o" * 16), role, b"h" * 32, None, OFFICER)


def model_registered(alias: str, digest: bytes) -> ModelRegistered:
    """A model under a name."""
    return ModelRegistered(digest, alias, "diffusers.Tiny", 1000, OFFICER)


def records_of(events: Iterable[Event]) -> Iterator[Record]:
    """The records that the log would hold, in order; a partition for each key, offsets from 0."""
    nexts: dict[tuple[str, int], int] = {}
    for number, each in enumerate(events):
        encoded = encode(each)
        topic = encoded.topic
        partition = sum(encoded.key or b"") % topic.partitions
        offset = nexts.get((topic.name, partition), 0)
        nexts[topic.name, partition] = offset + 1
        yield Record(
            topic,
            partition,
            offset,
            BEGIN + timedelta(milliseconds=number),
            encoded.key,
            list(encoded.headers),
            encoded.value,
        )


def folded(events: Iterable[Event]) -> list[FoldedRecord]:
    """What a fold is given for these events."""
    events = list(events)
    return [FoldedRecord(record, each) for record, each in zip(records_of(events), events, strict=True)]
