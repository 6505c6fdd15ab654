"""Read the log in order, raw, by partition and offset: for rebuilds, auditors and those who need a topic's end.

Partitions are assigned by hand, so reading disturbs no consumer group and commits nothing. Never skips: an offset that is missing
between two records is an error.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from events.catalogue import of
from events.codec import Event, decode, record_key
from events.errors import LogHole, LogTruncated, LogUnavailable, UndecodableRecord
from events.headers import Headers
from events.security import KafkaSecurity
from events.topics import Topic

REQUEST_TIMEOUT_S = 10.0
_BATCH = 2_000
_POLL_TIMEOUT_MS = 200
_STALL_S = 20.0


@dataclass(frozen=True, slots=True)
class Record:
    """The exact bytes of one record and where it lies; `timestamp` is the broker's time of the append."""

    topic: Topic
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    headers: Headers
    value: bytes | None


def decode_record(record: Record) -> Event:
    """The event of a record, whose key and topic must agree with it too.

    Raises:
        UndecodableRecord: a pure function of the record: its bytes, headers, key or topic contradict each other.
        UnknownSchema: a schema id that this release does not know.
    """
    event = decode(record.value, record.headers)
    topic = of(event.body).topic
    if topic != record.topic:
        raise UndecodableRecord(f"{type(event.body).__name__} does not belong on topic {record.topic.name}")
    if record_key(topic, event.envelope) != record.key:
        raise UndecodableRecord("the key does not agree with the value")
    return event


class LogReader:
    """Opens a short-lived consumer for each call; safe to use from many tasks at once.

    `request_timeout_s` bounds each question to a broker that is there and does not answer.
    """

    def __init__(self, *, bootstrap: str, security: KafkaSecurity, request_timeout_s: float = REQUEST_TIMEOUT_S) -> None:
        self._bootstrap, self._security, self._request_timeout_s = bootstrap, security, request_timeout_s

    async def end_offsets(self, topic: Topic) -> dict[int, int]:
        """For each partition the offset after its last record, as it is now. Raises LogUnavailable."""
        async with self._consumer() as consumer:
            found = await consumer.end_offsets(_partitions(topic))
            return {partition.partition: offset for partition, offset in found.items()}

    async def begin_offsets(self, topic: Topic) -> dict[int, int]:
        """For each partition the offset of its first record. Raises LogUnavailable."""
        async with self._consumer() as consumer:
            found = await consumer.beginning_offsets(_partitions(topic))
            return {partition.partition: offset for partition, offset in found.items()}

    async def offsets_at(self, topic: Topic, moment: datetime) -> dict[int, int]:
        """For each partition the offset of the first record appended at or after `moment` (its end, if there is none)."""
        async with self._consumer() as consumer:
            ends = await consumer.end_offsets(_partitions(topic))
            unix_ms = int(moment.timestamp() * 1000)
            found = await consumer.offsets_for_times(dict.fromkeys(_partitions(topic), unix_ms))
            return {partition.partition: ends[partition] if place is None else place.offset for partition, place in found.items()}

    async def read(self, topic: Topic, ranges: Mapping[int, tuple[int, int]]) -> AsyncIterator[Record]:
        """The records of each partition from the first offset up to but not including the second.

        Each partition in order; partitions interleave as they come. Ends when every range was read.

        Raises:
            LogTruncated: a range begins before the first record that is left.
            LogHole: an offset within a range is missing.
            LogUnavailable: the broker is away.
        """
        nexts = {partition: first for partition, (first, end) in ranges.items() if first < end}
        if not nexts:
            return
        async with self._consumer() as consumer:
            await self._assign(consumer, topic, nexts)
            async for record in _ordered(consumer, topic, nexts, {p: end for p, (_, end) in ranges.items()}):
                yield record

    async def tail(self, topic: Topic, nexts: Mapping[int, int]) -> AsyncIterator[Record]:
        """Like `read`, without an end: waits for what is appended later."""
        async with self._consumer() as consumer:
            positions = dict(nexts)
            await self._assign(consumer, topic, positions)
            async for record in _ordered(consumer, topic, positions, None):
                yield record

    async def _assign(self, consumer: AIOKafkaConsumer, topic: Topic, nexts: Mapping[int, int]) -> None:
        partitions = [TopicPartition(topic.name, partition) for partition in nexts]
        begins = await consumer.beginning_offsets(partitions)
        for partition in partitions:
            if begins[partition] > nexts[partition.partition]:
                raise LogTruncated(
                    f"{topic.name}[{partition.partition}] begins at {begins[partition]}, "
                    f"but offset {nexts[partition.partition]} is wanted"
                )
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, nexts[partition.partition])

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id="intaglio-reader",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=int(self._request_timeout_s * 1000),
            **self._security.client_kwargs(),
        )
        try:
            await consumer.start()
            yield consumer
        except (KafkaError, TimeoutError) as error:
            raise LogUnavailable(f"the log at {self._bootstrap} cannot be read ({type(error).__name__})") from error
        finally:
            await consumer.stop()


def _partitions(topic: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]


async def _ordered(
    consumer: AIOKafkaConsumer, topic: Topic, nexts: dict[int, int], ends: Mapping[int, int] | None
) -> AsyncIterator[Record]:
    """Reads on from `nexts`, which it moves; stops at `ends` if there are any."""
    last_progress = asyncio.get_running_loop().time()
    while ends is None or any(nexts[partition] < ends[partition] for partition in nexts):
        batch = await consumer.getmany(timeout_ms=_POLL_TIMEOUT_MS, max_records=_BATCH)
        now = asyncio.get_running_loop().time()
        if batch:
            last_progress = now
        elif ends is not None and now - last_progress > _STALL_S:
            raise LogUnavailable(f"{topic.name} gave nothing for {_STALL_S:g} s before its end")
        for place, found in batch.items():
            for raw in found:
                if ends is not None and raw.offset >= ends[place.partition]:
                    break
                expected = nexts[place.partition]
                if raw.offset != expected:
                    raise LogHole(f"{topic.name}[{place.partition}] has no offset {expected}; the next is {raw.offset}")
                nexts[place.partition] = raw.offset + 1
                yield Record(
                    topic,
                    raw.partition,
                    raw.offset,
                    datetime.fromtimestamp(raw.timestamp / 1000, UTC),
                    raw.key,
                    list(raw.headers),
                    raw.value,
                )
