"""Leases on jobs: who holds one, until when, under which epoch. A dead holder's job is taken by the next.

The table of states a job can be in:

    queued ──lease──▶ running ──end in the log──▶ done
      ▲                 │  └──stop──▶ stopped ──cancellation in the log──▶ done
      └──give back, or the lease ran out (attempt counted)
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from events.identifiers import GenerationId, Month, SubjectHandle, TenantHandle
from keys.coordinates import Coordinates

LEASE_S = 10
MOST_ATTEMPTS = 3

_LEASE = """
update work.jobs j set state = 'running', epoch = j.epoch + 1, attempts = j.attempts + 1, owner = %(owner)s,
    leased_until = now() + make_interval(secs => %(lease_s)s), steps_done = 0
where j.generation = (
    select c.generation from work.jobs c
    where (c.state = 'queued' or (c.state = 'running' and c.leased_until < now()))
      and not c.cancel_requested and (c.not_before is null or c.not_before < now())
      and not exists (select 1 from work.fences f where f.tenant = c.tenant and f.subject = c.subject
        and f.lifecycle = c.lifecycle)
    order by c.submitted_at, c.generation limit 1 for update of c skip locked)
returning j.*
"""
_HEARTBEAT = """
update work.jobs j set leased_until = now() + make_interval(secs => %(lease_s)s),
    steps_done = %(done)s, steps_total = %(total)s
where j.generation = %(generation)s and j.epoch = %(epoch)s and j.state = 'running'
returning j.cancel_requested or exists (select 1 from work.fences f where f.tenant = j.tenant
    and f.subject = j.subject and f.lifecycle = j.lifecycle)
"""
_STOPPED = """
update work.jobs set state = 'stopped', steps_done = %s, device_ms = %s, leased_until = null
where generation = %s and epoch = %s and state = 'running'
"""
_GIVE_BACK = """
update work.jobs set state = 'queued', owner = null, leased_until = null, not_before = now() + interval '1 second',
    attempts = attempts - %s
where generation = %s and epoch = %s and state = 'running'
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """One job held under one epoch."""

    generation: GenerationId
    epoch: int
    attempts: int
    place: Coordinates
    model_digest: bytes
    adapter: str
    shape_bucket: str
    sealed: bytes
    submitted_at: datetime
    submitted_event: UUID
    correlation: UUID


async def take(connection: AsyncConnection[Any], owner: str, lease_s: float = LEASE_S) -> Lease | None:
    """The oldest job that may be done, now held by `owner`; None if there is none. Durable when the caller commits."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_LEASE, {"owner": owner, "lease_s": lease_s})
        row = await cursor.fetchone()
    if row is None:
        return None
    place = Coordinates(
        TenantHandle(row["tenant"]),
        SubjectHandle(row["subject"]),
        row["lifecycle"],
        Month(row["month"]),
        row["tree"],
        row["leaf"],
    )
    return Lease(
        row["generation"], row["epoch"], row["attempts"], place, row["model_digest"], row["adapter"], row["shape_bucket"],
        row["sealed"], row["submitted_at"], row["submitted_event"], row["correlation"],
    )  # fmt: skip


async def extend(connection: AsyncConnection[Any], lease: Lease, done: int, total: int, lease_s: float = LEASE_S) -> bool:
    """Holds on to a job; False if it must stop: the lease is lost, a cancellation was asked for, or its subject is fenced."""
    values = {"lease_s": lease_s, "done": done, "total": total, "generation": lease.generation, "epoch": lease.epoch}
    cursor = await connection.execute(_HEARTBEAT, values)
    row = await cursor.fetchone()
    return row is not None and not row[0]


async def stopped(connection: AsyncConnection[Any], lease: Lease, steps_done: int, device_ms: int) -> None:
    """Leaves the receipt of a stopped job for whoever reports it."""
    await connection.execute(_STOPPED, (steps_done, device_ms, lease.generation, lease.epoch))


async def give_back(connection: AsyncConnection[Any], lease: Lease, *, count_attempt: bool) -> None:
    """Puts a job back into the queue; an attempt that was nobody's fault is not counted."""
    await connection.execute(_GIVE_BACK, (0 if count_attempt else 1, lease.generation, lease.epoch))
