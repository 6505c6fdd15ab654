"""One number for a read model: the SHA-256 of its rows, equal wherever the same log was folded.

Rows come in primary-key order with columns in name order, as PostgreSQL's binary COPY format spells them:
integers and times as fixed-width numbers, text as UTF-8, bytes as they are, each behind its length. Time
zone, locale, collation, hash seed and the order in which columns were declared have no part in it.

Source: PostgreSQL documentation, "COPY", binary format.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import AsyncConnection, sql

from events.positions.store import PositionStore
from projections.folds import PROJECTIONS, SCHEMA, projection
from projections.tables import Table
from projections.writing import live

LABEL = b"intaglio/v1/projection\x00"


class _Hash(Protocol):
    def update(self, data: bytes | bytearray | memoryview, /) -> None: ...


@dataclass(frozen=True, slots=True)
class ProjectionDigest:
    """`positions` are the last folded offsets by partition that the rows stand for."""

    name: str
    positions: dict[int, int]
    sha256: str


async def digest(connection: AsyncConnection[Any], name: str) -> ProjectionDigest:
    """The digest of one projection and the positions it holds for, from one snapshot; `connection` is idle.

    Raises:
        UnknownProjection: there is no such projection.
    """
    fold = projection(name)
    total = hashlib.sha256(LABEL)
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        await connection.execute("set local client_encoding to 'UTF8'")
        stored = await PositionStore(SCHEMA).read(connection, fold.projection, fold.topic.name)
        for table in sorted(fold.tables, key=lambda table: table.name):
            await _add_table(connection, table, total)
    positions = {partition: position.last_offset for partition, position in sorted(stored.items())}
    return ProjectionDigest(name, positions, total.hexdigest())


async def digests(connection: AsyncConnection[Any]) -> list[ProjectionDigest]:
    """The digest of every projection."""
    return [await digest(connection, fold.projection) for fold in PROJECTIONS]


async def _add_table(connection: AsyncConnection[Any], table: Table, total: _Hash) -> None:
    names = sorted(column.name for column in table.columns)
    total.update(b"\x00".join([table.name.encode(), *(name.encode() for name in names)]) + b"\x00\x00")
    order = [
        sql.SQL('{} collate "C"' if column.type == "text" else "{}").format(sql.Identifier(column.name)) for column in table.key
    ]
    query = sql.SQL("copy (select {} from {} order by {}) to stdout (format binary)").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in names),
        sql.Identifier(*live(table)),
        sql.SQL(", ").join(order),
    )
    async with connection.cursor().copy(query) as copy:
        async for data in copy:
            total.update(data)
