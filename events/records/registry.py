"""Who and what the platform knows: tenants, subjects, credentials, models. All of them are commands."""

from dataclasses import dataclass
from datetime import datetime

from events.identifiers import CredentialHandle, PersonHandle
from events.records.attestation import Attestation


@dataclass(frozen=True, slots=True)
class TenantCreated:
    """A tenant exists; its keys were made before. `subject_required`: every request has to name its subject."""

    name: str
    subject_required: bool
    attestation: Attestation
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class SubjectRegistered:
    """A person got a handle and a key tree. `sealed` holds an IdentityContent under leaf 0 of the subject's first tree."""

    month: int
    tree: int
    leaf: int
    sealed: bytes
    anew: bool
    synthetic: bool
    attestation: Attestation
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class CredentialIssued:
    """A person may act in a role; the key itself is known to its holder alone."""

    credential: CredentialHandle
    person: PersonHandle
    role: str
    key_hash: bytes
    expires_at: datetime | None
    attestation: Attestation
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class CredentialRevoked:
    """The credential opens nothing any more."""

    credential: CredentialHandle
    attestation: Attestation
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class ModelRegistered:
    """A model's files are in the store under their digests; `alias` names it from now on."""

    model_digest: bytes
    alias: str
    adapter: str
    size_bytes: int
    attestation: Attestation
    signature: bytes = b""
