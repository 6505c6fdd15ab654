"""Raw records folded on somebody else's machine give the same rows."""

import random
from typing import Any

import pytest
from psycopg import AsyncConnection

from events.errors import LogHole
from projections.digest import digests
from projections.folds import PROJECTIONS
from projections.replay import replay
from tests.projections import builders as b
from tests.projections.test_rebuild import history


async def test_a_replay_equals_the_live_tables(connection: AsyncConnection[Any], empty_dsn: str) -> None:
    """Without a platform, in any interleaving of topics, from raw bytes."""
    events = [*history(range(1, 80)), b.event(b.tenant_created("demo")), b.event(b.erasure_fenced(1, 3))]
    records = list(b.records_of(events))
    for fold in PROJECTIONS:
        async with connection.transaction():
            await fold.write(connection, [one for one in b.folded(events) if one.record.topic == fold.topic])
    live = [found.sha256 for found in await digests(connection)]
    records.sort(key=lambda record: (record.topic.name, random.Random(record.partition).random(), record.offset))
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as empty:
        assert await replay(empty, records) == len(records)
        again = await digests(empty)
    assert [found.sha256 for found in again] == live
    assert sum(last + 1 for found in again for last in found.positions.values()) == len(records)


async def test_a_prefix_gives_the_state_as_it_was(empty_dsn: str) -> None:
    """Replay to a time is replay of a prefix of each partition."""
    records = list(b.records_of([b.event(b.prompt(1)), b.event(b.started(1)), b.event(b.completed(1))]))
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as empty:
        await replay(empty, records[:2])
        cursor = await empty.execute("select status from read.generation_status")
        assert await cursor.fetchall() == [("running",)]


async def test_records_with_a_gap_are_refused(empty_dsn: str) -> None:
    """A replay of less than everything would look like a replay of everything; nothing is left behind."""
    records = list(b.records_of([b.event(b.prompt(1)), b.event(b.started(1)), b.event(b.completed(1))]))
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as empty:
        with pytest.raises(LogHole):
            await replay(empty, [records[0], records[2]])
        cursor = await empty.execute("select count(*) from pg_namespace where nspname = 'read'")
        assert await cursor.fetchall() == [(0,)]
