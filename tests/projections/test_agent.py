"""The live projector as `project` runs it."""

import asyncio
import hashlib

import pytest

from events.errors import UndecodableRecord
from events.identifiers import PLATFORM
from events.records import RecordQuarantined
from events.topics import ERASURES, GENERATIONS
from projections import generations
from tests.projections import builders as b
from tests.projections.platform import Platform


async def test_an_appended_event_becomes_a_row(platform: Platform) -> None:
    """From the log to a typed read."""
    async with platform.projector().running():
        await platform.append([b.event(b.prompt(1)), b.event(b.started(1)), b.event(b.completed(1))])
        await platform.wait_until_passed()
    async with platform.pool.connection() as connection:
        found = await generations.find(connection, b.tenant(1), b.generation(1))
    assert found is not None
    assert found.status == "completed"


async def test_an_undecodable_record_is_announced_by_place_and_digest(platform: Platform) -> None:
    """Never its bytes: they may hold anything."""
    async with platform.broker.producer() as producer:
        place = await producer.send_and_wait(platform.topics[GENERATIONS].name, b"nonsense", b"key")
    async with platform.projector().running():
        await platform.append([b.event(b.prompt(1))])
        await platform.wait_until_passed()
    (announced,) = platform.announced
    assert announced.envelope.tenant == PLATFORM
    body = announced.body
    assert isinstance(body, RecordQuarantined)
    assert (body.source_partition, body.source_offset) == (place.partition, place.offset)
    assert body.value_sha256 == hashlib.sha256(b"nonsense").digest()
    assert body.key_sha256 == hashlib.sha256(b"key").digest()


async def test_an_undecodable_record_on_erasures_stops(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could be a fence: nothing behind it may be believed."""
    monkeypatch.setattr("events.positions.decoding.NEVER_QUARANTINED", frozenset({platform.topics[ERASURES]}))
    await platform.append([b.event(b.erasure_requested(1))])
    async with platform.broker.producer() as producer:
        await producer.send_and_wait(platform.topics[ERASURES].name, b"nonsense", b"key")
    async with platform.projector().running() as app:
        error = await asyncio.wait_for(asyncio.shield(app.failure), 15)
        assert isinstance(error, UndecodableRecord)
    assert platform.announced == []
