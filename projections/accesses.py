"""Who read what.

One row per access and per reading of the log, as they were recorded before anything was shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.identifiers import CredentialHandle, GenerationId, PersonHandle, SubjectHandle, TenantHandle
from events.positions.fold import FoldedRecord
from events.records import ContentAccessed, LogReplayed
from projections.tables import Group, RowChange, Rule, Table, columns, span

ACCESSES_TABLE = Table(
    "accesses",
    key=columns(event="uuid"),
    groups=(
        Group(
            "access",
            Rule.FIRST,
            columns(
                tenant="bytea",
                subject="bytea",
                lifecycle="int4",
                generation="uuid",
                content="text",
                credential="bytea",
                person="bytea",
                role="text",
                ground="text",
                minute="timestamptz",
                recorded_at="timestamptz",
            ),
        ),
    ),
)
LOG_READS_TABLE = Table(
    "log_reads",
    key=columns(event="uuid"),
    groups=(
        Group(
            "reading",
            Rule.FIRST,
            columns(
                tenant="bytea",
                session="uuid",
                credential="bytea",
                person="bytea",
                role="text",
                raw="bool",
                recorded_at="timestamptz",
            ),
        ),
    ),
)
TABLES = (ACCESSES_TABLE, LOG_READS_TABLE)

_ACCESS = span(ACCESSES_TABLE, "access")
_READING = span(LOG_READS_TABLE, "reading")


def apply(folded: FoldedRecord) -> Iterable[RowChange]:
    """What one record of the topic changes; nothing for one that cannot be decoded."""
    if folded.event is None:
        return ()
    envelope, body = folded.event.envelope, folded.event.body
    if isinstance(body, ContentAccessed):
        values: tuple[Any, ...] = (
            envelope.tenant,
            envelope.subject,
            envelope.lifecycle,
            body.generation,
            body.content,
            body.credential,
            body.person,
            body.role,
            body.ground,
            body.minute,
            folded.record.timestamp,
        )
        return (RowChange(_ACCESS, (envelope.id,), values),)
    if isinstance(body, LogReplayed):
        values = (
            envelope.tenant,
            body.session,
            body.credential,
            body.person,
            body.role,
            body.raw,
            folded.record.timestamp,
        )
        return (RowChange(_READING, (envelope.id,), values),)
    return ()


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One credential read one object of one generation within one minute.

    `content` is `prompt` or `media`.
    """

    event: UUID
    tenant: TenantHandle
    subject: SubjectHandle | None
    lifecycle: int | None
    generation: GenerationId
    content: str
    credential: CredentialHandle
    person: PersonHandle
    role: str
    ground: str | None
    minute: datetime
    recorded_at: datetime


async def page(connection: AsyncConnection[Any], tenant: TenantHandle, limit: int, after: UUID | None = None) -> list[AccessRow]:
    """At most `limit` accesses within the tenant, newest event first, those before `after`."""
    async with connection.cursor(row_factory=class_row(AccessRow)) as cursor:
        await cursor.execute(
            "select * from read.accesses where tenant = %(tenant)s"
            " and (%(after)s::uuid is null or event < %(after)s) order by event desc limit %(limit)s",
            {"tenant": tenant, "after": after, "limit": limit},
        )
        return await cursor.fetchall()
