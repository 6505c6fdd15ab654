"""Reads of the credentials, which the registry topic feeds (`projections.registry`).

A credential is found by its handle alone, before anyone knows whose it is; everything else is asked for
within a tenant.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.identifiers import CredentialHandle, PersonHandle, TenantHandle


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A credential as issued, and when it was revoked; whether it is valid now is for the caller to say."""

    credential: CredentialHandle
    issued_at: datetime
    tenant: TenantHandle
    person: PersonHandle
    role: str
    key_hash: bytes
    expires_at: datetime | None
    issued_by: PersonHandle
    issued_offset: int
    revoked_at: datetime | None
    revoked_by: PersonHandle | None


async def find(connection: AsyncConnection[Any], credential: CredentialHandle) -> CredentialRow | None:
    """The credential of that handle, of whichever tenant."""
    async with connection.cursor(row_factory=class_row(CredentialRow)) as cursor:
        await cursor.execute("select * from read.credentials where credential = %s and issued_at is not null", (credential,))
        return await cursor.fetchone()


async def page(
    connection: AsyncConnection[Any], tenant: TenantHandle, limit: int, after: CredentialHandle | None = None
) -> list[CredentialRow]:
    """At most `limit` credentials of the tenant in the order of their handles, those behind `after`."""
    async with connection.cursor(row_factory=class_row(CredentialRow)) as cursor:
        await cursor.execute(
            "select * from read.credentials where tenant = %(tenant)s and issued_at is not null"
            " and (%(after)s::bytea is null or credential > %(after)s) order by credential limit %(limit)s",
            {"tenant": tenant, "after": after, "limit": limit},
        )
        return await cursor.fetchall()
