"""Generations as the log tells them: of an id the first prompt counts, and the first outcome.

    queued ──started──▶ running ──▶ completed | failed | cancelled     (outcome; the first one)
       └──────────────any of the three, at once──────┘
    any ──fence on its subject and lifecycle──▶ erased     (a view; fences are another topic)

Device-milliseconds of every outcome are kept in `read.outcomes`, so that the operator's cost is whole; the
view `read.usage` charges the tenant for the counted one alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.codec import Event
from events.identifiers import CredentialHandle, GenerationId, SubjectHandle, TenantHandle
from events.positions.fold import FoldedRecord
from events.read import Record
from events.records import (
    CancellationRequested,
    GenerationCancelled,
    GenerationCompleted,
    GenerationFailed,
    GenerationStarted,
    PromptSubmitted,
)
from projections.tables import Group, RowChange, Rule, Table, columns, span

GENERATIONS_TABLE = Table(
    "generations",
    key=columns(generation="uuid"),
    groups=(
        Group(
            "prompt",
            Rule.FIRST,
            columns(
                submitted_event="uuid",
                tenant="bytea",
                subject="bytea",
                lifecycle="int4",
                batch="uuid",
                month="int4",
                tree="int4",
                leaf="int4",
                kind="text",
                model_digest="bytea",
                adapter="text",
                shape_bucket="text",
                submitted_at="timestamptz",
                submitted_by="bytea",
                correlation="uuid",
                prompt_sealed="bytea",
                depicts="bytea[]",
                submitted_topic="text",
                submitted_partition="int4",
                submitted_offset="int8",
            ),
        ),
        Group("start", Rule.FIRST, columns(started_at="timestamptz", started_epoch="int4")),
        Group(
            "cancellation",
            Rule.FIRST,
            columns(cancel_requested_at="timestamptz", cancel_requested_by="bytea"),
        ),
        Group(
            "outcome",
            Rule.FIRST,
            columns(
                outcome_event="uuid",
                outcome="text",
                outcome_at="timestamptz",
                epoch="int4",
                device_ms="int8",
                reason="text",
                steps_done="int4",
                media_type="text",
                sealed_size_bytes="int8",
                ciphertext_sha256="bytea",
                outcome_sealed="bytea",
                marks="text[]",
                outcome_model_digest="bytea",
                outcome_adapter="text",
                outcome_shape_bucket="text",
                environment="text",
                replay_class="text",
                trace_widths="int4[]",
                trace_steps="int4[]",
                outcome_partition="int4",
                outcome_offset="int8",
            ),
        ),
    ),
)
OUTCOMES_TABLE = Table(
    "outcomes",
    key=columns(event="uuid"),
    groups=(
        Group(
            "outcome",
            Rule.FIRST,
            columns(
                generation="uuid",
                tenant="bytea",
                outcome="text",
                epoch="int4",
                device_ms="int8",
                at="timestamptz",
            ),
        ),
    ),
)
TABLES = (GENERATIONS_TABLE, OUTCOMES_TABLE)

_PROMPT = span(GENERATIONS_TABLE, "prompt")
_START = span(GENERATIONS_TABLE, "start")
_CANCELLATION = span(GENERATIONS_TABLE, "cancellation")
_OUTCOME = span(GENERATIONS_TABLE, "outcome")
_EVERY_OUTCOME = span(OUTCOMES_TABLE, "outcome")


def apply(folded: FoldedRecord) -> Iterable[RowChange]:
    """What one record of the topic changes; nothing for one that cannot be decoded."""
    event = folded.event
    if event is None:
        return ()
    body = event.body
    if isinstance(body, PromptSubmitted):
        return (_prompt(folded.record, event, body),)
    if isinstance(body, GenerationStarted):
        return (RowChange(_START, (body.generation,), (folded.record.timestamp, body.epoch)),)
    if isinstance(body, GenerationCompleted | GenerationFailed | GenerationCancelled):
        return _outcome(folded.record, event, body)
    if isinstance(body, CancellationRequested):
        values = (folded.record.timestamp, event.envelope.actor)
        return (RowChange(_CANCELLATION, (body.generation,), values),)
    return ()


def _prompt(record: Record, event: Event, body: PromptSubmitted) -> RowChange:
    envelope = event.envelope
    values = (
        envelope.id,
        envelope.tenant,
        envelope.subject,
        envelope.lifecycle,
        body.batch,
        body.month,
        body.tree,
        body.leaf,
        body.kind,
        body.model_digest,
        body.adapter,
        body.shape_bucket,
        record.timestamp,
        envelope.actor,
        envelope.correlation,
        body.sealed,
        list(body.depicts),
        record.topic.name,
        record.partition,
        record.offset,
    )
    return RowChange(_PROMPT, (body.generation,), values)


def _outcome(
    record: Record, event: Event, body: GenerationCompleted | GenerationFailed | GenerationCancelled
) -> tuple[RowChange, RowChange]:
    name, reason, steps_done = "completed", None, None
    picture: tuple[Any, ...] = (None,) * 12
    if isinstance(body, GenerationCompleted):
        picture = (
            body.media_type,
            body.sealed_size_bytes,
            body.ciphertext_sha256,
            body.sealed,
            list(body.marks),
            body.model_digest,
            body.adapter,
            body.shape_bucket,
            body.environment,
            body.replay_class,
            [run.width for run in body.width_trace],
            [run.steps for run in body.width_trace],
        )
    elif isinstance(body, GenerationFailed):
        name, reason = "failed", body.reason
    else:
        name, reason, steps_done = "cancelled", body.reason, body.steps_done
    counted = (event.envelope.id, name, record.timestamp, body.epoch, body.device_ms, reason, steps_done)
    every = (body.generation, event.envelope.tenant, name, body.epoch, body.device_ms, record.timestamp)
    return (
        RowChange(_OUTCOME, (body.generation,), (*counted, *picture, record.partition, record.offset)),
        RowChange(_EVERY_OUTCOME, (event.envelope.id,), every),
    )


@dataclass(frozen=True, slots=True)
class GenerationView:
    """One generation; `status` is `queued`, `running`, `completed`, `failed`, `cancelled` or `erased`.

    What an outcome fills is `None` before it, and `media_type` to `trace_steps` stay so unless it is
    `completed`. An erased generation keeps its columns: what is sealed in them can be opened by nobody.
    """

    generation: GenerationId
    submitted_event: UUID
    tenant: TenantHandle
    subject: SubjectHandle | None
    lifecycle: int | None
    batch: UUID
    month: int
    tree: int
    leaf: int
    kind: str
    model_digest: bytes
    adapter: str
    shape_bucket: str
    submitted_at: datetime
    submitted_by: CredentialHandle | None
    correlation: UUID
    prompt_sealed: bytes
    depicts: list[bytes]
    submitted_topic: str
    submitted_partition: int
    submitted_offset: int
    started_at: datetime | None
    started_epoch: int | None
    cancel_requested_at: datetime | None
    cancel_requested_by: CredentialHandle | None
    outcome_event: UUID | None
    outcome: str | None
    outcome_at: datetime | None
    epoch: int | None
    device_ms: int | None
    reason: str | None
    steps_done: int | None
    media_type: str | None
    sealed_size_bytes: int | None
    ciphertext_sha256: bytes | None
    outcome_sealed: bytes | None
    marks: list[str] | None
    outcome_model_digest: bytes | None
    outcome_adapter: str | None
    outcome_shape_bucket: str | None
    environment: str | None
    replay_class: str | None
    trace_widths: list[int] | None
    trace_steps: list[int] | None
    outcome_partition: int | None
    outcome_offset: int | None
    status: str


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Device time of one tenant on one UTC day: charged for counted outcomes, and spent on all of them."""

    day: date
    tenant_device_ms: int
    operator_device_ms: int


async def find(connection: AsyncConnection[Any], tenant: TenantHandle, generation: GenerationId) -> GenerationView | None:
    """The generation, if it is this tenant's."""
    async with connection.cursor(row_factory=class_row(GenerationView)) as cursor:
        await cursor.execute("select * from read.generation_status where generation = %s and tenant = %s", (generation, tenant))
        return await cursor.fetchone()


async def page(
    connection: AsyncConnection[Any], tenant: TenantHandle, limit: int, after: GenerationId | None = None
) -> list[GenerationView]:
    """At most `limit` generations of the tenant, newest id first, those before `after`."""
    async with connection.cursor(row_factory=class_row(GenerationView)) as cursor:
        await cursor.execute(
            "select * from read.generation_status where tenant = %(tenant)s and submitted_event is not null"
            " and (%(after)s::uuid is null or generation < %(after)s)"
            " order by generation desc limit %(limit)s",
            {"tenant": tenant, "after": after, "limit": limit},
        )
        return await cursor.fetchall()


async def usage(connection: AsyncConnection[Any], tenant: TenantHandle) -> list[UsageRow]:
    """Device time of the tenant by day, oldest first."""
    async with connection.cursor(row_factory=class_row(UsageRow)) as cursor:
        await cursor.execute(
            "select day, tenant_device_ms, operator_device_ms from read.usage where tenant = %s order by day",
            (tenant,),
        )
        return await cursor.fetchall()
