"""Reading the log raw: in order, whole or not at all, and without a trace."""

import asyncio
import dataclasses
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from events.append import Appender
from events.codec import encode
from events.errors import Corrupt, HeaderMismatch, LogHole, LogTruncated, LogUnavailable, UndecodableRecord, UnknownSchema
from events.identifiers import SubjectHandle, new_handle
from events.read import LogReader, Record, decode_record
from events.security import KafkaSecurity
from events.topics import ACCESSES, ERASURES, GENERATIONS, KeyedBy, Topic
from tests.events.conftest import frozen
from tests.events.fresh import cancellation
from tests.events.vectors import EVENTS, TIME
from tests.services.fix_kafka import RunningKafka

EVENT = EVENTS["CancellationRequested"]
ENCODED = encode(EVENT)
RECORD = Record(GENERATIONS, 3, 17, TIME, ENCODED.key, ENCODED.headers, ENCODED.value)


@pytest.fixture
async def admin(kafka: RunningKafka) -> AsyncIterator[AIOKafkaAdminClient]:
    """An administrator's client."""
    client = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap, **kafka.security.client_kwargs())
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def topic(admin: AIOKafkaAdminClient) -> Topic:
    """A fresh topic of three partitions, with the settings of the log."""
    made = Topic(f"test.read.{secrets.token_hex(4)}", 3, KeyedBy.NOTHING)
    await admin.create_topics([NewTopic(made.name, made.partitions, 1, topic_configs=dict(made.settings))])
    while made.name not in await admin.list_topics():  # noqa: ASYNC110  the broker tells nobody
        await asyncio.sleep(0.05)
    return made


@pytest.fixture
async def producer(kafka: RunningKafka) -> AsyncIterator[AIOKafkaProducer]:
    """Writes whatever a test wants, where it wants."""
    made = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", **kafka.security.client_kwargs())
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
def reader(kafka: RunningKafka) -> LogReader:
    """A reader of the shared broker."""
    return LogReader(bootstrap=kafka.bootstrap, security=kafka.security)


async def write(producer: AIOKafkaProducer, topic: Topic, partition: int, count: int, first: int = 0) -> None:
    """Values `p:n`, one after another."""
    for number in range(first, first + count):
        value = f"{partition}:{number}".encode()
        await producer.send(topic.name, value, b"key", partition=partition, headers=[("name", b"value")])
    await producer.flush()


async def append_to(kafka: RunningKafka, subject: SubjectHandle, count: int) -> int:
    """Appends events of one subject; the partition where they lie."""
    appender = Appender(bootstrap=kafka.bootstrap, security=kafka.security, process="api")
    await appender.start()
    try:
        places = [await appender.append(cancellation(subject)) for _ in range(count)]
        return places[0].partition
    finally:
        await appender.stop()


async def values(records: AsyncIterator[Record]) -> dict[int, list[str]]:
    """What was read, by partition."""
    found: dict[int, list[str]] = {}
    async for record in records:
        found.setdefault(record.partition, []).append((record.value or b"").decode())
    return found


async def test_reads_each_partition_whole_and_in_order(reader: LogReader, producer: AIOKafkaProducer, topic: Topic) -> None:
    """More than one fetch holds, from the first to the last."""
    for partition in range(3):
        await write(producer, topic, partition, 3000)
    found = await values(reader.read(topic, dict.fromkeys(range(3), (0, 3000))))
    assert found == {partition: [f"{partition}:{number}" for number in range(3000)] for partition in range(3)}


async def test_reads_exactly_the_ranges_that_were_asked_for(reader: LogReader, producer: AIOKafkaProducer, topic: Topic) -> None:
    """The end is left out; an empty range and a partition that was not named give nothing."""
    for partition in range(3):
        await write(producer, topic, partition, 10)
    assert await values(reader.read(topic, {0: (2, 5), 2: (9, 10)})) == {0: ["0:2", "0:3", "0:4"], 2: ["2:9"]}
    assert await values(reader.read(topic, {0: (4, 4), 1: (7, 2)})) == {}
    assert await values(reader.read(topic, {})) == {}


async def test_what_is_appended_meanwhile_is_not_read(reader: LogReader, producer: AIOKafkaProducer, topic: Topic) -> None:
    """A range has an end, so that a rebuild has one too."""
    await write(producer, topic, 0, 5)
    found = []
    async for record in reader.read(topic, {0: (0, 5)}):
        found.append(record.offset)
        await write(producer, topic, 0, 1, first=100 + record.offset)
    assert found == [0, 1, 2, 3, 4]


async def test_a_record_is_given_with_its_exact_bytes(reader: LogReader, producer: AIOKafkaProducer, topic: Topic) -> None:
    """Key, headers, value, place, and the broker's time: digests are made of them."""
    headers = [("b", b"2"), ("a", b"\x00\xff"), ("b", b"1")]
    sent = await producer.send_and_wait(topic.name, None, b"\x00key", partition=1, headers=headers, timestamp_ms=1)
    (found,) = [record async for record in reader.read(topic, {1: (0, 1)})]
    assert found == Record(topic, 1, 0, found.timestamp, b"\x00key", headers, None)
    assert sent.offset == 0
    assert abs(datetime.now(UTC) - found.timestamp) < timedelta(seconds=30)


async def test_ends_and_beginnings_are_told_for_every_partition(
    reader: LogReader, producer: AIOKafkaProducer, topic: Topic
) -> None:
    """Also for those that are empty."""
    await write(producer, topic, 1, 4)
    assert await reader.end_offsets(topic) == {0: 0, 1: 4, 2: 0}
    assert await reader.begin_offsets(topic) == {0: 0, 1: 0, 2: 0}


async def test_a_moment_is_turned_into_offsets(reader: LogReader, producer: AIOKafkaProducer, topic: Topic) -> None:
    """The first record appended then or later; the end, if there is none."""
    await write(producer, topic, 0, 3)
    await asyncio.sleep(0.05)
    moment = datetime.now(UTC)
    await asyncio.sleep(0.05)
    await write(producer, topic, 0, 2, first=3)
    assert await reader.offsets_at(topic, moment) == {0: 3, 1: 0, 2: 0}
    assert await reader.offsets_at(topic, moment - timedelta(days=1)) == {0: 0, 1: 0, 2: 0}
    assert await reader.offsets_at(topic, moment + timedelta(days=1)) == {0: 5, 1: 0, 2: 0}


async def test_a_log_that_lost_its_beginning_is_not_read(
    reader: LogReader, producer: AIOKafkaProducer, topic: Topic, admin: AIOKafkaAdminClient
) -> None:
    """Whoever begins where there is nothing any more would rebuild something else, and call it the same."""
    await write(producer, topic, 0, 10)
    await admin.delete_records({TopicPartition(topic.name, 0): RecordsToDelete(before_offset=4)})
    with pytest.raises(LogTruncated, match="begins at 4"):
        await values(reader.read(topic, {0: (0, 10)}))
    assert await reader.begin_offsets(topic) == {0: 4, 1: 0, 2: 0}
    assert len((await values(reader.read(topic, {0: (4, 10)})))[0]) == 6


async def test_a_hole_is_an_error(reader: LogReader, producer: AIOKafkaProducer, topic: Topic, kafka: RunningKafka) -> None:
    """A transaction's marker takes an offset and is no record: in this log nothing may be missing."""
    await write(producer, topic, 0, 1)
    transactional = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap, transactional_id=topic.name, **kafka.security.client_kwargs()
    )
    await transactional.start()
    async with transactional.transaction():
        await transactional.send_and_wait(topic.name, b"in a transaction", partition=0)
    await transactional.stop()
    while (await reader.end_offsets(topic))[0] < 3:  # noqa: ASYNC110  the marker comes when it comes
        await asyncio.sleep(0.05)
    await write(producer, topic, 0, 1)
    with pytest.raises(LogHole, match="no offset 2; the next is 3") as caught:
        await values(reader.read(topic, {0: (0, 4)}))
    assert isinstance(caught.value, Corrupt)


async def test_a_range_beyond_the_end_does_not_wait_for_ever(
    reader: LogReader, producer: AIOKafkaProducer, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for is not there, and who asked is told."""
    monkeypatch.setattr("events.read._STALL_S", 0.5)
    await write(producer, topic, 0, 3)
    with pytest.raises(LogUnavailable, match="before its end"):
        await values(reader.read(topic, {0: (0, 4)}))


async def test_a_tail_goes_on_with_what_is_appended_later(reader: LogReader, producer: AIOKafkaProducer, topic: Topic) -> None:
    """From the given offsets, without an end."""
    await write(producer, topic, 0, 3)
    tail = cast("AsyncGenerator[Record]", reader.tail(topic, {0: 1, 1: 0}))
    async with aclosing(tail):
        found = [(await anext(tail)).value for _ in range(2)]
        await write(producer, topic, 1, 1)
        found.append((await asyncio.wait_for(anext(tail), 10)).value)
    assert found == [b"0:1", b"0:2", b"1:0"]


async def test_readers_do_not_disturb_each_other(reader: LogReader, producer: AIOKafkaProducer, topic: Topic) -> None:
    """Nothing is committed, no group is joined: each reads all."""
    await write(producer, topic, 0, 100)
    found = await asyncio.gather(*(values(reader.read(topic, {0: (0, 100)})) for _ in range(4)))
    assert [len(each[0]) for each in found] == [100] * 4


async def test_no_broker_is_told_as_such(topic: Topic) -> None:
    """Retriable; by every question."""
    away = LogReader(bootstrap="127.0.0.1:1", security=KafkaSecurity.plaintext())
    for question in (away.end_offsets(topic), away.begin_offsets(topic), values(away.read(topic, {0: (0, 1)}))):
        with pytest.raises(LogUnavailable, match=r"127\.0\.0\.1:1") as caught:
            await question
        assert caught.value.retriable


async def test_a_frozen_broker_is_told_in_time(own_log: RunningKafka) -> None:
    """It accepts the connection and says nothing: the question ends, and can be asked again."""
    reader = LogReader(bootstrap=own_log.bootstrap, security=own_log.security, request_timeout_s=1.0)
    before = await reader.end_offsets(GENERATIONS)
    async with frozen(own_log):
        began = time.monotonic()
        with pytest.raises(LogUnavailable):
            await reader.end_offsets(GENERATIONS)
        assert time.monotonic() - began < 8.0
    assert await reader.end_offsets(GENERATIONS) == before


async def test_a_read_goes_on_after_a_broker_was_away(own_log: RunningKafka) -> None:
    """Without a gap and without a record twice: a rebuild does not begin anew."""
    reader = LogReader(bootstrap=own_log.bootstrap, security=own_log.security)
    begins, subject = await reader.end_offsets(GENERATIONS), SubjectHandle(new_handle())
    partition = await append_to(own_log, subject, 10)
    first, found = begins[partition], []
    async for record in reader.read(GENERATIONS, {partition: (first, first + 20)}):
        found.append(record.offset)
        if len(found) == 3:
            await own_log.child.stop()
            await own_log.restart()
            await append_to(own_log, subject, 10)
    assert found == list(range(first, first + 20))


def test_a_record_is_decoded() -> None:
    """The event that was appended."""
    assert decode_record(RECORD) == EVENT


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"topic": ACCESSES}, UndecodableRecord),
        ({"topic": ERASURES}, UndecodableRecord),
        ({"key": None}, UndecodableRecord),
        ({"key": ENCODED.key[:16] if ENCODED.key else None}, UndecodableRecord),
        ({"key": bytes(32)}, UndecodableRecord),
        ({"headers": []}, HeaderMismatch),
        ({"value": None}, UndecodableRecord),
        ({"value": b"\x00\x00\x00\xff\xff"}, UnknownSchema),
    ],
    ids=[
        "another topic",
        "a topic of commands",
        "no key",
        "half a key",
        "another key",
        "no headers",
        "no value",
        "unknown schema",
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changed: dict[str, object], error: type[Exception]) -> None:
    """A pure function of the record: every reader decides the same."""
    with pytest.raises(error):
        decode_record(dataclasses.replace(RECORD, **changed))  # type: ignore[arg-type]


def test_where_a_record_lies_within_its_topic_does_not_matter() -> None:
    """Partition, offset and time are the broker's."""
    assert decode_record(dataclasses.replace(RECORD, partition=0, offset=0, timestamp=TIME + timedelta(days=1))) == EVENT
