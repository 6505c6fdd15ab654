"""A projection folded again from offset 0, beside a live projector, and put in its place in one transaction.

    fold [0, end at the start) into a second table      live projector goes on
    fold what came meanwhile, until little is left      live projector goes on
    lock the positions ──▶ fold the rest ──▶ replace rows and positions ──▶ commit    live one waits here

The live projector then finds a position that it did not write, checks its digest against the log and goes on
behind it. Rows are deleted and inserted rather than truncated, so that a reader with an older snapshot sees
the old rows and never none.
"""

import asyncio
import gc
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, sql

from events.positions.ranges import fold_range
from events.positions.sequence import require_within
from events.positions.store import BEGINNING, PositionStore, StoredPosition
from events.read import LogReader
from projections.folds import SCHEMA, projection
from projections.tables import Table
from projections.writing import Place, ProjectionFold, live

_LITTLE_RECORDS = 500
_PASSES = 10


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was folded: the number of records, and the last offset by partition."""

    name: str
    records: int
    last_offsets: dict[int, int]


async def rebuild(connection: AsyncConnection[Any], reader: LogReader, name: str) -> Rebuilt:
    """Folds the whole topic of the projection anew; on return rows and positions are replaced and durable.

    `connection` is in autocommit or idle, and its role may write schema `read`. Nothing is produced.

    Raises:
        UnknownProjection: there is no such projection.
        LogTruncated: the log is shorter than what was folded, or no longer begins at 0; nothing was changed.
        LogHole: the log lacks an offset; nothing was changed.
        LogUnavailable: the broker is away; nothing was changed.
    """
    fold = projection(name)
    second = fold.into(_second)
    # Millions of short-lived objects without cycles: the collector would walk them again and again, and free none.
    collecting = gc.isenabled()
    gc.disable()
    try:
        await _make_second(connection, fold)
        positions = await _fold_up(connection, reader, second)
        async with connection.transaction():
            positions = await _replace(connection, reader, fold, second, positions)
    finally:
        if collecting:
            gc.enable()
        if not connection.closed:
            await _drop_second(connection, fold)
    lasts = {partition: position.last_offset for partition, position in sorted(positions.items()) if position != BEGINNING}
    return Rebuilt(name, sum(last + 1 for last in lasts.values()), lasts)


async def _fold_up(connection: AsyncConnection[Any], reader: LogReader, second: ProjectionFold) -> dict[int, StoredPosition]:
    """Passes over the log until hardly anything is new; each pass begins where the one before ended."""
    positions = dict.fromkeys(range(second.topic.partitions), BEGINNING)
    for _ in range(_PASSES):
        ends = await reader.end_offsets(second.topic)
        behind = sum(end - 1 - positions[partition].last_offset for partition, end in ends.items())
        if behind <= _LITTLE_RECORDS and any(position != BEGINNING for position in positions.values()):
            break
        async with connection.transaction():
            positions = await fold_range(reader, second, connection, after=positions, ends=ends)
    return positions


async def _replace(
    connection: AsyncConnection[Any],
    reader: LogReader,
    fold: ProjectionFold,
    second: ProjectionFold,
    positions: dict[int, StoredPosition],
) -> dict[int, StoredPosition]:
    store = PositionStore(SCHEMA)
    stored = await store.lock(connection, fold.projection, fold.topic.name, positions)
    # Both at once: the live projector waits from here on.
    begins, ends = await asyncio.gather(reader.begin_offsets(fold.topic), reader.end_offsets(fold.topic))
    for partition, position in stored.items():
        require_within(fold.topic, partition, position, begins[partition], ends[partition])
    positions = await fold_range(reader, second, connection, after=positions, ends=ends)
    for table in fold.tables:
        await connection.execute(sql.SQL("delete from {}").format(sql.Identifier(*live(table))))
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        move = sql.SQL("insert into {} ({names}) select {names} from {}")
        await connection.execute(move.format(sql.Identifier(*live(table)), sql.Identifier(*_second(table)), names=names))
    moves = {partition: (stored[partition], position) for partition, position in positions.items()}
    await store.advance(connection, fold.projection, fold.topic.name, moves)
    return positions


def _second(table: Table) -> Place:
    return "pg_temp", f"second_{table.name}"


async def _make_second(connection: AsyncConnection[Any], fold: ProjectionFold) -> None:
    """Only the key is indexed: what readers look for besides is looked for in the live tables."""
    for table in fold.tables:
        key = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.key)
        make = sql.SQL("create temp table {} (like {}, primary key ({}))")
        await connection.execute(make.format(sql.Identifier(f"second_{table.name}"), sql.Identifier(*live(table)), key))


async def _drop_second(connection: AsyncConnection[Any], fold: ProjectionFold) -> None:
    for table in fold.tables:
        await connection.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(*_second(table))))
