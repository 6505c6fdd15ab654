"""Remove what no event names: objects of other epochs, and all objects of jobs that ended without a picture.

Runs once when a job ends, and once more after the longest lease and upload could be over, because a worker that lost its lease
may still
be writing. A row stays due until its objects are gone.
"""

import asyncio
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from events.identifiers import Month, SubjectHandle, TenantHandle
from keys.coordinates import Coordinates
from keys.objects import SealedObjects, generation_prefix

INTERVAL_S = 1.0
AGAIN_AFTER_S = 120.0
_BATCH = 50
_DUE = """
select * from work.jobs where sweep_due <= now() order by sweep_due limit %s for update skip locked
"""


async def sweep_for_ever(pool: AsyncConnectionPool[AsyncConnection[Any]], objects: SealedObjects) -> None:
    """Sweeps until cancelled."""
    while True:
        if not await sweep_once(pool, objects):
            await asyncio.sleep(INTERVAL_S)


async def sweep_once(pool: AsyncConnectionPool[AsyncConnection[Any]], objects: SealedObjects) -> int:
    """Sweeps a batch of ended jobs; how many jobs it looked at."""
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_DUE, (_BATCH,))
        rows = await cursor.fetchall()
        for row in rows:
            await _sweep(objects, row)
            await _schedule(connection, row)
    return len(rows)


async def _sweep(objects: SealedObjects, row: dict[str, Any]) -> None:
    place = Coordinates(
        TenantHandle(row["tenant"]),
        SubjectHandle(row["subject"]),
        row["lifecycle"],
        Month(row["month"]),
        row["tree"],
        row["leaf"],
    )
    prefix = generation_prefix(place, row["generation"])
    kept = f"{prefix}/{row['outcome_epoch']}/" if row["outcome"] == "completed" else None
    for path in await objects.list(prefix):
        if kept is None or not path.startswith(kept):
            await objects.delete(path)


async def _schedule(connection: AsyncConnection[Any], row: dict[str, Any]) -> None:
    """The first sweep of a job that had more than one epoch or no picture is followed by a second one; then none is due."""
    is_first = row["owner"] != "swept"
    if is_first and (row["epoch"] > 1 or row["outcome"] != "completed"):
        await connection.execute(
            "update work.jobs set owner = 'swept', sweep_due = now() + make_interval(secs => %s) where generation = %s",
            (AGAIN_AFTER_S, row["generation"]),
        )
    else:
        await connection.execute("update work.jobs set sweep_due = null where generation = %s", (row["generation"],))
