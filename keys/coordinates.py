"""Where a generation's keys are, and what sealed bytes are expected to be: values without key material."""

from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from events.identifiers import Month, SubjectHandle, TenantHandle


class Purpose(IntEnum):
    """Which tree opens it; one byte in the sealed header."""

    PROMPT = 1
    MEDIA = 2
    RECORD = 3


class Kind(IntEnum):
    """What was sealed; one byte in the sealed header."""

    PROMPT = 1
    OUTPUT = 2
    OUTCOME = 3
    IDENTITY = 4
    NOTE = 5


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A generation's place: month, tree and leaf are the same in each purpose."""

    tenant: TenantHandle
    subject: SubjectHandle
    lifecycle: int
    month: Month
    tree: int
    leaf: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the caller holds sealed bytes to be; bytes that say otherwise are refused before a key is derived."""

    coordinates: Coordinates
    purpose: Purpose
    object: UUID
    kind: Kind
