"""Rows into PostgreSQL: merged in memory, copied into a staging table, merged by the same rule.

One path for live batches of one event and rebuilds of millions. Nothing here commits: the position that
belongs to the rows moves in the same transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

from psycopg import AsyncConnection, sql

from events.positions.fold import FoldedRecord
from events.topics import Topic
from projections.tables import Group, RowChange, Rows, Rule, Table, merge

Apply = Callable[[FoldedRecord], Iterable[RowChange]]
Place = tuple[str, str]
"""Schema and name of a table."""

Target = Callable[[Table], Place]


def live(table: Table) -> Place:
    """The table that readers see."""
    return "read", table.name


class ProjectionFold:
    """One projection.

    Its topic, its tables, and the pure function between them. Satisfies `events.positions.fold.Fold`.
    """

    def __init__(self, projection: str, topic: Topic, tables: tuple[Table, ...], apply: Apply, target: Target = live) -> None:
        self.projection = projection
        self.topic = topic
        self.tables = tables
        self.apply = apply
        self._target = target

    def into(self, target: Target) -> "ProjectionFold":
        """The same projection, written elsewhere."""
        return ProjectionFold(self.projection, self.topic, self.tables, self.apply, target)

    def changes(self, batch: Iterable[FoldedRecord]) -> Iterator[RowChange]:
        """What each record changes, in order."""
        return chain.from_iterable(map(self.apply, batch))

    def rows(self, batch: Sequence[FoldedRecord]) -> Rows:
        """What a batch says about its rows, merged; nothing of what the tables hold already."""
        rows: Rows = {}
        for change in self.changes(batch):
            merge(rows, change)
        return rows

    async def write(self, connection: AsyncConnection[Any], batch: Sequence[FoldedRecord]) -> None:
        """Merges the rows of a batch into the tables; durable when the caller commits."""
        for table, rows in self.rows(batch).items():
            await _write_table(connection, table, self._target(table), rows.values())


async def _write_table(connection: AsyncConnection[Any], table: Table, target: Place, rows: Iterable[Sequence[Any]]) -> None:
    make, empty, fill = _staging(table)
    await connection.execute(make)
    await connection.execute(empty)
    async with connection.cursor().copy(fill) as copy:
        copy.set_types([column.type for column in table.columns])
        for row in rows:
            await copy.write_row(row)
    await connection.execute(_merge(table, target))


@cache
def _staging(table: Table) -> tuple[sql.Composed, sql.Composed, sql.Composed]:
    stage = sql.Identifier("pg_temp", f"stage_{table.name}")
    make = sql.SQL("create temp table if not exists {} (like {})").format(
        sql.Identifier(f"stage_{table.name}"), sql.Identifier(*live(table))
    )
    empty = sql.SQL("truncate {}").format(stage)
    fill = sql.SQL("copy {} ({}) from stdin (format binary)").format(stage, _names(table))
    return make, empty, fill


@cache
def _merge(table: Table, target: Place) -> sql.Composed:
    settings = [
        sql.SQL("{column} = case when {counts} then {old} else {new} end").format(
            column=sql.Identifier(column.name),
            counts=_old_counts(group),
            old=sql.Identifier("t", column.name),
            new=sql.Identifier("excluded", column.name),
        )
        for group in table.groups
        for column in group.columns
    ]
    statement = "insert into {target} as t ({names}) select {names} from {stage} on conflict ({key}) do update set {settings}"
    return sql.SQL(statement).format(
        target=sql.Identifier(*target),
        names=_names(table),
        stage=sql.Identifier("pg_temp", f"stage_{table.name}"),
        key=sql.SQL(", ").join(sql.Identifier(column.name) for column in table.key),
        settings=sql.SQL(", ").join(settings),
    )


def _old_counts(group: Group) -> sql.Composed:
    marker = group.columns[0].name
    if group.rule is Rule.FIRST:
        return sql.SQL("{} is not null").format(sql.Identifier("t", marker))
    return sql.SQL("{} is null").format(sql.Identifier("excluded", marker))


def _names(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
