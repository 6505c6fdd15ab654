"""A salted commitment to whom an erasure concerns: provable by whoever got the salt, meaningless to anyone else. Pure."""

import hashlib
import secrets

from events.identifiers import SubjectHandle

SALT_SIZE_BYTES = 32
_LABEL = b"intaglio/v1/erasure-commitment\x00"


def new_salt() -> bytes:
    """Thirty-two random bytes, given to the requester once and stored nowhere."""
    return secrets.token_bytes(SALT_SIZE_BYTES)


def commitment(salt: bytes, identifier: str, subject: SubjectHandle) -> bytes:
    """SHA-256 over label, salt, the identifier's length (four bytes) and bytes, and the handle."""
    named = identifier.encode()
    return hashlib.sha256(_LABEL + salt + len(named).to_bytes(4, "big") + named + subject).digest()
