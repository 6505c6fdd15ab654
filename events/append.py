"""Append events to the log: acknowledged by the broker, or an error to the caller.

Idempotent within a connection, acks=all, bounded in memory. It retries nothing beyond what the client library does safely: the
caller holds the event and may append the very same bytes again. It never writes a line instead of raising, and never drops an
event silently.
"""

import asyncio
import functools
import struct
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaConnectionError,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)

from events.codec import EncodedEvent, Event, encode
from events.errors import AppendNotAcknowledged, EventTooLarge, Misconfigured, PlatformError
from events.security import KafkaSecurity
from events.topics import Topic

LARGEST_VALUE_SIZE_BYTES = 60_000
APPEND_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 5.0
_ABANDON_TIMEOUT_S = 0.5
IN_FLIGHT = 256
_KEYS = 4096
_MURMUR = 0x5BD1E995
_32_BITS = 0xFFFFFFFF

# After one of these a producer of this client library answers every later send with an error (aiokafka 1017).
_BROKEN_FOR_EVER = (
    OutOfOrderSequenceNumber,
    InvalidProducerEpoch,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)


class NotTheWriter(PlatformError):
    """A process tried to say what the catalogue lets only another one say; a fault in the code."""

    code = "not-the-writer"


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Where the broker put a record, and its own time of the append."""

    topic: Topic
    partition: int
    offset: int
    timestamp: datetime


class _Deadlines:
    """`asyncio.timeout` for many waits of one length, with one timer between them: one each was a tenth of the append path."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._waits: deque[_Wait] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, wait: "_Wait") -> float:
        """Takes a wait in; when it ends by the loop's clock."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._timeout_s
        self._waits.append(wait)
        if self._timer is None:
            self._timer = loop.call_at(until_s, self._expire)
        return until_s

    def forget_ended(self) -> None:
        """Waits end nearly in their order, so that little more is kept than what is under way."""
        while self._waits and self._waits[0].task is None:
            self._waits.popleft()

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for wait in self._waits:
            if wait.until_s > now_s:
                break
            wait.expire()
        while self._waits and self._waits[0].until_s <= now_s:
            self._waits.popleft()
        self._timer = loop.call_at(self._waits[0].until_s, self._expire) if self._waits else None


class _Wait:
    """One use of `_Deadlines`; raises TimeoutError out of its block when the time is over, like `asyncio.timeout`."""

    __slots__ = ("_cancelling", "_deadlines", "_is_expired", "task", "until_s")

    def __init__(self, deadlines: _Deadlines) -> None:
        self._deadlines, self._is_expired, self._cancelling = deadlines, False, 0
        self.task: asyncio.Task[Any] | None = None
        self.until_s = 0.0

    def __enter__(self) -> None:
        self.task = task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        self._cancelling = task.cancelling()
        self.until_s = self._deadlines.begin(self)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        task, self.task = self.task, None
        self._deadlines.forget_ended()
        if not self._is_expired or task is None:
            return
        if task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Interrupts whoever still waits."""
        if self.task is not None:
            self._is_expired = True
            self.task.cancel()


class Appender:
    """The producer of one process.

    `append` may be called from many tasks at once; at most `max_in_flight` records wait together.
    """

    def __init__(
        self,
        *,
        bootstrap: str,
        security: KafkaSecurity,
        process: str,
        max_in_flight: int = IN_FLIGHT,
        append_timeout_s: float = APPEND_TIMEOUT_S,
    ) -> None:
        self._bootstrap, self._security, self.process = bootstrap, security, process
        self._append_timeout_s = append_timeout_s
        self._deadlines = _Deadlines(append_timeout_s)
        self._slots = asyncio.Semaphore(max_in_flight)
        self._renewal = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._is_started = False
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connects.

        Raises:
            AppendNotAcknowledged: no broker answers, or it does not let this process in.
        """
        self._is_started = True
        await self._renewed(None)

    async def stop(self) -> None:
        """Waits at most `STOP_TIMEOUT_S` for what is under way, then disconnects.

        Who still waits gets an error then.
        """
        self._is_started = False
        producer, self._producer = self._producer, None
        if producer is not None:
            await _disconnect(producer)
        await asyncio.gather(*self._closing)

    async def append(self, event: Event) -> Coordinates:
        """Appends one event; on return every in-sync replica has it.

        Cancelling the call takes nothing back: what was handed to the producer may still be appended.

        Raises:
            EventTooLarge: the value passes 60,000 bytes; nothing was sent.
            AppendNotAcknowledged: no confirmation in time; the event may or may not be in the log, now or later.
            NotTheWriter: the catalogue names another process for this type.
            Misconfigured: the topic has fewer partitions than the catalogue says.
        """
        return await self.append_encoded(encode(event))

    async def append_encoded(self, encoded: EncodedEvent) -> Coordinates:
        """Like `append`, for a record that was encoded before; the same bytes may be appended again.

        Raises:
            EventTooLarge: as `append`.
            AppendNotAcknowledged: as `append`.
            NotTheWriter, Misconfigured: as `append`.
        """
        kind = encoded.kind
        if kind.writer != self.process:
            raise NotTheWriter(f"{kind.name} is appended by {kind.writer}, not by {self.process}")
        size_bytes = len(encoded.value)
        if size_bytes > LARGEST_VALUE_SIZE_BYTES:
            raise EventTooLarge(f"{kind.name} would take {size_bytes} bytes of {LARGEST_VALUE_SIZE_BYTES}; send less text")
        try:
            with _Wait(self._deadlines):
                metadata = await self._delivered(encoded)
        except (KafkaError, TimeoutError) as error:
            raise AppendNotAcknowledged(
                f"{kind.name} was not confirmed on {kind.topic.name} ({type(error).__name__}); check the broker, then try again"
            ) from error
        if metadata.offset < 0:
            # The broker knows the batch as a duplicate and has forgotten where it put it.
            raise AppendNotAcknowledged(f"{kind.name} is on {kind.topic.name}, but where is not known; try again")
        moment = datetime.fromtimestamp(metadata.timestamp / 1000, UTC)
        return Coordinates(kind.topic, metadata.partition, metadata.offset, moment)

    async def _delivered(self, encoded: EncodedEvent) -> Any:
        producer = self._producer or await self._renewed(None)
        try:
            return await self._sent(producer, encoded)
        except _BROKEN_FOR_EVER:
            # The broker refused the batch as a whole, so the same bytes may go out once more.
            return await self._sent(await self._renewed(producer), encoded)

    async def _sent(self, producer: AIOKafkaProducer, encoded: EncodedEvent) -> Any:
        topic, key = encoded.kind.topic, encoded.key
        partition = None if key is None else partition_of(key, topic.partitions)
        await self._slots.acquire()
        try:
            delivery: asyncio.Future[Any] = await producer.send(
                topic.name, encoded.value, key, partition, headers=encoded.headers
            )
        except AssertionError:
            self._slots.release()
            raise Misconfigured(f"{topic.name} has not the {topic.partitions} partitions that it must have") from None
        except BaseException:
            self._slots.release()
            raise
        # The slot belongs to the record, not to the caller, who may give up before the producer does.
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        delivery.add_done_callback(functools.partial(self._release, answer))
        return await answer

    def _release(self, answer: "asyncio.Future[Any]", delivery: "asyncio.Future[Any]") -> None:
        self._slots.release()
        if delivery.cancelled():
            answer.cancel()
            return
        # Asked for in any case: a caller that gave up was already told that nothing was confirmed.
        error = delivery.exception()
        if answer.done():
            return
        if error is None:
            answer.set_result(delivery.result())
        else:
            answer.set_exception(error)

    async def _renewed(self, broken: AIOKafkaProducer | None) -> AIOKafkaProducer:
        """A producer that is not the broken one, made once for all who ask."""
        async with self._renewal:
            if not self._is_started:
                raise AppendNotAcknowledged("the appender is not started")
            if self._producer is None or self._producer is broken:
                self._producer = None
                if broken is not None:
                    closing = asyncio.create_task(_disconnect(broken))
                    self._closing.add(closing)
                    closing.add_done_callback(self._closing.discard)
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"intaglio-{self.process}",
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=int(self._append_timeout_s * 1000),
            **self._security.client_kwargs(),
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise AppendNotAcknowledged(
                f"no broker lets {self.process} in at {self._bootstrap} ({type(error).__name__})"
            ) from error
        except BaseException:
            await producer.stop()
            raise
        return producer


def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients put a key, so that every writer agrees for ever."""
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


@functools.lru_cache(_KEYS)
def _murmur2(data: bytes) -> int:
    """Kafka's 32-bit MurmurHash2, word by word: the client library's goes byte by byte and takes twice as long."""
    size = len(data)
    value = 0x9747B28C ^ size
    for word in struct.unpack_from(f"<{size >> 2}I", data):
        word = word * _MURMUR & _32_BITS  # noqa: PLW2901  the hash is defined so
        value = (value * _MURMUR ^ (word ^ word >> 24) * _MURMUR) & _32_BITS
    if size & 3:
        value = (value ^ int.from_bytes(data[size & ~3 :], "little")) * _MURMUR & _32_BITS
    value = (value ^ value >> 13) * _MURMUR & _32_BITS
    return value ^ value >> 15


async def _disconnect(producer: AIOKafkaProducer) -> None:
    """Flushes and closes; a broker that is away would otherwise keep `stop` waiting for ever."""
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await producer.stop()
    except TimeoutError:
        await _abandon(producer)


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Closes without flushing, which the library cannot: what is under way fails, and whoever waits for it is told."""
    sender = producer._sender.sender_task  # noqa: SLF001  as the docstring says
    producer._message_accumulator.fail_all(KafkaConnectionError("closed before the broker answered"))  # noqa: SLF001  as above
    # Cancelled once, the sender waits for its requests in flight, which end with their connections; cancelled twice, for nothing.
    sender.cancel()
    closing = asyncio.create_task(producer.client.close())
    await asyncio.wait([sender, closing], timeout=_ABANDON_TIMEOUT_S)
    sender.cancel()
    closing.cancel()
    await asyncio.wait([sender, closing], timeout=_ABANDON_TIMEOUT_S)
