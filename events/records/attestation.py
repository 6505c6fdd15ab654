"""Who ordered a command, as `api` found it in the registry at that moment, and the signature that makes it an order."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from events.identifiers import CredentialHandle, PersonHandle


@dataclass(frozen=True, slots=True)
class Attestation:
    """The credential used, the person whom it names, and the role that it gives."""

    credential: CredentialHandle
    person: PersonHandle
    role: str


@runtime_checkable
class Command(Protocol):
    """An event body that orders something: acted upon only after its signature was checked."""

    @property
    def attestation(self) -> Attestation:
        """Who ordered it."""
        ...

    @property
    def signature(self) -> bytes:
        """Key version (four bytes, big endian) and Ed25519 signature (64 bytes) over the event without this field."""
        ...
