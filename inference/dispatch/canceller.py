"""The one who reports a cancellation: for jobs that are to end and that no worker holds any more.

A worker that stops a running job only leaves its receipt in the row; a job that nobody leased, or whose worker died, has none.
Rows are
leased for a moment, so that two dispatchers do not report the same one; if they do, the first event in the log counts.
"""

import asyncio
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from events.append import Appender
from events.codec import Event
from events.envelope import new_envelope
from events.records import GenerationCancelled

INTERVAL_S = 0.2
_BATCH = 100
_TAKE = """
update work.jobs j set cancel_leased_until = now() + interval '30 seconds'
where j.generation in (
    select c.generation from work.jobs c
    left join work.fences f using (tenant, subject, lifecycle)
    where c.state in ('queued', 'running', 'stopped') and (c.cancel_requested or f.erasure is not null)
      and (c.state <> 'running' or c.leased_until < now())
      and (c.cancel_leased_until is null or c.cancel_leased_until < now())
    order by c.submitted_at limit %s for update of c skip locked)
returning j.*, exists (select 1 from work.fences f where f.tenant = j.tenant and f.subject = j.subject
    and f.lifecycle = j.lifecycle) as is_fenced
"""


async def cancel_for_ever(pool: AsyncConnectionPool[AsyncConnection[Any]], appender: Appender) -> None:
    """Reports cancellations until cancelled itself; an error leaves and ends the process, which is started again."""
    while True:
        if not await cancel_once(pool, appender):
            await asyncio.sleep(INTERVAL_S)


async def cancel_once(pool: AsyncConnectionPool[AsyncConnection[Any]], appender: Appender) -> int:
    """Reports one batch; how many it were. Acknowledged on return.

    Raises:
        AppendNotAcknowledged: the log did not confirm; the rows are taken again in half a minute.
    """
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_TAKE, (_BATCH,))
        rows = await cursor.fetchall()
    await asyncio.gather(*(appender.append(_cancelled(row)) for row in rows))
    return len(rows)


def _cancelled(row: dict[str, Any]) -> Event:
    envelope = new_envelope(
        source="dispatch",
        tenant=row["tenant"],
        subject=row["subject"],
        lifecycle=row["lifecycle"],
        correlation=row["correlation"],
        causation=row["submitted_event"],
        purpose="generation",
    )
    reason = "erased" if row["is_fenced"] else "requested"
    body = GenerationCancelled(row["generation"], row["epoch"], reason, row["steps_done"], row["device_ms"])
    return Event(envelope, body)
