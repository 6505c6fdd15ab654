"""What the edge remembers of requests ends: after a day by the clock, and at once where a fence names the person.

A row holds the sealed prompt and a keyed tag of the request, so it must not outlive an erasure. Never deletes what the log needs:
the events themselves are in the log before the first answer.
"""

import asyncio
import logging

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from api.parts import Pool

_log = logging.getLogger(__name__)

PAUSE_S = 1.0
_FORGET = """
delete from front.requests r where r.created_at < now() - interval '24 hours' or exists (
    select 1 from read.fences f where f.tenant = r.tenant and f.subject = r.subject and f.lifecycle = r.lifecycle
    and f.fenced_at is not null)
"""


async def forget_requests(pool: Pool) -> None:
    """Runs until cancelled; waits while PostgreSQL is away."""
    while True:
        try:
            async with pool.connection() as connection:
                await connection.execute(_FORGET)
        except (OperationalError, PoolTimeout) as away:
            _log.warning("requests cannot be forgotten now: %s", type(away).__name__)
        await asyncio.sleep(PAUSE_S)
