"""The read models over topics of one test's own: the same folds, the same codec, other topic names."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from events.codec import Event, encode
from events.positions.application import FoldApp
from events.read import LogReader, Record, decode_record
from events.topics import Topic
from projections import agent, folds
from projections.digest import ProjectionDigest, digests
from projections.positions import passed
from projections.rebuild import Rebuilt, rebuild
from projections.writing import ProjectionFold
from tests.events.positions.harness import Broker


class Platform:
    """Topics, read models and whatever runs over them."""

    def __init__(self, broker: Broker, dsn: str, pool: AsyncConnectionPool[Any], topics: dict[Topic, Topic]) -> None:
        self.broker, self.dsn, self.pool, self.topics = broker, dsn, pool, topics
        self.reader = LogReader(bootstrap=broker.bootstrap, security=broker.security)
        self.announced: list[Event] = []

    async def append(self, events: Iterable[Event]) -> None:
        """Appends events as the log's own appender would, to the topics of the test."""
        async with self.broker.producer() as producer:
            await self.append_with(producer, events)

    async def append_with(self, producer: AIOKafkaProducer, events: Iterable[Event]) -> None:
        """The same, with a producer that is kept."""
        for each in events:
            encoded = encode(each)
            name = self.topics[encoded.topic].name
            await producer.send(name, encoded.value, encoded.key, headers=list(encoded.headers))
        await producer.flush()

    def projector(self, **kwargs: Any) -> FoldApp:
        """The live projector; what it announces goes to `announced`."""
        return agent.build_projector(
            bootstrap=self.broker.bootstrap,
            security=self.broker.security,
            pool=self.pool,
            appender=_Announcements(self.announced),  # type: ignore[arg-type]
            **kwargs,
        )

    async def wait_until_passed(self, timeout_s: float = 30.0) -> None:
        """Returns once the read models hold everything that is in the log now."""
        wanted = {topic: await self.reader.end_offsets(topic) for topic in self.topics.values()}
        deadline = time.monotonic() + timeout_s
        for topic, ends in wanted.items():
            while not await self._passed(topic, {place: end - 1 for place, end in ends.items()}):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{topic.name} is not folded after {timeout_s} s")
                await asyncio.sleep(0.05)

    async def _passed(self, topic: Topic, offsets: dict[int, int]) -> bool:
        async with self.pool.connection() as connection:
            return await passed(connection, topic, offsets)

    async def digests(self) -> list[ProjectionDigest]:
        """The digest of every projection."""
        async with await AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            return await digests(connection)

    async def rebuild(self, name: str) -> Rebuilt:
        """Folds one projection again."""
        async with await AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            return await rebuild(connection, self.reader, name)


class _Announcements:
    def __init__(self, events: list[Event]) -> None:
        self._events = events

    async def append(self, event: Event) -> None:
        """Keeps what would be appended."""
        self._events.append(event)


@asynccontextmanager
async def open_platform(broker: Broker, dsn: str, patch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """Points the projections at fresh topics; the codec still sees the names of the catalogue."""
    topics = {fold.topic: await broker.new_topic(fold.topic.partitions) for fold in folds.PROJECTIONS}
    real = {alias: topic for topic, alias in topics.items()}

    def decode(record: Record) -> Event:
        return decode_record(dataclasses.replace(record, topic=real.get(record.topic, record.topic)))

    aliased = tuple(ProjectionFold(fold.projection, topics[fold.topic], fold.tables, fold.apply) for fold in folds.PROJECTIONS)
    patch.setattr("events.positions.decoding.decode_record", decode)
    patch.setattr(folds, "PROJECTIONS", aliased)
    patch.setattr(agent, "PROJECTIONS", aliased)
    patch.setattr(agent, "GROUP", f"group-{aliased[0].topic.name}")
    async with AsyncConnectionPool(dsn, min_size=1, max_size=6, open=False) as pool:
        yield Platform(broker, dsn, pool, topics)
