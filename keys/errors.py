"""Why a key or content cannot be had. Erased, missing, wrong and unreachable are four things and never one for another."""

from typing import ClassVar

from events.errors import Corrupt, Misconfigured, Pushback, Refused, Shredded


class SubjectErased(Shredded):
    """A fence or a tombstone says so; nothing else may."""

    code = "erased"


class KeyMissing(Corrupt):
    """A blob, tree or leaf is not there and no fence says why: an alarm, never an erasure."""

    code = "key-missing"


class WrongKey(Corrupt):
    """The key does not belong to these bytes, or the bytes were changed."""

    code = "wrong-key"


class SealedMismatch(Corrupt):
    """Sealed bytes are not those that the caller expects; found before any key was derived."""

    code = "sealed-mismatch"


class LeafExpired(Pushback):
    """A leaf was held for longer than a key may live; open it again."""

    code = "leaf-expired"


class VaultUnavailable(Pushback):
    """The key store is away, sealed or too slow; nothing was decided."""

    code = "vault-unavailable"


class CasConflict(Pushback):
    """Somebody else changed the same entry first."""

    code = "cas-conflict"


class VaultDenied(Misconfigured):
    """The key store refuses this identity; its policy or its credentials are wrong."""

    code = "vault-denied"


class SignatureInvalid(Corrupt):
    """A command whose signature is not that of `api`: it orders nothing."""

    code = "signature-invalid"


class ObjectsUnavailable(Pushback):
    """The object store is away or full."""

    code = "objects-unavailable"
    retry_after_s: ClassVar[int] = 5


class ObjectMissing(Corrupt):
    """An object that must be there is not."""

    code = "object-missing"


class AlreadyRegistered(Refused):
    """The person has a handle already."""

    code = "already-registered"
