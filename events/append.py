"""Append events to the log: acknowledged by the broker, or an error to the caller.

Idempotent within a connection, acks=all, bounded in memory. It retries nothing beyond what the client library does safely: the
caller
holds the event and may append the very same bytes again. It never writes a line instead of raising, and never drops an event
silently.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)

from events.codec import EncodedEvent, Event, encode
from events.errors import AppendNotAcknowledged, EventTooLarge, PlatformError
from events.security import KafkaSecurity
from events.topics import Topic

LARGEST_VALUE_SIZE_BYTES = 60_000
APPEND_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 5.0
IN_FLIGHT = 256

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

        Who still waits gets an error in its own time.
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
        """
        return await self.append_encoded(encode(event))

    async def append_encoded(self, encoded: EncodedEvent) -> Coordinates:
        """Like `append`, for a record that was encoded before; the same bytes may be appended again.

        Raises:
            EventTooLarge: as `append`.
            AppendNotAcknowledged: as `append`.
            NotTheWriter: as `append`.
        """
        kind = encoded.kind
        if kind.writer != self.process:
            raise NotTheWriter(f"{kind.name} is appended by {kind.writer}, not by {self.process}")
        size_bytes = len(encoded.value)
        if size_bytes > LARGEST_VALUE_SIZE_BYTES:
            raise EventTooLarge(f"{kind.name} would take {size_bytes} bytes of {LARGEST_VALUE_SIZE_BYTES}; send less text")
        try:
            async with asyncio.timeout(self._append_timeout_s):
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
        await self._slots.acquire()
        try:
            delivery: asyncio.Future[Any] = await producer.send(
                encoded.kind.topic.name, encoded.value, encoded.key, headers=encoded.headers
            )
        except BaseException:
            self._slots.release()
            raise
        # The slot belongs to the record, not to the caller, who may give up before the producer does.
        delivery.add_done_callback(self._release)
        return await asyncio.shield(delivery)

    def _release(self, delivery: "asyncio.Future[Any]") -> None:
        self._slots.release()
        if not delivery.cancelled():
            # Marks the error as seen: a caller that gave up was already told that nothing was confirmed.
            delivery.exception()

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


async def _disconnect(producer: AIOKafkaProducer) -> None:
    """Flushes and closes; a broker that is away would otherwise keep `stop` waiting for ever."""
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await producer.stop()
    except TimeoutError:
        await producer._sender.close()  # noqa: SLF001  the library has no way to stop without flushing
        await producer.client.close()
