"""The law that rebuild = live rests on: no interleaving of partitions and no cut into batches changes a row."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection, sql

from events.codec import Event
from events.positions.fold import FoldedRecord
from projections.digest import digest
from projections.folds import PROJECTIONS
from projections.tables import Rows, merge
from tests.projections import builders as b

PEOPLE = 4
NUMBERS = st.integers(1, 5)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events of a few generations, erasures and tenants in any order: late, repeated, orphaned."""
    bodies = st.one_of(
        st.builds(b.prompt, NUMBERS, st.sampled_from([b"one", b"two"])),
        st.builds(b.started, NUMBERS, st.integers(1, 3)),
        st.builds(b.completed, NUMBERS, st.integers(1, 3), st.integers(0, 500)),
        st.builds(b.failed, NUMBERS, st.integers(1, 3)),
        st.builds(b.cancelled, NUMBERS),
        st.builds(b.cancellation, NUMBERS),
        st.builds(b.accessed, NUMBERS),
        st.builds(b.erasure_requested, NUMBERS, st.integers(1, PEOPLE)),
        st.builds(b.erasure_approved, NUMBERS),
        st.builds(b.erasure_fenced, NUMBERS, st.integers(1, PEOPLE)),
        st.builds(b.erasure_effective, NUMBERS, st.integers(1, PEOPLE)),
        st.builds(b.tenant_created, st.sampled_from(["a", "b"])),
        st.builds(b.subject_registered, st.booleans()),
        st.builds(b.credential_issued, NUMBERS),
        st.builds(b.model_registered, st.sampled_from(["x", "y"]), st.sampled_from([b"1" * 32, b"2" * 32])),
    )
    events = []
    for body in draw(st.lists(bodies, min_size=1, max_size=60)):
        # A generation's events share its subject, and so its partition: the number says whose it is.
        of_generation = getattr(body, "generation", None)
        person = int(of_generation) % PEOPLE + 1 if of_generation is not None else draw(st.integers(1, PEOPLE))
        once = b.event(body, of_tenant=person % 2 + 1, of_subject=person)
        events += [once] * draw(st.sampled_from([1, 1, 1, 2]))
    return events


@st.composite
def two_ways(draw: st.DrawFn) -> tuple[list[list[FoldedRecord]], list[list[FoldedRecord]]]:
    """The same records in two interleavings, each cut into batches of its own."""
    records = b.folded(draw(histories()))
    return draw(_batches(records)), draw(_batches(records))


@st.composite
def _batches(draw: st.DrawFn, records: list[FoldedRecord]) -> list[list[FoldedRecord]]:
    waiting: dict[tuple[str, int], list[FoldedRecord]] = {}
    for folded in records:
        waiting.setdefault((folded.record.topic.name, folded.record.partition), []).append(folded)
    batches: list[list[FoldedRecord]] = [[]]
    while waiting:
        place = draw(st.sampled_from(sorted(waiting)))
        count = draw(st.integers(1, len(waiting[place])))
        batches[-1] += waiting[place][:count]
        waiting[place] = waiting[place][count:]
        if not waiting[place]:
            del waiting[place]
        if draw(st.booleans()):
            batches.append([])
    return batches


def in_memory(batches: list[list[FoldedRecord]]) -> dict[str, dict[Any, list[Any]]]:
    """The rows of one way, merged by the rule in Python alone."""
    rows: Rows = {}
    for fold in PROJECTIONS:
        for batch in batches:
            for change in fold.changes(folded for folded in batch if folded.record.topic == fold.topic):
                merge(rows, change)
    return {table.name: dict(sorted(keyed.items(), key=repr)) for table, keyed in rows.items()}


@given(two_ways())
def test_rows_do_not_depend_on_the_interleaving(ways: tuple[Any, Any]) -> None:
    """Aggregates commute, and a row's events share a partition."""
    assert in_memory(ways[0]) == in_memory(ways[1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways=two_ways())
async def test_tables_do_not_depend_on_interleaving_or_batches(connection: AsyncConnection[Any], ways: Any) -> None:
    """The merge in SQL follows the same rule as the merge in memory."""
    found = []
    for batches in ways:
        await empty_tables(connection)
        for batch in batches:
            async with connection.transaction():
                for fold in PROJECTIONS:
                    await fold.write(connection, [one for one in batch if one.record.topic == fold.topic])
        counts = await table_sizes(connection)
        assert counts == {name: len(rows) for name, rows in in_memory(batches).items()}
        found.append([(await digest(connection, fold.projection)).sha256 for fold in PROJECTIONS])
    assert found[0] == found[1]


async def empty_tables(connection: AsyncConnection[Any]) -> None:
    """No rows in any table of any projection."""
    for fold in PROJECTIONS:
        for table in fold.tables:
            await connection.execute(sql.SQL("delete from {}").format(sql.Identifier("read", table.name)))


async def table_sizes(connection: AsyncConnection[Any]) -> dict[str, int]:
    """Rows by table, of those tables that have any."""
    sizes = {}
    for fold in PROJECTIONS:
        for table in fold.tables:
            cursor = await connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("read", table.name)))
            row = await cursor.fetchone()
            if row is not None and row[0]:
                sizes[table.name] = row[0]
    return sizes


@pytest.mark.parametrize("fold", PROJECTIONS, ids=lambda fold: fold.projection)
async def test_tables_in_postgresql_are_the_tables_of_the_fold(connection: AsyncConnection[Any], fold: Any) -> None:
    """The migration and the specification say the same columns, types and keys, so that COPY cannot mix them up."""
    names = {
        "integer": "int4",
        "bigint": "int8",
        "boolean": "bool",
        "integer[]": "int4[]",
        "timestamp with time zone": "timestamptz",
    }
    for table in fold.tables:
        cursor = await connection.execute(
            "select attname, format_type(atttypid, null) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
            (f"read.{table.name}",),
        )
        found = [(name, names.get(spelled, spelled)) for name, spelled in await cursor.fetchall()]
        assert found == [(column.name, column.type) for column in table.columns]
