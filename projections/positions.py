"""How far the read models have come, for whoever waits to read its own write or shows the lag."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.topics import Topic


@dataclass(frozen=True, slots=True)
class PositionRow:
    """The last folded offset of one partition; -1 before the first."""

    projection: str
    topic: str
    partition: int
    last_offset: int


async def passed(connection: AsyncConnection[Any], topic: Topic, offsets: Mapping[int, int]) -> bool:
    """Whether the read model of the topic holds, of each partition, that offset and all before it."""
    wanted = {partition: offset for partition, offset in offsets.items() if offset >= 0}
    cursor = await connection.execute(
        "select count(*) from unnest(%s::int[], %s::bigint[]) wanted(partition, at) join read.positions p"
        " on p.topic = %s and p.partition = wanted.partition and p.last_offset >= wanted.at",
        (list(wanted), list(wanted.values()), topic.name),
    )
    row = await cursor.fetchone()
    return row is not None and row[0] == len(wanted)


async def positions(connection: AsyncConnection[Any]) -> list[PositionRow]:
    """Every stored position, in the order of projection, topic and partition."""
    async with connection.cursor(row_factory=class_row(PositionRow)) as cursor:
        await cursor.execute(
            "select projection, topic, partition, last_offset from read.positions"
            ' order by projection collate "C", topic collate "C", partition'
        )
        return await cursor.fetchall()
