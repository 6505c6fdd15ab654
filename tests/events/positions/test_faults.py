"""What a fold app does when the world around it breaks: it waits, or it stops; it never skips and never folds twice."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiokafka.admin import RecordsToDelete
from aiokafka.structs import TopicPartition
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from events.errors import LogHole, LogTruncated
from tests.events.positions.harness import Bench
from tests.events.positions.proxy import Proxy
from tests.events.positions.test_application import SOON_S, failure_of

ROOT = Path(__file__).parents[3]


async def test_workers_that_join_and_leave_lose_and_repeat_nothing(bench: Bench) -> None:
    """Rebalances under load: every record is folded exactly once, whoever holds its partition."""
    total = 1500

    async def load() -> None:
        async with bench.broker.producer() as producer:
            for number in range(total):
                await producer.send(bench.topic.name, f"v{number}".encode(), partition=number % 3)
                if number % 10 == 0:
                    await asyncio.sleep(0.05)
            await producer.flush()

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(bench.app().running())
        loading = asyncio.create_task(load())
        for _ in range(2):
            async with bench.app().running() as second:
                await asyncio.wait_for(second.assigned.wait(), SOON_S)
                await asyncio.sleep(1.0)
                assert not second.failure.done()
        await loading
        await bench.wait_for_rows(total)
        assert not first.failure.done()
    places = await bench.places()
    assert len(places) == len(set(places)) == total


async def test_a_rebalance_during_a_commit_folds_once(bench: Bench) -> None:
    """The partition moves to another worker while its rows wait between write and commit."""
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(point: str) -> None:
        if point == "rows-written" and not release.is_set():
            held.set()
            await release.wait()

    await bench.broker.write(bench.topic, [f"v{number}" for number in range(30)])
    async with bench.app(on_point=hold).running() as first:
        await asyncio.wait_for(held.wait(), SOON_S)
        async with bench.app().running() as second:
            await asyncio.wait_for(second.assigned.wait(), SOON_S)
            release.set()
            await bench.wait_for_rows(30)
            assert not first.failure.done()
            assert not second.failure.done()
    places = await bench.places()
    assert len(places) == len(set(places)) == 30


async def test_postgresql_away_waits_and_comes_back(bench: Bench) -> None:
    """No connection, no position: records wait in the log, and are folded once each afterwards."""
    parts = conninfo_to_dict(bench.dsn)
    async with Proxy.before(str(parts["host"]), int(parts["port"] or 5432)) as proxy:
        dsn = make_conninfo(bench.dsn, host="127.0.0.1", port=str(proxy.port))
        direct = bench.pool
        async with AsyncConnectionPool(dsn, min_size=1, max_size=4, open=False, timeout=2.0) as through:
            bench.pool = through
            app = bench.app()
            bench.pool = direct
            async with app.running():
                await bench.broker.write(bench.topic, ["one", "two", "three"])
                await bench.wait_for_rows(3)
                await proxy.cut()
                await bench.broker.write(bench.topic, ["four", "five", "six"])
                await asyncio.sleep(2.0)
                assert len(await bench.places()) == 3
                assert not app.failure.done()
                await proxy.mend()
                await bench.wait_for_rows(6)
    assert sorted(await bench.seen()) == sorted(["one", "two", "three", "four", "five", "six"])


async def test_connections_killed_under_load_lose_nothing(bench: Bench) -> None:
    """A transaction that died with its connection is done again as a whole."""
    total = 3000
    await bench.broker.write(bench.topic, [f"v{number}" for number in range(total)])
    async with (
        bench.app().running() as app,
        await AsyncConnection.connect(bench.dsn, autocommit=True) as killer,
    ):
        for _ in range(6):
            await asyncio.sleep(0.4)
            await killer.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query ilike %s",
                (f"%{bench.schema}%",),
            )
        async with AsyncExitStack() as stack:
            stack.callback(bench.pool.get_stats)
            await asyncio.sleep(0.2)
            await bench.pool.check()
        await bench.wait_for_rows(total)
        assert not app.failure.done()
    places = await bench.places()
    assert len(places) == len(set(places)) == total


async def test_a_hole_in_the_log_stops(bench: Bench) -> None:
    """A skipped event is worse than a stopped projection. A transaction's marker takes an offset, and so makes a hole."""
    async with bench.broker.producer(transactional_id=bench.schema) as producer:
        for value in (b"one", b"two"):
            async with producer.transaction():
                await producer.send(bench.topic.name, value, partition=0)
    async with bench.app().running() as app:
        error = await failure_of(app)
    assert isinstance(error, LogHole)
    assert "offset 1" in str(error)
    assert await bench.positions() == {0: 0}


async def test_a_log_that_begins_above_nothing_folded_stops(bench: Bench) -> None:
    """Without a position the log must be whole: what was deleted may have been an erasure."""
    await bench.broker.write(bench.topic, [f"v{number}" for number in range(9)], partition=0)
    async with bench.broker.admin() as admin:
        await admin.delete_records({TopicPartition(bench.topic.name, 0): RecordsToDelete(before_offset=4)})
    async with bench.app().running() as app:
        assert isinstance(await failure_of(app), LogTruncated)
    assert await bench.places() == []


async def test_a_log_that_ends_before_the_position_stops(bench: Bench) -> None:
    """A topic that was made anew is shorter than what was folded from the old one."""
    await bench.broker.write(bench.topic, [f"v{number}" for number in range(9)])
    async with bench.app().running():
        await bench.wait_for_rows(9)
    await _make_anew(bench)
    await bench.broker.write(bench.topic, ["w0", "w1", "w2"])
    async with bench.app().running() as app:
        error = await failure_of(app)
    assert isinstance(error, LogTruncated)
    assert len(await bench.places()) == 9


async def test_another_log_of_the_same_length_stops(bench: Bench) -> None:
    """Offsets alone would not notice: the digest of the last folded event does."""
    await bench.broker.write(bench.topic, [f"v{number}" for number in range(9)])
    async with bench.app().running():
        await bench.wait_for_rows(9)
    await _make_anew(bench)
    await bench.broker.write(bench.topic, [f"w{number}" for number in range(30)])
    async with bench.app().running() as app:
        error = await failure_of(app)
    assert isinstance(error, LogTruncated)
    assert "another record" in str(error)
    assert len(await bench.places()) == 9


@pytest.mark.crash
@pytest.mark.parametrize("point", ["rows-written", "position-advanced", "committed"])
async def test_sigkill_at_a_named_point_loses_and_repeats_nothing(bench: Bench, point: str) -> None:
    """Rows and position are one transaction, so a death between them leaves neither or both."""
    await bench.broker.write(bench.topic, [f"v{number}" for number in range(60)])
    victim = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("victim.py")),
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        stdin=asyncio.subprocess.PIPE,
    )
    await victim.communicate(bench.description(point).encode())
    assert victim.returncode == -signal.SIGKILL
    async with bench.app().running():
        await bench.wait_for_rows(60)
    places = await bench.places()
    assert len(places) == len(set(places)) == 60


async def _make_anew(bench: Bench) -> None:
    async with bench.broker.admin() as admin:
        await admin.delete_topics([bench.topic.name])
    await bench.broker.create(bench.topic)
