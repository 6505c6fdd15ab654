"""The same folds over a plain reader: for rebuilds and replays, which are a batch and need no consumer group.

Faust delivers some thousand events a second, a plain reader a multiple; the fold cannot tell the difference.
Nothing is announced and nothing produced: what cannot be decoded was quarantined when it was first met.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from psycopg import AsyncConnection

from events.positions.decoding import decode_run
from events.positions.fold import Fold
from events.positions.sequence import hole
from events.positions.store import BEGINNING, StoredPosition, position_of
from events.read import LogReader, Record

BATCH_RECORDS = 5_000


async def fold_range(
    reader: LogReader,
    fold: Fold,
    connection: AsyncConnection[Any],
    *,
    after: Mapping[int, StoredPosition],
    ends: Mapping[int, int],
) -> dict[int, StoredPosition]:
    """Folds what lies behind `after` and before `ends` and returns where each partition then stands.

    In the caller's transaction: nothing is durable on return, and no stored position is read or written.

    Raises:
        LogHole, LogTruncated, LogUnavailable: as the reader does.
        UnknownSchema, UndecodableRecord: as a live fold would stop.
    """
    ranges = {partition: (after.get(partition, BEGINNING).last_offset + 1, end) for partition, end in ends.items()}
    return await fold_records(reader.read(fold.topic, ranges), fold, connection, after=after)


async def fold_records(
    records: AsyncIterator[Record],
    fold: Fold,
    connection: AsyncConnection[Any],
    *,
    after: Mapping[int, StoredPosition],
) -> dict[int, StoredPosition]:
    """Like `fold_range`, over records that the caller brings, each partition's in order.

    Raises:
        LogHole: a record does not follow the one before it in its partition.
        UnknownSchema, UndecodableRecord: as a live fold would stop.
    """
    feed = Feed(fold, connection, after=after)
    async for record in records:
        await feed.add(record)
    return await feed.finish()


class Feed:
    """Gives a fold its records in large batches.

    The partitions may interleave as they like, each must be in order.
    """

    def __init__(
        self,
        fold: Fold,
        connection: AsyncConnection[Any],
        *,
        after: Mapping[int, StoredPosition],
        batch_records: int = BATCH_RECORDS,
    ) -> None:
        self.fold = fold
        self._connection = connection
        self._after = after
        self._batch_records = batch_records
        self._nexts = {partition: position.last_offset + 1 for partition, position in after.items()}
        self._lasts: dict[int, Record] = {}
        self._batch: list[Record] = []

    async def add(self, record: Record) -> None:
        """Takes one record, and writes rows when a batch is full.

        Raises:
            LogHole: the record does not follow the one before it in its partition.
            UnknownSchema, UndecodableRecord: as a live fold would stop.
        """
        expected = self._nexts.get(record.partition, 0)
        if record.offset != expected:
            error = hole(record, expected)
            raise error
        self._nexts[record.partition] = expected + 1
        self._lasts[record.partition] = record
        self._batch.append(record)
        if len(self._batch) >= self._batch_records:
            await self._write()

    async def finish(self) -> dict[int, StoredPosition]:
        """Writes what is left and says where each partition stands."""
        await self._write()
        return {
            **self._after,
            **{partition: position_of(record) for partition, record in self._lasts.items()},
        }

    async def _write(self) -> None:
        batch, self._batch = self._batch, []
        decoded = decode_run(batch)
        if decoded.stopped_by is not None:
            raise decoded.stopped_by
        if decoded.batch:
            await self.fold.write(self._connection, decoded.batch)
