"""Reads of the fences: what counts as erased although its keys may still be there.

A fence is written by the erasures topic (`projections.erasures`). Only a fence may say erased; a missing key
may not.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.identifiers import ErasureId, SubjectHandle, TenantHandle


@dataclass(frozen=True, slots=True)
class FenceRow:
    """The fence of one lifecycle of one subject; `effective_at` is set once its keys are gone everywhere."""

    erasure: ErasureId
    fenced_at: datetime
    effective_at: datetime | None


async def find(connection: AsyncConnection[Any], tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> FenceRow | None:
    """The fence of that lifecycle, if there is one."""
    async with connection.cursor(row_factory=class_row(FenceRow)) as cursor:
        await cursor.execute(
            "select erasure, fenced_at, effective_at from read.fences"
            " where tenant = %s and subject = %s and lifecycle = %s and fenced_at is not null",
            (tenant, subject, lifecycle),
        )
        return await cursor.fetchone()


async def is_fenced(connection: AsyncConnection[Any], tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> bool:
    """Whether the log, as far as it was folded, fences that lifecycle."""
    return await find(connection, tenant, subject, lifecycle) is not None
