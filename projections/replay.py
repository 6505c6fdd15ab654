"""The read models as they were: raw records folded into an empty database by the very same functions.

For whoever wants to see a past state or trusts nobody's tables. Nothing here talks to a platform: records
come in, rows come out.
"""

from collections.abc import Iterable
from importlib import resources
from typing import Any

from psycopg import AsyncConnection

from events.positions.ranges import Feed
from events.positions.store import BEGINNING, PositionStore
from events.read import Record
from projections.folds import PROJECTIONS, SCHEMA


async def replay(connection: AsyncConnection[Any], records: Iterable[Record]) -> int:
    """Makes schema `read` in an empty database and folds the records; returns how many were folded.

    `connection` may create schemas. Topics and partitions interleave as they like; each partition is in order
    and begins at 0. On return rows and positions are durable.

    Raises:
        LogHole: a partition does not begin at 0 or lacks an offset.
        UnknownSchema: a record needs a newer release.
        UndecodableRecord: on erasures or registry.
    """
    folded = 0
    async with connection.transaction():
        for statement in migrations():
            await connection.execute(statement)
        feeds = {fold.topic: Feed(fold, connection, after={}) for fold in PROJECTIONS}
        for record in records:
            feed = feeds.get(record.topic)
            if feed is not None:
                folded += 1
                await feed.add(record)
        store = PositionStore(SCHEMA)
        for topic, feed in feeds.items():
            positions = await feed.finish()
            await store.lock(connection, feed.fold.projection, topic.name, positions)
            moves = {partition: (BEGINNING, position) for partition, position in positions.items()}
            await store.advance(connection, feed.fold.projection, topic.name, moves)
    return folded


def migrations() -> list[bytes]:
    """The statements that make schema `read`, one file each, in order."""
    folder = resources.files("projections").joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_bytes() for file in files]
