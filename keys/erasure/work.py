"""One erasure under way: its row, and what the steps need to act on it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from events.append import Appender
from events.envelope import Envelope, new_envelope
from events.identifiers import ErasureId, SubjectHandle, TenantHandle
from events.read import LogReader
from events.records import EventBody
from keys.objects import SealedObjects
from keys.signing import CommandVerifier
from keys.vault import Vault

Pool = AsyncConnectionPool[AsyncConnection[Any]]
Point = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Tools:
    """The services of `shred`. `reach` is called at named points, for tests that kill the process there."""

    pool: Pool
    vault: Vault
    verifier: CommandVerifier
    objects: SealedObjects
    appender: Appender
    reader: LogReader
    key_life_s: float
    reach: Point


@dataclass(slots=True)
class Erasure:
    """A leased row, and what the steps found out on the way."""

    erasure: ErasureId
    tenant: TenantHandle
    subject: SubjectHandle
    lifecycle: int
    state: str
    request: bytes
    approval: bytes
    request_event: UUID | None = None
    directory_path: str | None = None
    read_backs: int = 0
    objects_swept: int = 0

    def envelope(self) -> Envelope:
        """The envelope of what `shred` reports about it."""
        return new_envelope(
            source="shred",
            tenant=self.tenant,
            subject=self.subject,
            lifecycle=self.lifecycle,
            causation=self.request_event,
            purpose="erasure",
        )


class Stop(Exception):
    """The erasure is not to be executed; `reason` is the code of its ErasureStopped."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotYet(Exception):
    """A step waits for somebody else; the row is given back and taken again."""


Body = EventBody
