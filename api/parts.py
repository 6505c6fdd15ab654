"""What the edge is made of: the services that `infra` wires, and the limits of a request."""

from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from events.append import Appender
from events.read import LogReader
from keys.allocation import LeafAllocator
from keys.objects import SealedObjects
from keys.signing import CommandSigner
from keys.vault import Vault

Pool = AsyncConnectionPool[AsyncConnection[Any]]


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Bounds of one request and of the queue."""

    queue_limit: int = 1000
    most_prompt_characters: int = 32_000
    least_side_px: int = 64
    most_side_px: int = 512
    most_steps: int = 100
    body_size_bytes: int = 1 << 20
    wait_s: float = 5.0
    picture_timeout_s: float = 300.0


@dataclass(frozen=True, slots=True)
class ApiParts:
    """Everything a route may use."""

    appender: Appender
    reader: LogReader
    vault: Vault
    signer: CommandSigner
    allocator: LeafAllocator
    objects: SealedObjects
    pool: Pool
    pepper: bytes = field(repr=False)
    key_life_s: float = 5.0
    limits: ApiLimits = field(default_factory=ApiLimits)
