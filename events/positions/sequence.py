"""Which of the delivered records come next: pure, and distrustful of whoever delivers.

Faust may deliver a record twice, or drop some from its buffers in a rebalance and deliver later ones first.
Below the position is skipped; what follows without a hole is the run to fold now; the rest waits until the
missing records were read from the log itself.
"""

from collections.abc import Iterable, Sequence

from events.errors import LogHole, LogTruncated
from events.positions.store import StoredPosition, value_digest
from events.read import Record
from events.topics import Topic


def by_partition(records: Iterable[Record]) -> dict[int, list[Record]]:
    """The records of each partition, in the order in which they were delivered."""
    partitions: dict[int, list[Record]] = {}
    for record in records:
        partitions.setdefault(record.partition, []).append(record)
    return partitions


def next_run(last_offset: int, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """The records that follow `last_offset` one by one, and those behind the first missing offset."""
    run: list[Record] = []
    early: dict[int, Record] = {}
    expected = last_offset + 1
    for record in records:
        if record.offset >= expected:
            early[record.offset] = record
        while expected in early:
            run.append(early.pop(expected))
            expected += 1
    return run, [early[offset] for offset in sorted(early)]


def hole(found: Record, expected_offset: int) -> LogHole:
    """The error for a log in which `found` stands where another record should."""
    return LogHole(
        f"{found.topic.name}[{found.partition}] has no record at offset {expected_offset};"
        f" the next is {found.offset}. Nothing behind the hole is folded until a person has looked at the log"
    )


def require_same(record: Record, position: StoredPosition) -> None:
    """The record at a stored position must be the one that was folded.

    Raises:
        LogTruncated: its value has another digest, so this is another log.
    """
    if value_digest(record) != position.digest:
        raise LogTruncated(
            f"{record.topic.name}[{record.partition}] holds another record at offset {record.offset} than the"
            " one that was folded: the log was cut and written again."
            " Restore the log, or rebuild from it knowingly"
        )


def require_within(topic: Topic, partition: int, position: StoredPosition, begin: int, end: int) -> None:
    """A stored position must lie in the log that is there, and without one the log must be whole.

    Raises:
        LogTruncated: the log begins above what comes next, or ends before what was folded.
    """
    if position.last_offset >= end:
        raise LogTruncated(
            f"{topic.name}[{partition}] ends at offset {end}, before the folded offset"
            f" {position.last_offset}: records were lost. Restore the log before anything is folded again"
        )
    if begin > max(position.last_offset, 0):
        raise LogTruncated(
            f"{topic.name}[{partition}] begins at offset {begin}, above the stored position"
            f" {position.last_offset}: what comes next cannot be proved to follow."
            " Restore the log before anything is folded again"
        )
