"""How far each projection has come, in the same PostgreSQL schema as its rows.

The row of a projection, topic and partition is locked before its rows are written and moved by compare-and-
swap after, so of two processes that hold the same partition for a moment one waits and then finds its records
below the position.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, sql

from events.errors import Corrupt
from events.read import Record


class PositionMoved(Corrupt):
    """A position changed although its row was locked: something else writes positions of this projection."""

    code = "position-moved"


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """The last folded offset of a partition and the SHA-256 of that record's value."""

    last_offset: int
    digest: bytes


BEGINNING = StoredPosition(-1, b"")
"""Nothing folded yet: offset 0 comes next."""


def position_of(record: Record) -> StoredPosition:
    """The position of a fold whose last record is this one."""
    return StoredPosition(record.offset, value_digest(record))


def value_digest(record: Record) -> bytes:
    """SHA-256 of the value; an absent value counts as empty."""
    return hashlib.sha256(record.value or b"").digest()


class PositionStore:
    """The positions table of one schema.

    Every method works in the caller's transaction and commits nothing.
    """

    def __init__(self, schema: str) -> None:
        self._table = sql.Identifier(schema, "positions")

    async def read(self, connection: AsyncConnection[Any], projection: str, topic: str) -> dict[int, StoredPosition]:
        """The positions of the partitions that were folded from at all, as they are now, without a lock."""
        query = sql.SQL("select partition, last_offset, digest from {} where projection = %s and topic = %s and last_offset >= 0")
        cursor = await connection.execute(query.format(self._table), (projection, topic))
        return {partition: StoredPosition(last, bytes(digest)) for partition, last, digest in await cursor.fetchall()}

    async def lock(
        self, connection: AsyncConnection[Any], projection: str, topic: str, partitions: Iterable[int]
    ) -> dict[int, StoredPosition]:
        """Locks the rows of these partitions until the transaction ends, making what is missing."""
        wanted = sorted(partitions)
        make = sql.SQL(
            "insert into {} (projection, topic, partition, last_offset, digest)"
            " select %s, %s, wanted, -1, '' from unnest(%s::int[]) wanted order by wanted"
            " on conflict do nothing"
        )
        await connection.execute(make.format(self._table), (projection, topic, wanted))
        query = sql.SQL(
            "select partition, last_offset, digest from {}"
            " where projection = %s and topic = %s and partition = any(%s) order by partition for update"
        )
        cursor = await connection.execute(query.format(self._table), (projection, topic, wanted))
        return {partition: StoredPosition(last, bytes(digest)) for partition, last, digest in await cursor.fetchall()}

    async def advance(
        self,
        connection: AsyncConnection[Any],
        projection: str,
        topic: str,
        moves: Mapping[int, tuple[StoredPosition, StoredPosition]],
    ) -> None:
        """Moves each partition from its old position to its new one.

        Raises:
            PositionMoved: a row was not at its old position.
        """
        query = sql.SQL(
            "update {} p set last_offset = m.last_offset, digest = m.digest"
            " from unnest(%s::int[], %s::bigint[], %s::bigint[], %s::bytea[])"
            " m(partition, was, last_offset, digest)"
            " where p.projection = %s and p.topic = %s"
            " and p.partition = m.partition and p.last_offset = m.was"
        )
        partitions = list(moves)
        cursor = await connection.execute(
            query.format(self._table),
            (
                partitions,
                [moves[partition][0].last_offset for partition in partitions],
                [moves[partition][1].last_offset for partition in partitions],
                [moves[partition][1].digest for partition in partitions],
                projection,
                topic,
            ),
        )
        if cursor.rowcount != len(moves):
            raise PositionMoved(f"positions of {projection} on {topic} moved under a lock; stop whatever else writes them")
