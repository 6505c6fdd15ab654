"""The fold app on a real broker and a real PostgreSQL: what is folded, once each, whatever happens to the processes."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from events.positions.application import FoldApp
from events.read import Record
from tests.events.positions.harness import Bench

SOON_S = 15.0


async def failure_of(app: FoldApp) -> BaseException:
    """The error that ends the process, within a bounded time."""
    return await asyncio.wait_for(asyncio.shield(app.failure), SOON_S)


async def test_folds_every_record_of_every_partition_once(bench: Bench) -> None:
    """The simplest promise: what is in the log is in the table, and the positions say so."""
    values = [f"v{number}" for number in range(300)]
    await bench.broker.write(bench.topic, values)
    async with bench.app().running():
        await bench.wait_for_rows(300)
    assert sorted(await bench.seen()) == sorted(values)
    assert await bench.positions() == {0: 99, 1: 99, 2: 99}


async def test_a_restart_goes_on_where_the_rows_end(bench: Bench) -> None:
    """Positions live in PostgreSQL, so a new process neither repeats nor skips."""
    await bench.broker.write(bench.topic, [f"a{number}" for number in range(30)])
    async with bench.app().running():
        await bench.wait_for_rows(30)
    await bench.broker.write(bench.topic, [f"b{number}" for number in range(30)])
    async with bench.app().running():
        await bench.wait_for_rows(60)
    places = await bench.places()
    assert len(places) == len(set(places)) == 60


async def test_an_event_is_folded_soon_after_it_is_appended(bench: Bench) -> None:
    """A client that waits to read its own write waits for this."""
    async with bench.app().running() as app, bench.broker.producer() as producer:
        await asyncio.wait_for(app.assigned.wait(), SOON_S)
        await producer.send_and_wait(bench.topic.name, b"warm", partition=0)
        await bench.wait_for_rows(1)
        waits = []
        for number in range(10):
            began = time.monotonic()
            await producer.send_and_wait(bench.topic.name, b"x", partition=number % 3)
            while len(await bench.places()) < number + 2:  # noqa: ASYNC110  rows have no event
                await asyncio.sleep(0.005)
            waits.append(time.monotonic() - began)
    assert sorted(waits)[5] < 0.25


async def test_stops_quickly(bench: Bench) -> None:
    """A process has to be down within seconds of SIGTERM."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(bench.app().running())
        await asyncio.wait_for(app.assigned.wait(), SOON_S)
        began = time.monotonic()
    assert time.monotonic() - began < 3.0


async def test_group_offsets_have_no_say(bench: Bench) -> None:
    """Whoever moves the group's offsets by hand moves nothing: only the stored position counts."""
    await bench.broker.write(bench.topic, [f"a{number}" for number in range(9)])
    async with bench.app().running():
        await bench.wait_for_rows(9)
        await asyncio.sleep(1.5)
    async with bench.pool.connection() as connection:
        await connection.execute(f"truncate {bench.schema}.seen")
        await connection.execute(f"truncate {bench.schema}.positions")
    async with bench.app().running():
        await bench.wait_for_rows(9)
    assert await bench.positions() == {0: 2, 1: 2, 2: 2}


async def test_a_handler_that_fails_ends_the_process_and_moves_nothing(bench: Bench) -> None:
    """An exception that left the agent would acknowledge its events; ours never does."""

    def fail() -> None:
        raise ValueError("a fault in a handler")

    await bench.broker.write(bench.topic, ["one", "two", "three"])
    async with bench.app(bench.fold(fail)).running() as app:
        assert isinstance(await failure_of(app), ValueError)
    assert await bench.places() == []
    assert await bench.positions() == {}
    async with bench.app().running():
        await bench.wait_for_rows(3)


async def test_an_unknown_schema_waits_then_proceeds(bench: Bench) -> None:
    """An event of a newer release is no error: what is before it is folded, it and the rest wait for the upgrade."""
    await bench.broker.write(bench.topic, ["before", "from the future", "after"], partition=1)
    async with bench.app().running() as app:
        await bench.wait_for_rows(1)
        await asyncio.sleep(1.0)
        assert await bench.seen() == ["before"]
        assert not app.failure.done()
        assert bench.topic.name in app.waiting_for


async def test_an_unknown_schema_proceeds_after_the_upgrade(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that knows the schema goes on exactly there."""
    await bench.broker.write(bench.topic, ["before", "from the future", "after"], partition=1)
    async with bench.app().running():
        await bench.wait_for_rows(1)
        monkeypatch.setattr("events.positions.decoding.decode_record", lambda _record: object())
        await bench.wait_for_rows(3)
    assert await bench.seen() == ["before", "from the future", "after"]


async def test_an_undecodable_record_is_announced_before_it_is_passed(bench: Bench) -> None:
    """Nothing is passed over in silence: the announcement is durable before the position moves."""
    announced: list[tuple[int, str, dict[int, int]]] = []

    async def announce(record: Record, reason: str) -> None:
        announced.append((record.offset, reason, await bench.positions()))

    await bench.broker.write(bench.topic, ["good", "garbage", "good too"], partition=2)
    async with bench.app(on_quarantine=announce).running():
        await bench.wait_for_rows(2)
    assert [(offset, reason) for offset, reason, _ in announced] == [(1, "undecodable-record")]
    assert announced[0][2].get(2, -1) < 1
    assert await bench.seen() == ["good", "good too"]
    assert await bench.positions() == {2: 2}
