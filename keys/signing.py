"""Command signatures: made by `api` with a key that never leaves the key store, checked by whoever acts.

Ed25519 (RFC 8032). Reaching the broker is not enough to order an erasure.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.errors import SignatureInvalid
from keys.vault import Vault

COMMANDS_KEY = "commands"
_VERSION_SIZE_BYTES = 4
_SIGNATURE_SIZE_BYTES = _VERSION_SIZE_BYTES + 64


class CommandSigner:
    """Signs commands; works only with the identity of `api`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def sign(self, message: bytes) -> bytes:
        """Key version and signature, 68 bytes. Raises VaultUnavailable or VaultDenied."""
        return await self._vault.sign(COMMANDS_KEY, message)


class CommandVerifier:
    """Checks signatures with the public keys, which it reads again when it meets a version that it does not know."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._keys: dict[int, bytes] = {}

    async def verify(self, message: bytes, signature: bytes) -> None:
        """Returns if the signature is that of `api`.

        Raises:
            SignatureInvalid: it is not.
            VaultUnavailable: the public keys cannot be read now.
        """
        if len(signature) != _SIGNATURE_SIZE_BYTES:
            raise SignatureInvalid("a command without a whole signature")
        version = int.from_bytes(signature[:_VERSION_SIZE_BYTES], "big")
        if version not in self._keys:
            self._keys = await self._vault.public_keys(COMMANDS_KEY)
        if version not in self._keys:
            raise SignatureInvalid("a command signed with a key that does not exist")
        try:
            Ed25519PublicKey.from_public_bytes(self._keys[version]).verify(signature[_VERSION_SIZE_BYTES:], message)
        except InvalidSignature:
            raise SignatureInvalid("a command whose signature does not fit it") from None
