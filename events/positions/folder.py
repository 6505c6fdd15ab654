"""One fold, one transaction a batch: rows and position become durable together or not at all.

What Faust delivers is a hint of what is new. The truth is the stored position and the log: a record that was
delivered too early waits until the missing ones were read from the log itself, and only a hole in the log is
a hole.

    locked position ── trusted? ──no──▶ re-read the record at it, compare digests
          │
          ▼
    run that follows without a hole ──none, but later ones──▶ read the missing from the log
          │
          ▼
    decode ──▶ announce quarantined ──▶ write rows ──▶ advance position ──▶ commit
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

from psycopg import AsyncConnection

from events.errors import LogTruncated
from events.positions.decoding import Quarantined, decode_run
from events.positions.fold import Fold, FoldedRecord
from events.positions.sequence import hole, next_run, require_same, require_within
from events.positions.store import PositionStore, StoredPosition, position_of
from events.read import LogReader, Record
from events.topics import Topic

OnQuarantine = Callable[[Record, str], Awaitable[None]]
"""Announces a record that is passed over, durably on return; it may be called again for the same record."""

OnPoint = Callable[[str], Awaitable[None]]
"""Called at named points, for tests that kill a process there: rows-written, position-advanced, committed."""

_FILL_RECORDS = 1_000


class Folder:
    """Feeds one fold. Not for concurrent use; other processes may feed the same fold at the same time."""

    def __init__(
        self,
        fold: Fold,
        *,
        store: PositionStore,
        log: LogReader,
        on_quarantine: OnQuarantine | None,
        on_point: OnPoint | None,
    ) -> None:
        self.fold = fold
        self._store = store
        self._log = log
        self._on_quarantine = on_quarantine
        self._on_point = on_point
        self._trusted: dict[int, StoredPosition] = {}

    @property
    def trusted(self) -> Mapping[int, StoredPosition]:
        """The positions that this process wrote or checked itself, by partition."""
        return self._trusted

    async def fold_once(self, connection: AsyncConnection[Any], pending: Mapping[int, list[Record]]) -> dict[int, list[Record]]:
        """Folds what follows the stored positions, in one transaction; returns what is left to do.

        On return rows and positions are committed. Each call that returns something left has moved a
        position.

        Raises:
            LogHole: the log lacks an offset.
            LogTruncated: the log is not the one that was folded so far.
            UnknownSchema: the next record needs a newer release.
            UndecodableRecord: the next record cannot be read, on a topic where nothing may be passed over.
        """
        async with connection.transaction():
            moves, left = await self._fold_locked(connection, pending)
        self._trusted.update({partition: new for partition, (_, new) in moves.items()})
        await self._reach("committed")
        return left

    async def _fold_locked(
        self, connection: AsyncConnection[Any], pending: Mapping[int, list[Record]]
    ) -> tuple[dict[int, tuple[StoredPosition, StoredPosition]], dict[int, list[Record]]]:
        fold = self.fold
        positions = await self._store.lock(connection, fold.projection, fold.topic.name, pending)
        batch: list[FoldedRecord] = []
        quarantined: list[Quarantined] = []
        moves: dict[int, tuple[StoredPosition, StoredPosition]] = {}
        left: dict[int, list[Record]] = {}
        stopped_by: Exception | None = None
        for partition, position in positions.items():
            run, rest = await self._next_run(partition, position, pending[partition])
            decoded = decode_run(run)
            if decoded.batch:
                moves[partition] = (position, position_of(decoded.batch[-1].record))
            if decoded.stopped_by is not None:
                rest = run[len(decoded.batch) :] + rest
                stopped_by = decoded.stopped_by
            if rest:
                left[partition] = rest
            batch += decoded.batch
            quarantined += decoded.quarantined
        if stopped_by is not None and not moves:
            raise stopped_by
        await self._write(connection, batch, quarantined, moves)
        return moves, left

    async def _write(
        self,
        connection: AsyncConnection[Any],
        batch: list[FoldedRecord],
        quarantined: list[Quarantined],
        moves: Mapping[int, tuple[StoredPosition, StoredPosition]],
    ) -> None:
        if not batch:
            return
        if self._on_quarantine is not None:
            for passed_over in quarantined:
                await self._on_quarantine(passed_over.record, passed_over.reason)
        await self.fold.write(connection, batch)
        await self._reach("rows-written")
        await self._store.advance(connection, self.fold.projection, self.fold.topic.name, moves)
        await self._reach("position-advanced")

    async def _next_run(
        self, partition: int, position: StoredPosition, delivered: list[Record]
    ) -> tuple[list[Record], list[Record]]:
        if self._trusted.get(partition) != position:
            await self._check(partition, position, delivered)
            self._trusted[partition] = position
        run, rest = next_run(position.last_offset, delivered)
        if run or not rest:
            return run, rest
        first = position.last_offset + 1
        missing = await _read(self._log, self.fold.topic, partition, first, rest[0].offset + 1)
        run, rest = next_run(position.last_offset, missing + rest)
        if not run:
            raise hole(rest[0], first)
        return run, rest

    async def _check(self, partition: int, position: StoredPosition, delivered: list[Record]) -> None:
        """Believes a position that another process or an earlier life wrote once the log agrees with it.

        Raises:
            LogTruncated: it does not.
        """
        topic = self.fold.topic
        if position.last_offset < 0:
            if not any(record.offset == 0 for record in delivered):
                require_within(topic, partition, position, *await _bounds(self._log, topic, partition))
            return
        at = [record for record in delivered if record.offset == position.last_offset]
        if not at:
            require_within(topic, partition, position, *await _bounds(self._log, topic, partition))
            at = await _read(self._log, topic, partition, position.last_offset, position.last_offset + 1)
        if not at:
            raise LogTruncated(
                f"{topic.name}[{partition}] has no record at the folded offset {position.last_offset}; restore the log"
            )
        require_same(at[0], position)

    async def _reach(self, point: str) -> None:
        if self._on_point is not None:
            await self._on_point(point)


async def _bounds(log: LogReader, topic: Topic, partition: int) -> tuple[int, int]:
    begins, ends = await log.begin_offsets(topic), await log.end_offsets(topic)
    return begins[partition], ends[partition]


async def _read(log: LogReader, topic: Topic, partition: int, first: int, end: int) -> list[Record]:
    """The first records of [first, end), a bounded number of them.

    A record at `end` - 1 is known to be there.
    """
    found: list[Record] = []
    reading = cast(AsyncGenerator[Record, None], log.read(topic, {partition: (first, end)}))
    async with aclosing(reading) as records:
        async for record in records:
            found.append(record)
            if len(found) == _FILL_RECORDS:
                break
    return found
