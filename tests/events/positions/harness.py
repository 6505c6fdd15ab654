"""What the tests of folds share: topics of their own, a schema of their own, a fold that writes down what it saw."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from events.errors import UndecodableRecord, UnknownSchema
from events.positions.application import FoldApp, build_fold_app
from events.positions.fold import FoldedRecord
from events.positions.folder import OnPoint, OnQuarantine
from events.read import Record
from events.security import KafkaSecurity
from events.topics import KeyedBy, Topic

POSITIONS = (
    "create table {schema}.positions (projection text not null, topic text not null, partition integer not null,"
    " last_offset bigint not null, digest bytea not null, primary key (projection, topic, partition))"
)
SEEN = "create table {schema}.seen (id bigserial primary key, topic text, partition integer, record_offset bigint, value text)"


@dataclass(frozen=True)
class Broker:
    """A broker, with the rights of its administrator."""

    bootstrap: str
    security: KafkaSecurity

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """An administrator's client."""
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, **self.security.client_kwargs())
        await client.start()
        try:
            yield client
        finally:
            await client.close()

    async def new_topic(self, partitions: int = 3) -> Topic:
        """A fresh topic with the settings of the log."""
        topic = Topic(f"test.{secrets.token_hex(6)}", partitions, KeyedBy.TENANT_AND_SUBJECT)
        await self.create(topic)
        return topic

    async def create(self, topic: Topic) -> None:
        """Makes a topic, again if it was deleted a moment ago."""
        new = NewTopic(topic.name, topic.partitions, 1, topic_configs=dict(topic.settings))
        async with self.admin() as admin:
            for _ in range(50):
                answer = await admin.create_topics([new])
                if answer.topic_errors[0][1] == 0:
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.2)

    @asynccontextmanager
    async def producer(self, **kwargs: Any) -> AsyncIterator[AIOKafkaProducer]:
        """A raw producer, for records that our own appender would never write."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", **self.security.client_kwargs(), **kwargs)
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def write(self, topic: Topic, values: Sequence[str], partition: int | None = None) -> None:
        """Appends values, round the partitions or into one."""
        async with self.producer() as producer:
            for number, value in enumerate(values):
                place = number % topic.partitions if partition is None else partition
                await producer.send(topic.name, value.encode(), key=b"k", partition=place)
            await producer.flush()


class SeenFold:
    """Writes each record's value into `<schema>.seen`; `before_write` may plant a fault."""

    def __init__(self, schema: str, topic: Topic, before_write: Callable[[], None] | None = None) -> None:
        self.projection = "seen"
        self.topic = topic
        self.batches: list[int] = []
        self._insert = sql.SQL("insert into {} (topic, partition, record_offset, value) values (%s, %s, %s, %s)").format(
            sql.Identifier(schema, "seen")
        )
        self.before_write = before_write

    async def write(self, connection: AsyncConnection[Any], batch: Sequence[FoldedRecord]) -> None:
        """Inserts what can be decoded."""
        if self.before_write is not None:
            self.before_write()
        self.batches.append(len(batch))
        rows = [
            (
                folded.record.topic.name,
                folded.record.partition,
                folded.record.offset,
                (folded.record.value or b"").decode(),
            )
            for folded in batch
            if folded.event is not None
        ]
        async with connection.cursor() as cursor:
            await cursor.executemany(self._insert, rows)


def decode_text(record: Record) -> Any:
    """Stands in for the codec, which has tests of its own: any text is an event, but for two words."""
    if record.value == b"garbage":
        raise UndecodableRecord("garbage")
    if record.value == b"from the future":
        raise UnknownSchema("schema 999 is not known")
    return object()


class Bench:
    """A broker, a topic and a schema, and fold apps over them."""

    def __init__(self, broker: Broker, dsn: str, schema: str, pool: AsyncConnectionPool[Any], topic: Topic) -> None:
        self.broker, self.dsn, self.schema, self.pool, self.topic = broker, dsn, schema, pool, topic
        self.group = f"group-{schema}"

    def fold(self, before_write: Callable[[], None] | None = None) -> SeenFold:
        """A fresh fold over the bench's topic."""
        return SeenFold(self.schema, self.topic, before_write)

    def app(
        self,
        fold: SeenFold | None = None,
        *,
        on_quarantine: OnQuarantine | None = None,
        on_point: OnPoint | None = None,
    ) -> FoldApp:
        """A fold app that is not running yet; several of one bench share the group."""
        return build_fold_app(
            name=self.group,
            process="project",
            bootstrap=self.broker.bootstrap,
            security=self.broker.security,
            pool=self.pool,
            schema=self.schema,
            folds=[fold or self.fold()],
            on_quarantine=on_quarantine,
            on_point=on_point,
        )

    def description(self, point: str) -> str:
        """The bench as a work order for `victim.py`."""
        security = self.broker.security
        return json.dumps(
            {
                "point": point,
                "topic": self.topic.name,
                "partitions": str(self.topic.partitions),
                "dsn": self.dsn,
                "schema": self.schema,
                "group": self.group,
                "bootstrap": self.broker.bootstrap,
                "protocol": security.protocol,
                "mechanism": security.mechanism,
                "username": security.username,
                "password": security.password,
            }
        )

    async def seen(self) -> list[str]:
        """The values that were folded, in the order of partitions and offsets."""
        rows = await self._rows("select value from {} order by partition, record_offset, id")
        return [row[0] for row in rows]

    async def places(self) -> list[tuple[int, int]]:
        """Partition and offset of every row, duplicates included."""
        return await self._rows("select partition, record_offset from {} order by partition, record_offset")

    async def _rows(self, query: str) -> list[Any]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(sql.SQL(query).format(sql.Identifier(self.schema, "seen")))
            rows: list[Any] = await cursor.fetchall()
            return rows

    async def positions(self) -> dict[int, int]:
        """The stored positions."""
        async with self.pool.connection() as connection:
            query = sql.SQL("select partition, last_offset from {} order by partition")
            cursor = await connection.execute(query.format(sql.Identifier(self.schema, "positions")))
            return dict(await cursor.fetchall())

    async def wait_for_rows(self, count: int, timeout_s: float = 25.0) -> None:
        """Returns once `count` rows were folded."""
        deadline = time.monotonic() + timeout_s
        while (have := len(await self.places())) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{have} of {count} rows after {timeout_s} s; positions {await self.positions()}")
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_bench(broker: Broker, dsn: str, partitions: int = 3) -> AsyncIterator[Bench]:
    """A bench whose schema is dropped afterwards."""
    schema = f"t{secrets.token_hex(6)}"
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(dsn, min_size=1, max_size=6, open=False)
    await pool.open()
    try:
        async with pool.connection() as connection:
            await connection.execute(f"create schema {schema}")
            await connection.execute(POSITIONS.format(schema=schema))
            await connection.execute(SEEN.format(schema=schema))
        yield Bench(broker, dsn, schema, pool, await broker.new_topic(partitions))
        async with pool.connection() as connection:
            await connection.execute(f"drop schema {schema} cascade")
    finally:
        await pool.close()
