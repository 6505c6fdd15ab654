"""The decision, then the fence: one transaction says who may erase this scope, then the log says that it is erased.

The transaction holds the scope and asks that every command up to the present end of the topic was folded, so that nothing which
would
change the decision can be waiting there.
"""

from events.codec import Event
from events.records import ErasureFenced
from events.topics import ERASURES
from keys.erasure.work import Erasure, NotYet, Stop, Tools

_POSITION = "select last_offset from erasure.positions where projection = 'erasure-work' and partition = 0 for share"
_INSERT = """
insert into erasure.fences (tenant, subject, lifecycle, erasure) values (%s, %s, %s, %s)
on conflict (tenant, subject, lifecycle) do update set erasure = erasure.fences.erasure returning erasure
"""


async def fence(work: Erasure, tools: Tools) -> None:
    """On return the fence is in the log, acknowledged; before it nothing may be destroyed.

    Raises:
        Stop: another erasure of the same scope came first.
        NotYet: the agent has not folded up to the end yet.
        AppendNotAcknowledged: the log did not confirm.
    """
    if work.state == "fenced":
        return
    ends = await tools.reader.end_offsets(ERASURES)
    async with tools.pool.connection() as connection:
        cursor = await connection.execute(_POSITION)
        row = await cursor.fetchone()
        if row is None or row[0] < ends[0] - 1:
            raise NotYet
        scope = (work.tenant, work.subject, work.lifecycle, work.erasure)
        cursor = await connection.execute(_INSERT, scope)
        row = await cursor.fetchone()
    if row is None or row[0] != work.erasure:
        raise Stop("already-erased")
    await tools.appender.append(Event(work.envelope(), ErasureFenced(work.erasure, "subject", work.subject, work.lifecycle, ())))
    await tools.reach("after fence before destruction")
