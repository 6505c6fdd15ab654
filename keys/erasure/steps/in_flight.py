"""Wait until everyone else has seen the fence, and nobody holds a lease on the person's work any more."""

import asyncio

from keys.erasure.work import Erasure, Tools

_POLL_S = 0.1
_SEEN = """
select coalesce((select min(last_offset) from work.positions where projection = 'job-fences'), -1)
     >= (select fence_offset from erasure.erasures where erasure = %(erasure)s)
   and coalesce((select min(last_offset) from read.positions where projection = 'erasures'), -1)
     >= (select fence_offset from erasure.erasures where erasure = %(erasure)s)
   and not exists (select 1 from work.progress where tenant = %(tenant)s and subject = %(subject)s
     and lifecycle = %(lifecycle)s and lease_alive)
"""


async def wait_for_others(work: Erasure, tools: Tools) -> None:
    """Returns once dispatch and project have passed the fence and no lease in scope is alive."""
    scope = {"erasure": work.erasure, "tenant": work.tenant, "subject": work.subject, "lifecycle": work.lifecycle}
    while True:
        async with tools.pool.connection() as connection:
            cursor = await connection.execute(_SEEN, scope)
            row = await cursor.fetchone()
        if row is not None and row[0]:
            return
        await asyncio.sleep(_POLL_S)
