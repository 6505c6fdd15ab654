"""Events as a busy day leaves them in the log, with contents that were sealed beforehand."""

import random
import secrets
from collections.abc import Iterator
from functools import cache
from uuid import UUID

from events.codec import Event
from events.contents import OutcomeContent, PromptContent, encode_content
from events.envelope import new_envelope
from events.identifiers import (
    CredentialHandle,
    GenerationId,
    Month,
    SubjectHandle,
    TenantHandle,
    new_handle,
    new_uuid7,
)
from events.records import (
    EventBody,
    GenerationCompleted,
    GenerationFailed,
    GenerationStarted,
    PromptSubmitted,
    WidthRun,
)
from keys.coordinates import Coordinates, Expectation, Kind, Purpose
from keys.leaf import Leaf
from keys.sealed import seal

PROMPT = "a lighthouse at dusk, oil on canvas, heavy brush strokes, warm light from the windows, gulls over the water"
_TENANT = TenantHandle(new_handle())
_SUBJECTS = [SubjectHandle(new_handle()) for _ in range(300)]
_ACTOR = CredentialHandle(new_handle())
_MONTH = Month(24322)


def prompt_content() -> PromptContent:
    """What a client typically asks for."""
    return PromptContent(PROMPT, 512, 512, 20, secrets.randbelow(2**62))


@cache
def _sealed(kind: Kind) -> bytes:
    """A sealed object of the size that such a content has; its bytes are opaque to everything measured with it."""
    content = prompt_content() if kind is Kind.PROMPT else OutcomeContent(4096, "image/png", 512, 512, 1, b"t" * 32, b"t" * 32)
    purpose = Purpose.PROMPT if kind is Kind.PROMPT else Purpose.MEDIA
    place = Coordinates(_TENANT, _SUBJECTS[0], 1, _MONTH, 0, 0)
    leaf = Leaf(bytearray(secrets.token_bytes(32)), 60.0)
    return seal(leaf, Expectation(place, purpose, new_uuid7(), kind), encode_content(content))


def prompts(count: int) -> list[Event]:
    """Submitted prompts of 300 people."""
    return [_event("api", _SUBJECTS[number % len(_SUBJECTS)], _prompt(number)) for number in range(count)]


def generations(count: int) -> list[Event]:
    """About so many events of whole generations, interleaved as concurrent ones are: prompt, start, end."""
    chance = random.Random(7)
    lives = [_life(number, chance) for number in range(-(-count // 3))]
    events: list[Event] = []
    running: list[Iterator[Event]] = []
    while lives or running:
        while lives and len(running) < 50:
            running.append(lives.pop())
        life = chance.choice(running)
        event = next(life, None)
        if event is None:
            running.remove(life)
        else:
            events.append(event)
    return events


def _life(number: int, chance: random.Random) -> Iterator[Event]:
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    prompt = _prompt(number)
    yield _event("api", subject, prompt)
    yield _event("work", subject, GenerationStarted(prompt.generation, 1, "worker-1a2b3c4d", prompt.model_digest))
    if chance.random() < 0.03:
        yield _event("work", subject, GenerationFailed(prompt.generation, 1, "generation-impossible", 812))
    else:
        yield _event("work", subject, _completed(prompt))


def _event(source: str, subject: SubjectHandle, body: EventBody) -> Event:
    envelope = new_envelope(
        source=source, tenant=_TENANT, subject=subject, lifecycle=1, actor=_ACTOR, causation=new_uuid7(), purpose="generation"
    )
    return Event(envelope, body)


def _prompt(number: int) -> PromptSubmitted:
    return PromptSubmitted(
        generation=GenerationId(new_uuid7()),
        batch=UUID(int=number),
        kind="image",
        model_digest=b"m" * 32,
        adapter="diffusers.StableDiffusionPipeline",
        shape_bucket="512x512",
        month=_MONTH,
        tree=0,
        leaf=number % 16384,
        sealed=_sealed(Kind.PROMPT),
        depicts=(),
    )


def _completed(prompt: PromptSubmitted) -> GenerationCompleted:
    return GenerationCompleted(
        generation=prompt.generation,
        epoch=1,
        model_digest=prompt.model_digest,
        adapter=prompt.adapter,
        environment="cpu;torch=2;linux-x86_64",
        width_trace=(WidthRun(1, 20),),
        replay_class="bitexact-same-host-class",
        shape_bucket=prompt.shape_bucket,
        device_ms=812,
        media_type="image/png",
        sealed_size_bytes=400_000,
        ciphertext_sha256=secrets.token_bytes(32),
        marks=(),
        sealed=_sealed(Kind.OUTCOME),
    )
