"""API keys: what their text looks like, and the keyed hash by which one is recognised.

`itg_<credential handle in hex>_<43 characters>`: 256 random bits, so a fast keyed hash is enough; the pepper lies in the key
store and
not beside the hashes.
"""

import hashlib
import hmac
import secrets

from events.identifiers import CredentialHandle
from keys.secrets import Secret

_PREFIX = "itg"
_SECRET_SIZE_BYTES = 32


def new_api_key(credential: CredentialHandle) -> Secret:
    """A fresh key for a credential."""
    return Secret(f"{_PREFIX}_{credential.hex()}_{secrets.token_urlsafe(_SECRET_SIZE_BYTES)}")


def credential_of(key: Secret) -> CredentialHandle | None:
    """The credential that a key names, or None if the text is no API key."""
    parts = key.reveal().split("_", 2)
    if len(parts) != 3 or parts[0] != _PREFIX:
        return None
    try:
        handle = bytes.fromhex(parts[1])
    except ValueError:
        return None
    return CredentialHandle(handle) if len(handle) == 16 else None


def hash_api_key(pepper: bytes, key: str) -> bytes:
    """HMAC-SHA-256 of the whole text under the pepper."""
    return hmac.digest(pepper, key.encode(), hashlib.sha256)
