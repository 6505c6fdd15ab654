"""A request for pictures becomes events: checked, sealed, made repeatable, appended.

The order is the promise: leaves are reserved before anything is sealed, the idempotency row is there before the log has the
event, and
the answer comes after the log's. Whoever loses the race for a row uses the winner's events.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.parts import ApiLimits, ApiParts
from api.principal import Principal
from api.problems import Conflict, Invalid, ModelNotFound, QueueFull
from api.subjects import entry_for, identifier_for
from events.append import Coordinates as Appended
from events.codec import Event, decode_value, encode
from events.contents import PromptContent, encode_content
from events.envelope import new_envelope
from events.identifiers import GenerationId, month_of, new_uuid7
from events.records import PromptSubmitted
from keys.coordinates import Coordinates, Expectation, Kind, Purpose
from keys.errors import SubjectErased
from keys.opening import open_leaf
from keys.sealed import seal
from projections import fences, registry
from projections.registry import ModelRow

DEFAULT_SIZE = "128x128"
DEFAULT_STEPS = 8
_MOST_SEED = 2**63 - 1
_BUCKET_PX = 64
_QUEUED = "select count(*) from work.progress where state = 'queued'"
_FIND = "select body_tag, events from front.requests where tenant = %s and idempotency_key = %s"
_INSERT = """
insert into front.requests (tenant, idempotency_key, body_tag, subject, lifecycle, events, generations)
values (%s, %s, %s, %s, %s, %s, %s) on conflict (tenant, idempotency_key) do nothing
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for `count` pictures of one prompt, as the client said it."""

    prompt: str
    model: str | None = None
    size: str | None = None
    steps: int | None = None
    seed: int | None = None
    subject: str | None = None
    negative_prompt: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Submitted:
    """The generations of one request and where their events lie."""

    generations: tuple[GenerationId, ...]
    appended: tuple[Appended, ...]


async def submit(parts: ApiParts, principal: Principal, wanted: Wanted, idempotency_key: str | None) -> Submitted:
    """Appends one PromptSubmitted a picture; acknowledged on return.

    Raises:
        Invalid, ModelNotFound, QueueFull, Conflict, SubjectErased, VaultUnavailable, AppendNotAcknowledged.
    """
    contents = _contents(wanted, parts.limits)
    tag = _body_tag(parts, wanted)
    if idempotency_key is not None:
        repeated = await _repeat(parts, principal, idempotency_key, tag)
        if repeated is not None:
            return repeated
    model = await find_model(parts, wanted.model)
    await _check_queue(parts)
    identifier = await identifier_for(parts, principal.tenant, wanted.subject)
    entry = await entry_for(parts, principal, identifier)
    month = month_of(datetime.now(UTC))
    places = await parts.allocator.reserve(principal.tenant, entry.subject, entry.lifecycle, month, wanted.count)
    batch = new_uuid7()
    events = [
        await _event(parts, principal, model, batch, place, content) for place, content in zip(places, contents, strict=True)
    ]
    if idempotency_key is not None and not await _remember(parts, principal, idempotency_key, tag, events):
        repeated = await _repeat(parts, principal, idempotency_key, tag)
        if repeated is not None:
            return repeated
    return await _append(parts, events)


async def find_model(parts: ApiParts, wanted: str | None) -> ModelRow:
    """The model of an alias or digest; the first registered one if none is named.

    Raises:
        ModelNotFound: there is none.
    """
    async with parts.pool.connection() as connection:
        models = await registry.models(connection)
    for model in models:
        if wanted in {None, model.alias, model.model_digest.hex()}:
            return model
    raise ModelNotFound("no registered model has that name; GET /v1/models lists them")


def _contents(wanted: Wanted, limits: ApiLimits) -> list[PromptContent]:
    width, height = parse_size(wanted.size or DEFAULT_SIZE, limits)
    steps = DEFAULT_STEPS if wanted.steps is None else wanted.steps
    if not 1 <= steps <= limits.most_steps:
        raise Invalid(f"steps has to be from 1 to {limits.most_steps}", "steps")
    if not 1 <= wanted.count <= 10:
        raise Invalid("n has to be from 1 to 10", "n")
    seed = secrets.randbelow(_MOST_SEED - 10) if wanted.seed is None else wanted.seed
    if not 0 <= seed <= _MOST_SEED - wanted.count + 1:
        raise Invalid("seed has to be from 0 to 2^63 - 1", "seed")
    for name, text in (("prompt", wanted.prompt), ("negative_prompt", wanted.negative_prompt)):
        _check_text(name, text, limits.most_prompt_characters)
    if not wanted.prompt.strip():
        raise Invalid("prompt is empty", "prompt")
    return [
        PromptContent(wanted.prompt, width, height, steps, seed + number, wanted.negative_prompt)
        for number in range(wanted.count)
    ]


def _check_text(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Invalid(f"{name} has {len(text)} characters; {most} are allowed", name)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{name} holds half a character (a lone surrogate)", name) from None


def parse_size(size: str, limits: ApiLimits) -> tuple[int, int]:
    """Width and height of `WxH` in pixels; raises Invalid."""
    width, _, height = size.partition("x")
    sentence = f"size has to be WxH, each a multiple of 8 from {limits.least_side_px} to {limits.most_side_px}"
    if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()) or len(size) > 9:
        raise Invalid(sentence, "size")
    sides = int(width), int(height)
    if any(side % 8 or not limits.least_side_px <= side <= limits.most_side_px for side in sides):
        raise Invalid(sentence, "size")
    return sides


def _bucket(content: PromptContent) -> str:
    sides = (-(-side // _BUCKET_PX) * _BUCKET_PX for side in (content.width_px, content.height_px))
    return "x".join(str(side) for side in sides)


async def _check_queue(parts: ApiParts) -> None:
    async with parts.pool.connection() as connection:
        cursor = await connection.execute(_QUEUED)
        row = await cursor.fetchone()
    if row is not None and row[0] >= parts.limits.queue_limit:
        raise QueueFull("too many pictures are waiting already; try again in a few seconds")


async def _event(
    parts: ApiParts, principal: Principal, model: ModelRow, batch: UUID, place: Coordinates, content: PromptContent
) -> Event:
    generation = GenerationId(new_uuid7())
    async with open_leaf(parts.vault, place, Purpose.PROMPT, parts.key_life_s) as leaf:
        sealed = seal(leaf, Expectation(place, Purpose.PROMPT, generation, Kind.PROMPT), encode_content(content))
    body = PromptSubmitted(
        generation=generation, batch=batch, kind="image", model_digest=model.model_digest, adapter=model.adapter,
        shape_bucket=_bucket(content), month=place.month, tree=place.tree, leaf=place.leaf, sealed=sealed, depicts=(),
    )  # fmt: skip
    envelope = new_envelope(
        source="api", tenant=principal.tenant, subject=place.subject, lifecycle=place.lifecycle,
        actor=principal.credential, purpose="generation",
    )  # fmt: skip
    return Event(envelope, body)


def _body_tag(parts: ApiParts, wanted: Wanted) -> bytes:
    """A keyed tag of the request, so that a repeat is recognised without keeping what it said."""
    fields: dict[str, Any] = {name: getattr(wanted, name) for name in Wanted.__slots__}
    text = json.dumps(fields, sort_keys=True)
    return hmac.digest(parts.pepper, b"intaglio/v1/request\x00" + text.encode(), hashlib.sha256)


async def _repeat(parts: ApiParts, principal: Principal, key: str, tag: bytes) -> Submitted | None:
    async with parts.pool.connection() as connection:
        cursor = await connection.execute(_FIND, (principal.tenant, key))
        row = await cursor.fetchone()
    if row is None:
        return None
    if not hmac.compare_digest(row[0], tag):
        raise Conflict("this Idempotency-Key was used with another body")
    events = [decode_value(value) for value in row[1]]
    envelope = events[0].envelope
    if envelope.subject is not None:
        async with parts.pool.connection() as connection:
            if await fences.is_fenced(connection, envelope.tenant, envelope.subject, envelope.lifecycle or 0):
                raise SubjectErased("this person was erased; an officer can register them anew")
    # The first request may have died between its row and the log; appending the same events again has no second effect.
    return await _append(parts, events)


async def _remember(parts: ApiParts, principal: Principal, key: str, tag: bytes, events: list[Event]) -> bool:
    envelope = events[0].envelope
    values = [encode(event).value for event in events]
    ids = [event.body.generation for event in events if isinstance(event.body, PromptSubmitted)]
    async with parts.pool.connection() as connection:
        cursor = await connection.execute(
            _INSERT, (principal.tenant, key, tag, envelope.subject, envelope.lifecycle, values, ids)
        )
    return cursor.rowcount == 1


async def _append(parts: ApiParts, events: list[Event]) -> Submitted:
    appended = [await parts.appender.append(event) for event in events]
    ids = tuple(event.body.generation for event in events if isinstance(event.body, PromptSubmitted))
    return Submitted(ids, tuple(appended))
