"""What a rebuild costs on top of writing the rows that it ends with."""

import gc
import time
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

import pytest
from psycopg import AsyncConnection, sql

from events.positions.fold import FoldedRecord
from events.read import LogReader, decode_record
from events.topics import Topic
from projections.folds import projection
from projections.rebuild import rebuild
from projections.tables import Rows, Table
from tests.bench.ratios import Report, Side, interleaved
from tests.bench.sample import generations
from tests.bench.test_replay import fill
from tests.events.positions.harness import Broker

COUNT = 40_000


@pytest.mark.timeout(400)
async def test_rebuilding_generations_against_copying_the_same_rows(
    report: Report, broker: Broker, log: Topic, read_models: AsyncConnection[Any]
) -> None:
    """The whole topic read, decoded, folded, written and put in place; B has the finished rows and merges them in."""
    ranges = await fill(broker, log, generations(COUNT))
    count = sum(end for _, end in ranges.values())
    reader = LogReader(bootstrap=broker.bootstrap, security=broker.security)
    parts_ms, rows = await _folded(reader, log, ranges)

    async def copy_and_merge() -> None:
        async with read_models.transaction():
            for table, by_key in rows.items():
                await _copy_and_merge(read_models, table, by_key.values())

    ratio = await interleaved(
        "rebuild",
        "events",
        count,
        Side("rebuilt", lambda: rebuild(read_models, reader, "generations")),
        Side("rows copied and merged", copy_and_merge),
        rounds=5,
    )
    whole_ms = 1000 / median(ratio.a_per_s)
    rest_ms = whole_ms - sum(parts_ms.values())
    report.ratio(ratio, wanted=0.4, breakdown_ms={**parts_ms, "connections, COPY, merge, putting in place": rest_ms})


async def _folded(reader: LogReader, log: Topic, ranges: dict[int, tuple[int, int]]) -> tuple[dict[str, float], Rows]:
    """What reading, decoding and folding take alone, in milliseconds an event, and the rows that they give."""
    # As a rebuild does.
    gc.disable()
    try:
        began = time.perf_counter()
        records = [record async for record in reader.read(log, ranges)]
        read = time.perf_counter()
        folded = [FoldedRecord(record, decode_record(record)) for record in records]
        decoded = time.perf_counter()
        rows = projection("generations").rows(folded)
        done = time.perf_counter()
    finally:
        gc.enable()
    spent_s = {"read from the log": read - began, "decoded and checked": decoded - read, "folded into rows": done - decoded}
    return {part: spent * 1000 / len(records) for part, spent in spent_s.items()}, rows


async def _copy_and_merge(connection: AsyncConnection[Any], table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """What anyone would write by hand: COPY into a staging table, and from it into the live one, whose old rows go."""
    live, stage = sql.Identifier("read", table.name), sql.Identifier("by_hand")
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    key = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.key)
    await connection.execute(sql.SQL("create temp table {} (like {}) on commit drop").format(stage, live))
    async with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin (format binary)").format(stage, names)) as copy:
        copy.set_types([column.type for column in table.columns])
        for row in rows:
            await copy.write_row(row)
    await connection.execute(sql.SQL("delete from {}").format(live))
    settings = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column.name)) for column in table.columns[len(table.key) :]
    )
    merge = sql.SQL("insert into {} ({names}) select {names} from {} on conflict ({}) do update set {}")
    await connection.execute(merge.format(live, stage, key, settings, names=names))
    await connection.execute(sql.SQL("drop table {}").format(stage))
