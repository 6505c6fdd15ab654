"""Erasures and fences as the log tells them; what each step means is decided elsewhere, in `keys.erasure`.

    requested ──▶ approved ──▶ fenced ──▶ effective
        │            └──▶ stopped
        └──▶ refused

The state of a row is the furthest of these that an event reported (view `read.erasure_status`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.codec import Event
from events.identifiers import CredentialHandle, ErasureId, PersonHandle, SubjectHandle, TenantHandle
from events.positions.fold import FoldedRecord
from events.read import Record
from events.records import (
    ErasureApproved,
    ErasureEffective,
    ErasureFenced,
    ErasureRefused,
    ErasureRequested,
    ErasureStopped,
)
from projections.tables import Group, RowChange, Rule, Table, columns, span


def _decision_group(name: str) -> Group:
    return Group(
        name,
        Rule.FIRST,
        columns(
            **{
                f"{name}_at": "timestamptz",
                f"{name}_by": "bytea",
                f"{name}_credential": "bytea",
                f"{name}_plan_digest": "bytea",
            }
        ),
    )


ERASURES_TABLE = Table(
    "erasures",
    key=columns(erasure="uuid"),
    groups=(
        Group(
            "request",
            Rule.FIRST,
            columns(
                requested_at="timestamptz",
                tenant="bytea",
                scope_kind="text",
                scope_subject="bytea",
                scope_lifecycle="int4",
                ground="text",
                plan_digest="bytea",
                salt_commitment="bytea",
                note="bytea",
                requested_by="bytea",
                requested_credential="bytea",
                requested_role="text",
                requested_offset="int8",
            ),
        ),
        _decision_group("approved"),
        _decision_group("refused"),
        Group("fence", Rule.FIRST, columns(fenced_at="timestamptz", fenced_offset="int8", exceptions="uuid[]")),
        Group(
            "effect",
            Rule.FIRST,
            columns(
                effective_at="timestamptz",
                effective_offset="int8",
                read_backs="int4",
                objects_swept="int8",
                certificate="bytea",
            ),
        ),
        Group("stop", Rule.FIRST, columns(stopped_at="timestamptz", stopped_reason="text")),
    ),
)
FENCES_TABLE = Table(
    "fences",
    key=columns(tenant="bytea", subject="bytea", lifecycle="int4"),
    groups=(
        Group("fence", Rule.FIRST, columns(erasure="uuid", fenced_at="timestamptz", exceptions="uuid[]")),
        Group("effect", Rule.FIRST, columns(effective_at="timestamptz")),
    ),
)
TABLES = (ERASURES_TABLE, FENCES_TABLE)

_REQUEST = span(ERASURES_TABLE, "request")
_APPROVAL = span(ERASURES_TABLE, "approved")
_REFUSAL = span(ERASURES_TABLE, "refused")
_FENCED = span(ERASURES_TABLE, "fence")
_EFFECT = span(ERASURES_TABLE, "effect")
_STOP = span(ERASURES_TABLE, "stop")
_FENCE = span(FENCES_TABLE, "fence")
_FENCE_EFFECT = span(FENCES_TABLE, "effect")


def apply(folded: FoldedRecord) -> Iterable[RowChange]:
    """What one record of the topic changes."""
    event = folded.event
    if event is None:
        return ()
    body = event.body
    if isinstance(body, ErasureRequested):
        return (_request(folded.record, event, body),)
    if isinstance(body, ErasureApproved | ErasureRefused | ErasureStopped):
        return (_decision(folded.record, body),)
    if isinstance(body, ErasureFenced | ErasureEffective):
        return _execution(folded.record, event.envelope.tenant, body)
    return ()


def _decision(record: Record, body: ErasureApproved | ErasureRefused | ErasureStopped) -> RowChange:
    if isinstance(body, ErasureStopped):
        return RowChange(_STOP, (body.erasure,), (record.timestamp, body.reason))
    by = (record.timestamp, body.attestation.person, body.attestation.credential, body.plan_digest)
    return RowChange(_APPROVAL if isinstance(body, ErasureApproved) else _REFUSAL, (body.erasure,), by)


def _execution(record: Record, tenant: TenantHandle, body: ErasureFenced | ErasureEffective) -> tuple[RowChange, RowChange]:
    at, scope = record.timestamp, (tenant, body.scope_subject, body.scope_lifecycle)
    if isinstance(body, ErasureFenced):
        exceptions = list(body.exceptions)
        return (
            RowChange(_FENCED, (body.erasure,), (at, record.offset, exceptions)),
            RowChange(_FENCE, scope, (body.erasure, at, exceptions)),
        )
    effect = (at, record.offset, body.read_backs, body.objects_swept, body.certificate)
    return RowChange(_EFFECT, (body.erasure,), effect), RowChange(_FENCE_EFFECT, scope, (at,))


def _request(record: Record, event: Event, body: ErasureRequested) -> RowChange:
    values = (
        record.timestamp,
        event.envelope.tenant,
        body.scope_kind,
        body.scope_subject,
        body.scope_lifecycle,
        body.ground,
        body.plan_digest,
        body.salt_commitment,
        body.note,
        body.attestation.person,
        body.attestation.credential,
        body.attestation.role,
        record.offset,
    )
    return RowChange(_REQUEST, (body.erasure,), values)


@dataclass(frozen=True, slots=True)
class ErasureView:
    """One erasure; `state` is `requested`, `approved`, `refused`, `stopped`, `fenced` or `effective`.

    A column of a step that was not reported is `None`.
    """

    erasure: ErasureId
    requested_at: datetime
    tenant: TenantHandle
    scope_kind: str
    scope_subject: SubjectHandle
    scope_lifecycle: int
    ground: str
    plan_digest: bytes
    salt_commitment: bytes
    note: bytes | None
    requested_by: PersonHandle
    requested_credential: CredentialHandle
    requested_role: str
    requested_offset: int
    approved_at: datetime | None
    approved_by: PersonHandle | None
    approved_credential: CredentialHandle | None
    approved_plan_digest: bytes | None
    refused_at: datetime | None
    refused_by: PersonHandle | None
    refused_credential: CredentialHandle | None
    refused_plan_digest: bytes | None
    fenced_at: datetime | None
    fenced_offset: int | None
    exceptions: list[UUID] | None
    effective_at: datetime | None
    effective_offset: int | None
    read_backs: int | None
    objects_swept: int | None
    certificate: bytes | None
    stopped_at: datetime | None
    stopped_reason: str | None
    state: str


async def find(connection: AsyncConnection[Any], tenant: TenantHandle, erasure: ErasureId) -> ErasureView | None:
    """The erasure, if it is this tenant's."""
    async with connection.cursor(row_factory=class_row(ErasureView)) as cursor:
        await cursor.execute("select * from read.erasure_status where erasure = %s and tenant = %s", (erasure, tenant))
        return await cursor.fetchone()


async def page(
    connection: AsyncConnection[Any], tenant: TenantHandle, limit: int, after: ErasureId | None = None
) -> list[ErasureView]:
    """At most `limit` erasures of the tenant, newest id first, those before `after`."""
    async with connection.cursor(row_factory=class_row(ErasureView)) as cursor:
        await cursor.execute(
            "select * from read.erasure_status where tenant = %(tenant)s and requested_at is not null"
            " and (%(after)s::uuid is null or erasure < %(after)s) order by erasure desc limit %(limit)s",
            {"tenant": tenant, "after": after, "limit": limit},
        )
        return await cursor.fetchall()
