"""What could not be read: its place and its digests, never its bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordQuarantined:
    """A record that no release can decode was passed over, and this says so; `reason` is a code."""

    source_topic: str
    source_partition: int
    source_offset: int
    key_sha256: bytes
    value_sha256: bytes
    reason: str
