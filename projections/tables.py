"""What a read model is made of: tables, column groups, and how a later event meets an earlier one.

A group is a set of columns that one kind of event fills at once; its first column is never null when the
group is filled. Of two events that fill the same group of the same row either the first or the last in the
log counts. A row's events share a partition, so first and last are the log's own order, whatever happens
between partitions.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple


class Rule(Enum):
    """Which of two events that fill the same columns counts."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Column:
    """A column and its PostgreSQL type as `pg_type` spells it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Group:
    """Columns filled by one event; `columns[0]` marks whether they are."""

    name: str
    rule: Rule
    columns: tuple[Column, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """One table of schema `read`; its columns are the key's, then each group's, in this order."""

    name: str
    key: tuple[Column, ...]
    groups: tuple[Group, ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every column, in the order of a row."""
        return self.key + tuple(column for group in self.groups for column in group.columns)


class Span(NamedTuple):
    """Where a group lies in a row."""

    table: Table
    first: int
    end: int
    keeps_first: bool


class RowChange(NamedTuple):
    """One event fills one group of one row."""

    span: Span
    key: tuple[Any, ...]
    values: tuple[Any, ...]


def columns(**types: str) -> tuple[Column, ...]:
    """Columns from names and types, in order."""
    return tuple(Column(name, type_name) for name, type_name in types.items())


def span(table: Table, group_name: str) -> Span:
    """The place of a group, by its name.

    Raises:
        KeyError: the table has no such group.
    """
    first = len(table.key)
    for group in table.groups:
        end = first + len(group.columns)
        if group.name == group_name:
            return Span(table, first, end, group.rule is Rule.FIRST)
        first = end
    raise KeyError(f"table {table.name} has no group {group_name}")


Rows = dict[Table, dict[tuple[Any, ...], list[Any]]]
"""Rows by table and key."""


def merge(rows: Rows, change: RowChange) -> None:
    """Puts a change into rows held in memory, by the group's rule.

    The same rule as `projections.writing` has in SQL.
    """
    place = change.span
    table_rows = rows.setdefault(place.table, {})
    row = table_rows.get(change.key)
    if row is None:
        row = table_rows[change.key] = [*change.key, *([None] * (len(place.table.columns) - len(change.key)))]
    if not (place.keeps_first and row[place.first] is not None):
        row[place.first : place.end] = change.values
