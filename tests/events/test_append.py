"""Appending to a real broker: acknowledged or an error, never too large, in bounded memory."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from events.append import LARGEST_VALUE_SIZE_BYTES, Appender, Coordinates, NotTheWriter, partition_of
from events.codec import EncodedEvent, Event, encode
from events.contents import PromptContent, decode_content
from events.errors import AppendNotAcknowledged, EventTooLarge, Refused
from events.identifiers import Month, SubjectHandle, TenantHandle, new_handle
from events.read import LogReader, Record, decode_record
from events.records import PromptSubmitted
from events.security import KafkaSecurity
from events.topics import GENERATIONS, KeyedBy, Topic
from keys.coordinates import Coordinates as Place
from keys.coordinates import Expectation, Kind, Purpose
from keys.sealed import unseal
from tests.events.conftest import frozen
from tests.events.fresh import cancellation, sealed_prompt, started, submitted
from tests.events.scripts import LONGEST_PROMPTS
from tests.keys.builders import opened
from tests.services.fix_kafka import RunningKafka

PATIENCE_S = 2.0


@asynccontextmanager
async def appending(kafka: RunningKafka, **kwargs: Any) -> AsyncIterator[Appender]:
    """An appender of `api` that gives up soon."""
    appender = Appender(bootstrap=kafka.bootstrap, security=kafka.security, process="api", append_timeout_s=PATIENCE_S, **kwargs)
    await appender.start()
    try:
        yield appender
    finally:
        await appender.stop()


async def record_at(kafka: RunningKafka, place: Coordinates) -> Record:
    """The record that lies there."""
    reader = LogReader(bootstrap=kafka.bootstrap, security=kafka.security)
    (found,) = [record async for record in reader.read(place.topic, {place.partition: (place.offset, place.offset + 1)})]
    return found


async def ends(kafka: RunningKafka) -> dict[int, int]:
    """Where generations end now."""
    return await LogReader(bootstrap=kafka.bootstrap, security=kafka.security).end_offsets(GENERATIONS)


async def appended_since(kafka: RunningKafka, begins: dict[int, int]) -> list[Event]:
    """Every event on generations from there on."""
    reader, now = LogReader(bootstrap=kafka.bootstrap, security=kafka.security), await ends(kafka)
    return [decode_record(record) async for record in reader.read(GENERATIONS, {p: (begins[p], now[p]) for p in now})]


async def test_what_was_acknowledged_is_in_the_log(log: RunningKafka, appender: Appender) -> None:
    """With exactly the bytes of the codec, at the place and time that the broker named."""
    event = cancellation()
    place = await appender.append(event)
    record, encoded = await record_at(log, place), encode(event)
    assert (record.key, record.headers, record.value) == (encoded.key, encoded.headers, encoded.value)
    assert decode_record(record) == event
    assert place == Coordinates(GENERATIONS, record.partition, record.offset, record.timestamp)
    assert abs(datetime.now(UTC) - place.timestamp) < timedelta(seconds=30)


async def test_events_of_one_subject_keep_their_order(log: RunningKafka, appender: Appender) -> None:
    """One key, one partition, one after another."""
    subject = SubjectHandle(new_handle())
    places = [await appender.append(cancellation(subject)) for _ in range(20)]
    assert len({place.partition for place in places}) == 1
    assert [place.offset for place in places] == sorted({place.offset for place in places})


@given(st.binary(max_size=100), st.integers(1, 100))
def test_a_key_lies_where_kafkas_own_clients_look_for_it(key: bytes, count: int) -> None:
    """Another partition for the same key would split a subject's order for ever."""
    partitions = list(range(count))
    assert partition_of(key, count) == DefaultPartitioner()(key, partitions, partitions)


async def test_many_tasks_may_append_at_once(log: RunningKafka, appender: Appender) -> None:
    """Each event once, each caller told its own place."""
    events = [cancellation() for _ in range(500)]
    begins = await ends(log)
    places = await asyncio.gather(*(appender.append(event) for event in events))
    assert len({(place.partition, place.offset) for place in places}) == 500
    found = {event.envelope.id for event in await appended_since(log, begins)}
    assert {event.envelope.id for event in events} <= found


async def test_the_same_bytes_may_be_appended_again(log: RunningKafka, appender: Appender) -> None:
    """A caller that was not told holds the event: two records, one event id."""
    encoded = encode(cancellation())
    first, second = [await appender.append_encoded(encoded) for _ in range(2)]
    assert first.offset != second.offset
    assert decode_record(await record_at(log, first)) == decode_record(await record_at(log, second))


async def test_only_the_writer_of_a_type_may_append_it(appender: Appender) -> None:
    """The broker would refuse it too; here it names the fault in the code."""
    with pytest.raises(NotTheWriter, match="work"):
        await appender.append(started())


def padded_to(size_bytes: int) -> Event:
    """A prompt whose record value has exactly that size."""
    spare = size_bytes - len(encode(submitted(bytes(size_bytes - 1000))).value)
    event = submitted(bytes(size_bytes - 1000 + spare))
    assert len(encode(event).value) == size_bytes
    return event


async def test_the_largest_event_is_appended(log: RunningKafka, appender: Appender) -> None:
    """60,000 bytes are promised to every consumer."""
    event = padded_to(LARGEST_VALUE_SIZE_BYTES)
    assert decode_record(await record_at(log, await appender.append(event))) == event


async def test_a_larger_one_is_refused_before_it_is_appended(log: RunningKafka, appender: Appender) -> None:
    """By one byte; the caller can do something about it, and the log holds nothing of it."""
    event, begins = padded_to(LARGEST_VALUE_SIZE_BYTES + 1), await ends(log)
    with pytest.raises(EventTooLarge, match="60001") as caught:
        await appender.append(event)
    assert isinstance(caught.value, Refused)
    assert event.envelope.id not in {found.envelope.id for found in await appended_since(log, begins)}


@pytest.mark.parametrize("script", sorted(LONGEST_PROMPTS))
async def test_the_longest_prompt_fits_once_it_is_sealed(script: str, log: RunningKafka, appender: Appender) -> None:
    """32,000 characters of any script go into the log and come back."""
    prompt = LONGEST_PROMPTS[script]
    sealed = sealed_prompt(prompt)
    found = decode_record(await record_at(log, await appender.append(submitted(sealed)))).body
    assert isinstance(found, PromptSubmitted)
    header = found.sealed[:144]
    place = Place(TenantHandle(header[8:24]), SubjectHandle(header[24:40]), 1, Month(found.month), 0, 5)
    content = unseal(opened(), Expectation(place, Purpose.PROMPT, UUID(bytes=header[52:68]), Kind.PROMPT), found.sealed)
    assert decode_content(content, PromptContent).prompt == prompt


async def test_a_topic_that_is_not_there_is_an_error_in_time(log: RunningKafka) -> None:
    """And not a wait for somebody to make it."""
    encoded = encode(cancellation())
    nowhere = Topic("test.nowhere", 1, KeyedBy.TENANT_AND_SUBJECT)
    lost = dataclasses.replace(encoded, kind=dataclasses.replace(encoded.kind, topic=nowhere))
    async with appending(log) as appender:
        with pytest.raises(AppendNotAcknowledged, match=r"test\.nowhere"):
            await asyncio.wait_for(appender.append_encoded(lost), PATIENCE_S + 2)


async def test_an_appender_that_does_not_run_appends_nothing(log: RunningKafka) -> None:
    """Before its start and after its end."""
    appender = Appender(bootstrap=log.bootstrap, security=log.security, process="api")
    with pytest.raises(AppendNotAcknowledged):
        await appender.append(cancellation())
    await appender.start()
    await appender.append(cancellation())
    await appender.stop()
    with pytest.raises(AppendNotAcknowledged):
        await appender.append(cancellation())


async def test_a_wrong_password_is_an_error_at_start(log: RunningKafka) -> None:
    """It names the process and the broker, not the password."""
    appender = Appender(bootstrap=log.bootstrap, security=KafkaSecurity.scram("admin", "hunter2"), process="api")
    with pytest.raises(AppendNotAcknowledged, match="api") as caught:
        await appender.start()
    assert "hunter2" not in str(caught.value)


async def test_no_broker_is_an_error_at_start() -> None:
    """A port where nobody listens."""
    appender = Appender(bootstrap="127.0.0.1:1", security=KafkaSecurity.plaintext(), process="api")
    with pytest.raises(AppendNotAcknowledged, match=r"127\.0\.0\.1:1"):
        await appender.start()


async def test_a_caller_that_gives_up_leaves_no_slot_taken(log: RunningKafka) -> None:
    """With two slots, fifty cancelled callers would otherwise stop the fifty-first for ever."""
    async with appending(log, max_in_flight=2) as appender:
        for _ in range(50):
            task = asyncio.create_task(appender.append(cancellation()))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await appender.append(cancellation())


async def test_a_broken_producer_is_replaced(log: RunningKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """After such an error the library answers every later send with one; the same bytes go out through a fresh producer."""
    send = AIOKafkaProducer.send
    broken: list[AIOKafkaProducer] = []

    async def fail_first(self: AIOKafkaProducer, *args: Any, **kwargs: Any) -> Any:
        if not broken:
            broken.append(self)
        if self is broken[0]:
            raise OutOfOrderSequenceNumber
        return await send(self, *args, **kwargs)

    monkeypatch.setattr(AIOKafkaProducer, "send", fail_first)
    async with appending(log) as appender:
        event = cancellation()
        places = await asyncio.gather(appender.append(event), *(appender.append(cancellation()) for _ in range(20)))
    assert decode_record(await record_at(log, places[0])) == event


async def test_a_stopped_broker_is_an_error_to_the_caller(own_log: RunningKafka) -> None:
    """In time, retriable; and once the broker is back the same appender appends the same bytes."""
    async with appending(own_log) as appender:
        encoded = encode(cancellation())
        await appender.append(cancellation())
        await own_log.child.stop()
        began = time.monotonic()
        with pytest.raises(AppendNotAcknowledged, match="CancellationRequested") as caught:
            await appender.append_encoded(encoded)
        assert time.monotonic() - began < PATIENCE_S + 3
        assert caught.value.retriable
        await own_log.restart()
        place = await _eventually(appender, encoded)
    assert decode_record(await record_at(own_log, place)).envelope.id == encoded.event_id


async def test_a_frozen_broker_is_an_error_to_the_caller(own_log: RunningKafka) -> None:
    """It accepted the bytes and said nothing: the event may come to the log later, or not, and the error says so."""
    async with appending(own_log) as appender:
        encoded = encode(cancellation())
        await appender.append(cancellation())
        async with frozen(own_log):
            began = time.monotonic()
            with pytest.raises(AppendNotAcknowledged, match="try again"):
                await appender.append_encoded(encoded)
            assert time.monotonic() - began < PATIENCE_S + 3
        await _eventually(appender, encoded)


async def test_every_caller_is_told_in_its_own_time(own_log: RunningKafka) -> None:
    """Not with the first of them, and one that is cancelled is cancelled: nobody tells it that time was up."""

    async def waited_s() -> float:
        began = time.monotonic()
        with pytest.raises(AppendNotAcknowledged):
            await appender.append(cancellation())
        return time.monotonic() - began

    async with appending(own_log) as appender:
        await appender.append(cancellation())
        async with frozen(own_log):
            tasks = []
            for _ in range(5):
                tasks.append(asyncio.create_task(waited_s()))
                await asyncio.sleep(0.2)
            cancelled = asyncio.create_task(appender.append(cancellation()))
            await asyncio.sleep(0.2)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            waits = await asyncio.gather(*tasks)
            assert all(PATIENCE_S - 0.1 < wait < PATIENCE_S + 3 for wait in waits)
        await _eventually(appender, encode(cancellation()))


async def test_stopping_does_not_wait_for_a_frozen_broker(own_log: RunningKafka) -> None:
    """A process has to end within seconds; whoever still waits is told."""
    appender = Appender(bootstrap=own_log.bootstrap, security=own_log.security, process="api", append_timeout_s=30.0)
    await appender.start()
    await appender.append(cancellation())
    async with frozen(own_log):
        waiting = asyncio.create_task(appender.append(cancellation()))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await appender.stop()
        assert time.monotonic() - began < 8.0
        with pytest.raises(AppendNotAcknowledged):
            await asyncio.wait_for(waiting, 1.0)


async def test_memory_is_bounded_while_the_broker_is_away(own_log: RunningKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand callers, eight records in the producer; all others wait in their own tasks, and all are told."""
    send, waiting, most = AIOKafkaProducer.send, 0, 0

    async def counted(self: AIOKafkaProducer, *args: Any, **kwargs: Any) -> Any:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)

        def done(_: Any) -> None:
            nonlocal waiting
            waiting -= 1

        try:
            delivery = await send(self, *args, **kwargs)
        except BaseException:
            done(None)
            raise
        delivery.add_done_callback(done)
        return delivery

    async with appending(own_log, max_in_flight=8) as appender:
        await appender.append(cancellation())
        monkeypatch.setattr(AIOKafkaProducer, "send", counted)
        async with frozen(own_log):
            outcomes = await asyncio.gather(*(appender.append(cancellation()) for _ in range(1000)), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {AppendNotAcknowledged}
        await _eventually(appender, encode(cancellation()))
    assert most == 8


async def _eventually(appender: Appender, encoded: EncodedEvent) -> Coordinates:
    """Tries as a caller would: again, until it is acknowledged."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return await appender.append_encoded(encoded)
        except AppendNotAcknowledged:
            if time.monotonic() > deadline:
                raise
