"""What a fold is: rows from events, in the caller's transaction, as a pure function of the log.

A fold never reads a clock, random numbers, the network or configuration, and never commits: the position that
belongs to its rows is written after it in the same transaction. It may see a batch again after a crash, never
a part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import AsyncConnection

from events.codec import Event
from events.read import Record
from events.topics import Topic


@dataclass(frozen=True, slots=True)
class FoldedRecord:
    """A record of the log with its event.

    `event` is None where the bytes cannot be read under a schema that is known.
    """

    record: Record
    event: Event | None


class Fold(Protocol):
    """One projection of one topic."""

    @property
    def projection(self) -> str:
        """The name under which positions are stored; fixed for life."""

    @property
    def topic(self) -> Topic:
        """The one topic it is fed by."""

    async def write(self, connection: AsyncConnection[Any], batch: Sequence[FoldedRecord]) -> None:
        """Writes the rows of `batch`, which holds records of several partitions, each partition's in order.

        Nothing is durable on return. An error rolls everything back: one that says it is passing (a
        `retriable` platform error, PostgreSQL away) is tried again later, any other ends the process.
        """
