"""The life of one erasure. Requests, approvals and refusals are commands; the rest reports what `shred` did."""

from dataclasses import dataclass
from uuid import UUID

from events.identifiers import ErasureId, SubjectHandle
from events.records.attestation import Attestation


@dataclass(frozen=True, slots=True)
class ErasureRequested:
    """An officer asks for an erasure of the planned scope. The salt of the commitment was returned once and is nowhere else."""

    erasure: ErasureId
    scope_kind: str
    scope_subject: SubjectHandle
    scope_lifecycle: int
    ground: str
    plan_digest: bytes
    salt_commitment: bytes
    note: bytes | None
    attestation: Attestation
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class ErasureApproved:
    """Another person approves exactly that plan."""

    erasure: ErasureId
    plan_digest: bytes
    attestation: Attestation
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class ErasureRefused:
    """Another person refuses; nothing happens to the content."""

    erasure: ErasureId
    plan_digest: bytes
    attestation: Attestation
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class ErasureFenced:
    """From here on the scope counts as erased everywhere, but for the exceptions; only now may a key be destroyed."""

    erasure: ErasureId
    scope_kind: str
    scope_subject: SubjectHandle
    scope_lifecycle: int
    exceptions: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ErasureEffective:
    """Keys destroyed, read back as gone, key life waited out, sinks swept."""

    erasure: ErasureId
    scope_kind: str
    scope_subject: SubjectHandle
    scope_lifecycle: int
    read_backs: int
    objects_swept: int
    certificate: bytes


@dataclass(frozen=True, slots=True)
class ErasureStopped:
    """The erasure will not be executed; `reason` is a code and nothing was destroyed."""

    erasure: ErasureId
    reason: str
