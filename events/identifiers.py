"""The identifiers of the platform as distinct types, and how fresh ones are made.

Handles are random and say nothing about whom they stand for; nothing here derives one from a name.
"""

import secrets
import time
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

TenantHandle = NewType("TenantHandle", bytes)
SubjectHandle = NewType("SubjectHandle", bytes)
PersonHandle = NewType("PersonHandle", bytes)
CredentialHandle = NewType("CredentialHandle", bytes)
GenerationId = NewType("GenerationId", UUID)
EventId = NewType("EventId", UUID)
ErasureId = NewType("ErasureId", UUID)
Month = NewType("Month", int)

HANDLE_SIZE_BYTES = 16
PLATFORM = TenantHandle(bytes(HANDLE_SIZE_BYTES))
NO_SUBJECT = SubjectHandle(bytes(HANDLE_SIZE_BYTES))


def new_handle() -> bytes:
    """Sixteen random bytes; the caller says whose handle it is by wrapping it in the type."""
    return secrets.token_bytes(HANDLE_SIZE_BYTES)


def new_uuid7(now: datetime | None = None) -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then random bits, so that ids sort by birth."""
    unix_ms = time.time_ns() // 1_000_000 if now is None else int(now.timestamp() * 1000)
    value = (unix_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def month_of(moment: datetime) -> Month:
    """The UTC month of an aware time, as year times twelve plus month minus one (fits sixteen bits until the year 5461)."""
    utc = moment.astimezone(UTC)
    return Month(utc.year * 12 + utc.month - 1)


def month_text(month: Month) -> str:
    """`2026-11` for people and paths."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"
