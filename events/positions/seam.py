"""Faust with the position of truth elsewhere: where a partition is read from is asked of us, not of Kafka.

Faust seeks to the group's committed offsets at the end of every rebalance, after every signal it sends, so
the one place where another position can win is `Consumer.seek_to_committed` itself. A consumer subclass
answers it from the stored positions, and a transport subclass that the app makes in `_new_transport` puts
that consumer in place. Group offsets are still committed as a hint for tools that show lag; nothing here
reads them, and a commit that fails harms nothing.

Never here: tables, topic declaration, a web server, a producer, an app made at import time.

Source: Faust 0.15.3, `faust.tables.recovery` and `faust.transport.drivers.aiokafka`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, NoOffsetForPartitionError
from aiokafka.structs import OffsetAndMetadata
from faust.app.base import BootStrategy
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.auth import CredentialsT
from faust.types.transports import TransportT
from typing_extensions import override

_log = logging.getLogger(__name__)

# A fetch that waits at the broker leaves out partitions whose last records are still being taken; they must
# not wait long for it.
_FETCH_MAX_WAIT_MS = 100
_BEFORE_SEEK_S = 0.05


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a partition holds now: offsets in [begin, end)."""

    begin: int
    end: int


ReadBounds = Callable[[], Awaitable[Mapping[TP, Bounds]]]
"""Asks the broker for the bounds of the assigned partitions, now."""

SeekTo = Callable[[Collection[TP], ReadBounds], Awaitable[Mapping[TP, int]]]
"""The offset at which each assigned partition is to be read next. May raise to stop the app."""


class _Thread(driver.AIOKafkaConsumerThread):
    """The thread that owns the aiokafka consumer."""

    @override
    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = _FETCH_MAX_WAIT_MS  # noqa: SLF001  Faust fixes it at 1500 and offers no setting
        return consumer

    @override
    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Any:
        try:
            return await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        except NoOffsetForPartitionError:
            # A fetch under way during a rebalance meets a partition that is assigned and not sought yet.
            await asyncio.sleep(_BEFORE_SEEK_S)
            return {}

    @override
    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        assigned = self.assignment()
        hint = {tp: OffsetAndMetadata(offset, "") for tp, offset in offsets.items() if tp in assigned}
        try:
            await consumer.commit(hint)
        except KafkaError as error:
            _log.info("group offsets not committed, which only tools miss: %r", error)
            return False
        return True


class _Consumer(driver.Consumer):
    """Reads on from where the stored positions say."""

    @override
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    @override
    async def seek_to_committed(self) -> Mapping[TP, int]:
        app = self.app
        if not isinstance(app, PositionedApp):
            raise TypeError("this consumer belongs to a PositionedApp alone")
        assigned = list(self.assignment())
        if not assigned:
            return {}

        async def read_bounds() -> Mapping[TP, Bounds]:
            begins = await self.earliest_offsets(*assigned)
            ends = await self.highwaters(*assigned)
            return {tp: Bounds(begins[tp], ends[tp]) for tp in assigned}

        targets = await app.seek_to(assigned, read_bounds)
        await self.seek_wait(targets)
        return targets


class _Transport(driver.Transport):
    """Faust's aiokafka transport with our consumer in it."""

    Consumer: ClassVar[Any] = _Consumer


class _ConsumeOnly(BootStrategy):
    """A fold never produces, so no producer is started."""

    enable_kafka_producer = False
    enable_web = False


class PositionedApp(faust.App):
    """A Faust app that asks `seek_to` for its positions and tells `on_crash` when a service of it died."""

    BootStrategy = _ConsumeOnly

    def __init__(
        self,
        name: str,
        *,
        client_id: str,
        bootstrap: str,
        credentials: CredentialsT | None,
        seek_to: SeekTo,
        on_crash: Callable[[BaseException], None],
        session_timeout_s: float,
    ) -> None:
        self.seek_to = seek_to
        self._tell_crash = on_crash
        super().__init__(
            name,
            broker=[f"kafka://{address}" for address in bootstrap.split(",")],
            broker_credentials=credentials,
            broker_client_id=client_id,
            processing_guarantee="at_least_once",
            store="memory://",
            table_standby_replicas=0,
            topic_allow_declare=False,
            topic_disable_leader=True,
            autodiscover=False,
            web_enabled=False,
            key_serializer="raw",
            value_serializer="raw",
            consumer_auto_offset_reset="none",
            broker_session_timeout=session_timeout_s,
            broker_heartbeat_interval=session_timeout_s / 3,
            broker_request_timeout=60.0,
            broker_max_poll_records=1_000,
            broker_commit_interval=1.0,
            stream_buffer_maxsize=1_024,
            stream_wait_empty=False,
        )

    @override
    def _new_transport(self) -> TransportT:
        return _Transport(self.conf.broker_consumer, self)

    @override
    def _create_directories(self) -> None:
        """Nothing is kept on disk, so no directory is made."""

    @override
    def _crash(self, reason: BaseException) -> None:
        super()._crash(reason)
        self._tell_crash(reason)
