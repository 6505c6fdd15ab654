"""Who and what the platform knows: tenants, subjects and models, as the registry topic tells them.

Signatures are not checked here, since this layer has no keys: whoever acts on a row reads its event again at
`..._offset` of the registry and checks it there. Credentials share the tables' topic; their reads are in
`projections.credentials`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.identifiers import PersonHandle, SubjectHandle, TenantHandle
from events.positions.fold import FoldedRecord
from events.read import Record
from events.records import (
    CredentialIssued,
    CredentialRevoked,
    ModelRegistered,
    SubjectRegistered,
    TenantCreated,
)
from projections.tables import Group, RowChange, Rule, Table, columns, span

TENANTS_TABLE = Table(
    "tenants",
    key=columns(tenant="bytea"),
    groups=(
        Group(
            "creation",
            Rule.FIRST,
            columns(name="text", subject_required="bool", created_at="timestamptz", created_offset="int8"),
        ),
    ),
)
SUBJECTS_TABLE = Table(
    "subjects",
    key=columns(tenant="bytea", subject="bytea", lifecycle="int4"),
    groups=(
        Group(
            "registration",
            Rule.FIRST,
            columns(
                registered_at="timestamptz",
                registered_by="bytea",
                month="int4",
                tree="int4",
                leaf="int4",
                sealed="bytea",
                anew="bool",
                synthetic="bool",
                registered_offset="int8",
            ),
        ),
    ),
)
CREDENTIALS_TABLE = Table(
    "credentials",
    key=columns(credential="bytea"),
    groups=(
        Group(
            "issue",
            Rule.FIRST,
            columns(
                issued_at="timestamptz",
                tenant="bytea",
                person="bytea",
                role="text",
                key_hash="bytea",
                expires_at="timestamptz",
                issued_by="bytea",
                issued_offset="int8",
            ),
        ),
        Group("revocation", Rule.FIRST, columns(revoked_at="timestamptz", revoked_by="bytea")),
    ),
)
MODELS_TABLE = Table(
    "models",
    key=columns(model_digest="bytea"),
    groups=(
        Group(
            "registration",
            Rule.FIRST,
            columns(
                adapter="text",
                size_bytes="int8",
                registered_at="timestamptz",
                registered_by="bytea",
                registered_offset="int8",
            ),
        ),
    ),
)
ALIASES_TABLE = Table(
    "aliases",
    key=columns(alias="text"),
    groups=(Group("target", Rule.LAST, columns(model_digest="bytea", named_at="timestamptz", named_offset="int8")),),
)
TABLES = (TENANTS_TABLE, SUBJECTS_TABLE, CREDENTIALS_TABLE, MODELS_TABLE, ALIASES_TABLE)

_TENANT = span(TENANTS_TABLE, "creation")
_SUBJECT = span(SUBJECTS_TABLE, "registration")
_ISSUE = span(CREDENTIALS_TABLE, "issue")
_REVOCATION = span(CREDENTIALS_TABLE, "revocation")
_MODEL = span(MODELS_TABLE, "registration")
_ALIAS = span(ALIASES_TABLE, "target")


def apply(folded: FoldedRecord) -> Iterable[RowChange]:
    """What one record of the topic changes."""
    if folded.event is None:
        return ()
    envelope, body = folded.event.envelope, folded.event.body
    at, offset = folded.record.timestamp, folded.record.offset
    if isinstance(body, TenantCreated):
        return (RowChange(_TENANT, (envelope.tenant,), (body.name, body.subject_required, at, offset)),)
    if isinstance(body, SubjectRegistered):
        by = body.attestation.person
        where = (body.month, body.tree, body.leaf, body.sealed)
        key = (envelope.tenant, envelope.subject, envelope.lifecycle)
        return (RowChange(_SUBJECT, key, (at, by, *where, body.anew, body.synthetic, offset)),)
    if isinstance(body, CredentialIssued | CredentialRevoked):
        return (_credential(folded.record, envelope.tenant, body),)
    if isinstance(body, ModelRegistered):
        model = (body.adapter, body.size_bytes, at, body.attestation.person, offset)
        return (
            RowChange(_MODEL, (body.model_digest,), model),
            RowChange(_ALIAS, (body.alias,), (body.model_digest, at, offset)),
        )
    return ()


def _credential(record: Record, tenant_handle: TenantHandle, body: CredentialIssued | CredentialRevoked) -> RowChange:
    if isinstance(body, CredentialRevoked):
        return RowChange(_REVOCATION, (body.credential,), (record.timestamp, body.attestation.person))
    who = (tenant_handle, body.person, body.role, body.key_hash, body.expires_at)
    issue = (record.timestamp, *who, body.attestation.person, record.offset)
    return RowChange(_ISSUE, (body.credential,), issue)


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant; `created_offset` is where its event lies in the registry."""

    tenant: TenantHandle
    name: str
    subject_required: bool
    created_at: datetime
    created_offset: int


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One lifecycle of a subject; `sealed` holds its identity under leaf `leaf` of the record tree named."""

    tenant: TenantHandle
    subject: SubjectHandle
    lifecycle: int
    registered_at: datetime
    registered_by: PersonHandle
    month: int
    tree: int
    leaf: int
    sealed: bytes
    anew: bool
    synthetic: bool
    registered_offset: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A registered model under one of its names."""

    alias: str
    model_digest: bytes
    adapter: str
    size_bytes: int
    registered_at: datetime


_MODEL_COLUMNS = (
    "select a.alias, m.model_digest, m.adapter, m.size_bytes, m.registered_at"
    " from read.aliases a join read.models m using (model_digest)"
)


async def tenant(connection: AsyncConnection[Any], handle: TenantHandle) -> TenantRow | None:
    """The tenant of that handle."""
    async with connection.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute("select * from read.tenants where tenant = %s", (handle,))
        return await cursor.fetchone()


async def tenant_by_name(connection: AsyncConnection[Any], name: str) -> TenantRow | None:
    """The first tenant that took the name."""
    async with connection.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute("select * from read.tenants where name = %s order by created_offset limit 1", (name,))
        return await cursor.fetchone()


async def tenants(connection: AsyncConnection[Any]) -> list[TenantRow]:
    """Every tenant, in the order of creation."""
    async with connection.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute("select * from read.tenants order by created_offset")
        return await cursor.fetchall()


async def subject(
    connection: AsyncConnection[Any], tenant_handle: TenantHandle, handle: SubjectHandle, lifecycle: int
) -> SubjectRow | None:
    """That lifecycle of the tenant's subject."""
    async with connection.cursor(row_factory=class_row(SubjectRow)) as cursor:
        await cursor.execute(
            "select * from read.subjects where tenant = %s and subject = %s and lifecycle = %s",
            (tenant_handle, handle, lifecycle),
        )
        return await cursor.fetchone()


async def models(connection: AsyncConnection[Any]) -> list[ModelRow]:
    """Every alias with its model, in the order of the alias."""
    async with connection.cursor(row_factory=class_row(ModelRow)) as cursor:
        await cursor.execute(_MODEL_COLUMNS + ' order by a.alias collate "C"')
        return await cursor.fetchall()


async def model_by_alias(connection: AsyncConnection[Any], alias: str) -> ModelRow | None:
    """The model that the alias names now."""
    async with connection.cursor(row_factory=class_row(ModelRow)) as cursor:
        await cursor.execute(_MODEL_COLUMNS + " where a.alias = %s", (alias,))
        return await cursor.fetchone()
