"""Rebuild = live, on a real broker, beside a live projector and after an erasure."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from events.codec import Event
from events.errors import LogTruncated
from events.records import EventBody
from projections.folds import PROJECTIONS
from tests.projections import builders as b
from tests.projections.platform import Platform

NAMES = [fold.projection for fold in PROJECTIONS]


def history(numbers: range) -> Iterator[Event]:
    """Generations of several people that end in every way, and accesses to them."""
    chance = random.Random(numbers.start)
    for number in numbers:
        person = number % 9
        where = {"of_tenant": person % 2 + 1, "of_subject": person}
        yield b.event(b.prompt(number), **where)
        if chance.random() < 0.9:
            yield b.event(b.started(number), **where)
            ends: list[EventBody] = [b.completed(number), b.failed(number), b.cancelled(number)]
            for body in chance.sample(ends, chance.choice([0, 1, 1, 1, 2])):
                yield b.event(body, **where)
        if number % 5 == 0:
            yield b.event(b.accessed(number), **where)


async def test_a_rebuild_gives_the_digest_of_the_live_tables(platform: Platform) -> None:
    """Every projection, folded live in small batches and again in large ones."""
    registry = [
        b.event(b.tenant_created("demo")),
        b.event(b.credential_issued(1)),
        b.event(b.model_registered("t", b"1" * 32)),
    ]
    async with platform.projector().running():
        await platform.append(history(range(1, 60)))
        await platform.append(registry)
        await platform.append(history(range(60, 120)))
        await platform.wait_until_passed()
    live = await platform.digests()
    for name in NAMES:
        rebuilt = await platform.rebuild(name)
        assert rebuilt.last_offsets == next(found.positions for found in live if found.name == name)
    assert await platform.digests() == live
    assert len({found.sha256 for found in live}) == len(NAMES)


async def test_a_rebuild_after_an_erasure_gives_the_same_digest(platform: Platform) -> None:
    """What was erased stays in the rows as sealed bytes; nothing in the tables depends on keys."""
    async with platform.projector().running():
        await platform.append(history(range(1, 40)))
        await platform.append([b.event(b.erasure_requested(1), 1, 2), b.event(b.erasure_approved(1), 1, 2)])
        await platform.wait_until_passed()
        before = {found.name: found.sha256 for found in await platform.digests()}
        await platform.append([b.event(b.erasure_fenced(1, 2), 1, 2), b.event(b.erasure_effective(1, 2), 1, 2)])
        await platform.wait_until_passed()
        live = await platform.digests()
    after = {found.name: found.sha256 for found in live}
    assert before["generations"] == after["generations"]
    assert before["erasures"] != after["erasures"]
    for name in NAMES:
        await platform.rebuild(name)
    assert await platform.digests() == live


async def test_a_rebuild_beside_a_live_projector_loses_and_repeats_nothing(platform: Platform) -> None:
    """Events keep coming while a rebuild runs three times; the live projector goes on from what it put in place."""
    stop = asyncio.Event()

    async def load() -> None:
        async with platform.broker.producer() as producer:
            first = 1000
            while not stop.is_set():
                await platform.append_with(producer, history(range(first, first + 20)))
                first += 20
                await asyncio.sleep(0.02)

    await platform.append(history(range(1, 400)))
    async with platform.projector().running() as app:
        await asyncio.wait_for(app.assigned.wait(), 15)
        loading = asyncio.create_task(load())
        for _ in range(3):
            await platform.rebuild("generations")
        stop.set()
        await loading
        await platform.wait_until_passed()
        assert not app.failure.done()
    live = await platform.digests()
    await platform.rebuild("generations")
    assert await platform.digests() == live


async def test_a_rebuild_without_a_live_projector_fills_empty_tables(platform: Platform) -> None:
    """After the loss of PostgreSQL the read models come back from the log alone, and the projector goes on there."""
    await platform.append(history(range(1, 50)))
    rebuilt = await platform.rebuild("generations")
    assert rebuilt.records > 50
    async with platform.projector().running() as app:
        await platform.append(history(range(50, 60)))
        await platform.wait_until_passed()
        assert not app.failure.done()


async def test_a_rebuild_from_a_shorter_log_changes_nothing(platform: Platform) -> None:
    """Rows of events that are gone are evidence; a rebuild must not destroy them."""
    await platform.append(history(range(1, 30)))
    await platform.rebuild("generations")
    before = await platform.digests()
    alias = next(topic for topic in platform.topics.values() if topic.partitions == 12)
    async with platform.broker.admin() as admin:
        await admin.delete_topics([alias.name])
    await platform.broker.create(alias)
    with pytest.raises(LogTruncated):
        await platform.rebuild("generations")
    assert await platform.digests() == before
