"""A process that folds: Faust inside the caller's event loop, and never an error that leaves an agent.

    delivered batch ──▶ fold, commit ──▶ next
          ▲   │ will pass            │ will not
          └───┘ wait, position stands└──▶ `failure` resolves, nothing more is folded

Faust itself is started again with back-off when Kafka took it down. Nothing here decides what the process
then does: it looks at `failure` and ends.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from aiokafka.errors import OffsetOutOfRangeError
from faust import Stream
from faust.types import TP, EventT
from psycopg_pool import AsyncConnectionPool

from events.errors import LogTruncated
from events.positions.credentials import faust_credentials
from events.positions.fold import Fold
from events.positions.folder import Folder, OnPoint, OnQuarantine
from events.positions.patience import Patience, will_pass
from events.positions.seam import PositionedApp, ReadBounds
from events.positions.sequence import by_partition, require_within
from events.positions.stall import StallWatch
from events.positions.store import BEGINNING, PositionStore, StoredPosition
from events.read import LogReader, Record
from events.security import KafkaSecurity
from events.topics import Topic

_log = logging.getLogger(__name__)

BATCH_RECORDS = 1_000
BATCH_WITHIN_S = 0.02
_CONNECTION_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 3.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FoldApp:
    """Folds topics into one schema until `running()` is left.

    Made by `build_fold_app`; one at a time in a process.
    """

    def __init__(
        self,
        *,
        name: str,
        process: str,
        bootstrap: str,
        security: KafkaSecurity,
        pool: AsyncConnectionPool[Any],
        store: PositionStore,
        folders: Sequence[Folder],
        watch: StallWatch,
        session_timeout_s: float,
    ) -> None:
        self._name = name
        self._process = process
        self._bootstrap = bootstrap
        self._security = security
        self._pool = pool
        self._store = store
        self._watch = watch
        self._session_timeout_s = session_timeout_s
        self._reached: dict[tuple[Topic, int], int] = {}
        self._folding = 0
        self._folders: dict[Topic, list[Folder]] = {}
        for folder in folders:
            self._folders.setdefault(folder.fold.topic, []).append(folder)
        self._failure: asyncio.Future[BaseException] | None = None
        self.assigned = asyncio.Event()
        self.waiting_for: dict[str, BaseException] = {}

    @property
    def failure(self) -> asyncio.Future[BaseException]:
        """Its result is the error that must end the process.

        Pending for as long as all is well. Awaited inside the loop.
        """
        if self._failure is None:
            self._failure = asyncio.get_running_loop().create_future()
        return self._failure

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FoldApp"]:
        """Runs the agents while the body runs.

        Returns at once, and `assigned` is set once partitions are read.
        """
        supervision = asyncio.create_task(self._supervise(), name=f"{self._name} supervision")
        try:
            yield self
        finally:
            supervision.cancel()
            with suppress(asyncio.CancelledError):
                await supervision

    async def _supervise(self) -> None:
        patience = Patience()
        while not self.failure.done():
            crash: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
            app = self._new_app(crash)
            try:
                error = await self._run_until_crash(app, crash, patience)
            finally:
                await _stop(app)
            if isinstance(error, OffsetOutOfRangeError):
                error = LogTruncated(f"{self._name}: the log was cut below what was being read; restore it")
            if not will_pass(error):
                self._fail(error)
                return
            _log.warning("%s: the log went away, trying again: %r", self._name, error)
            self.waiting_for["kafka"] = error
            await patience.wait()

    async def _run_until_crash(
        self, app: PositionedApp, crash: "asyncio.Future[BaseException]", patience: Patience
    ) -> BaseException:
        starting = asyncio.ensure_future(app.start())
        stalled = asyncio.ensure_future(self._watch.stalled(lambda: self._reached, self._is_busy))
        try:
            both: set[asyncio.Future[Any]] = {starting, crash}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not crash.done():
                starting.result()
                patience.succeeded()
                self.waiting_for.pop("kafka", None)
            both = {stalled, crash}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return crash.result() if crash.done() else stalled.result()
        except Exception as error:  # noqa: BLE001  whatever Faust dies of is judged in one place
            return error
        finally:
            for task in (starting, stalled):
                task.cancel()
            await asyncio.gather(starting, stalled, return_exceptions=True)

    def _new_app(self, crash: "asyncio.Future[BaseException]") -> PositionedApp:
        def on_crash(reason: BaseException) -> None:
            if not crash.done():
                crash.set_result(reason)

        app = PositionedApp(
            self._name,
            client_id=f"intaglio-{self._process}",
            bootstrap=self._bootstrap,
            credentials=faust_credentials(self._security),
            seek_to=self._seek_to,
            on_crash=on_crash,
            session_timeout_s=self._session_timeout_s,
        )
        for topic in self._folders:
            channel = app.topic(topic.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
            app.agent(channel, name=f"{self._name}.{topic.name}", concurrency=1)(self._agent_of(topic))
        return app

    def _is_busy(self) -> bool:
        return self._folding > 0

    def _agent_of(self, topic: Topic) -> Any:
        async def agent(stream: Stream[bytes]) -> None:
            async for events in stream.take_events(BATCH_RECORDS, within=BATCH_WITHIN_S):
                self._folding += 1
                try:
                    await self._fold_all(topic, [_record_of(topic, event) for event in events])
                finally:
                    self._folding -= 1

        return agent

    async def _fold_all(self, topic: Topic, records: Sequence[Record]) -> None:
        """Returns once every fold of the topic has these records behind it, or never."""
        for folder in self._folders[topic]:
            left: Mapping[int, list[Record]] = by_partition(records)
            patience = Patience()
            while left:
                try:
                    async with self._pool.connection(timeout=_CONNECTION_TIMEOUT_S) as connection:
                        left = await folder.fold_once(connection, left)
                except Exception as error:  # noqa: BLE001  an exception that left the agent would acknowledge the events
                    await self._wait_or_fail(topic.name, error, patience)
                else:
                    patience.succeeded()
                    self.waiting_for.pop(topic.name, None)
        for record in records:
            place = (topic, record.partition)
            if place in self._reached:
                self._reached[place] = max(record.offset, self._reached[place])

    async def _wait_or_fail(self, topic: str, error: Exception, patience: Patience) -> None:
        if will_pass(error):
            self._note_waiting(topic, error)
            await patience.wait()
            return
        self._fail(error)
        await asyncio.Event().wait()

    def _note_waiting(self, what: str, error: BaseException) -> None:
        if type(self.waiting_for.get(what)) is not type(error):
            _log.warning("%s: %s waits: %s: %s", self._name, what, type(error).__name__, error)
        self.waiting_for[what] = error

    def _fail(self, error: BaseException) -> None:
        _log.error("%s: stops folding: %s: %s", self._name, type(error).__name__, error)
        if not self.failure.done():
            self.failure.set_result(error)

    async def _seek_to(self, assigned: Collection[TP], read_bounds: ReadBounds) -> Mapping[TP, int]:
        patience = Patience()
        while True:
            try:
                targets = await self._targets(assigned, read_bounds)
            except Exception as error:
                if not will_pass(error):
                    self._fail(error)
                    raise
                self._note_waiting("positions", error)
                await patience.wait()
            else:
                self.waiting_for.pop("positions", None)
                self.assigned.set()
                return targets

    async def _targets(self, assigned: Collection[TP], read_bounds: ReadBounds) -> dict[TP, int]:
        """The smallest last offset of each partition's folds, itself included: its digest is seen again."""
        found: list[tuple[TP, Topic, StoredPosition]] = []
        async with self._pool.connection(timeout=_CONNECTION_TIMEOUT_S) as connection:
            for topic, folders in self._folders.items():
                for folder in folders:
                    stored = await self._store.read(connection, folder.fold.projection, topic.name)
                    mine = [tp for tp in assigned if tp.topic == topic.name]
                    found += [(tp, topic, stored.get(tp.partition, BEGINNING)) for tp in mine]
        # After the positions: another member may still fold what is appended between the two.
        bounds = await read_bounds()
        targets: dict[TP, int] = {}
        self._reached = {(topic, tp.partition): position.last_offset for tp, topic, position in found}
        for tp, topic, position in found:
            require_within(topic, tp.partition, position, bounds[tp].begin, bounds[tp].end)
            offset = max(position.last_offset, 0)
            targets[tp] = min(offset, targets.get(tp, offset))
        return targets


def build_fold_app(
    *,
    name: str,
    process: str,
    bootstrap: str,
    security: KafkaSecurity,
    pool: AsyncConnectionPool[Any],
    schema: str,
    folds: Sequence[Fold],
    on_quarantine: OnQuarantine | None = None,
    on_point: OnPoint | None = None,
    session_timeout_s: float = 6.0,
) -> FoldApp:
    """A fold app whose consumer group is `name`; `schema` holds the `positions` table that `pool` may write.

    `process` names the clients towards the broker. A member that dies without a word keeps its partitions for
    `session_timeout_s`.
    """
    store = PositionStore(schema)
    log = LogReader(bootstrap=bootstrap, security=security)
    folders = [Folder(fold, store=store, log=log, on_quarantine=on_quarantine, on_point=on_point) for fold in folds]
    return FoldApp(
        name=name,
        process=process,
        bootstrap=bootstrap,
        security=security,
        pool=pool,
        store=store,
        folders=folders,
        watch=StallWatch(log),
        session_timeout_s=session_timeout_s,
    )


async def _stop(app: PositionedApp) -> None:
    try:
        await asyncio.wait_for(app.stop(), _STOP_TIMEOUT_S)
    except TimeoutError:
        _log.warning("Faust did not stop within %s s; its threads are left to end with the process", _STOP_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001  the app is done with either way, and why it ended is known already
        _log.warning("Faust did not stop cleanly: %r", error)


def _record_of(topic: Topic, event: EventT[bytes]) -> Record:
    message = event.message
    return Record(
        topic=topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=_EPOCH + timedelta(milliseconds=round(message.timestamp * 1000)),
        key=message.key,
        headers=list(cast(Iterable[tuple[str, bytes]], message.headers or ())),
        value=message.value,
    )
