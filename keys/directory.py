"""From an outside identifier to a handle, without storing the identifier: entries lie at its HMAC under a key of the tenant.

Registration makes a fresh random handle and its blob first and the entry last, by compare-and-swap against nothing; who loses
deletes
its own fresh blob. Erasure puts a tombstone without a handle in place of the entry: while it stands, stragglers are refused, and
registering the person anew has to be asked for.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from events.identifiers import Month, SubjectHandle, TenantHandle, month_of, new_handle
from keys.blob import Blob, destroy_blob, with_run, write_blob
from keys.coordinates import Coordinates, Purpose
from keys.errors import CasConflict, SubjectErased
from keys.tree import SEED_SIZE_BYTES
from keys.vault import KvEntry, Vault

MOUNT = "directory"
SUPPRESSION_DAYS = 30


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Whom an identifier stands for, and which registration of that person it is."""

    subject: SubjectHandle
    lifecycle: int


@dataclass(frozen=True, slots=True)
class Registration:
    """A directory entry, whether this call made it, and where the subject's identity is to be sealed if so."""

    entry: DirectoryEntry
    identity: Coordinates | None

    @property
    def created(self) -> bool:
        """Whether this call registered the person."""
        return self.identity is not None


async def entry_path(vault: Vault, tenant: TenantHandle, identifier: str) -> str:
    """Where the entry of an identifier lies below its mount."""
    tag = await vault.hmac(f"directory-{tenant.hex()}", identifier.encode())
    return f"{tenant.hex()}/{tag.hex()}"


async def lookup(vault: Vault, tenant: TenantHandle, identifier: str, now: datetime | None = None) -> DirectoryEntry | None:
    """The entry of an identifier, or None if the person is not known (any more: a tombstone whose time is over says nothing).

    Raises:
        SubjectErased: a tombstone stands there.
    """
    found = await vault.kv_read(MOUNT, await entry_path(vault, tenant, identifier))
    if found is None:
        return None
    if not _is_tombstone(found):
        return _entry(found)
    _check_suppression(found, now or datetime.now(UTC))
    return None


async def register(vault: Vault, tenant: TenantHandle, identifier: str, now: datetime, *, anew: bool = False) -> Registration:
    """The person's entry, made if there is none. Blob and entry are durable on return.

    Raises:
        SubjectErased: a tombstone stands there, its time is not over, and `anew` was not asked for.
    """
    path = await entry_path(vault, tenant, identifier)
    found = await vault.kv_read(MOUNT, path)
    if found is not None and not _is_tombstone(found):
        return Registration(_entry(found), None)
    if found is not None and not anew:
        _check_suppression(found, now)
    entry = DirectoryEntry(SubjectHandle(new_handle()), 1 if found is None else int(found.data["lifecycle"]) + 1)
    identity = await _create_blob(vault, tenant, entry, path, month_of(now))
    try:
        await vault.kv_write(MOUNT, path, entry_data(entry), 0 if found is None else found.version)
    except CasConflict:
        await destroy_blob(vault, tenant, entry.subject, entry.lifecycle)
        winner = await lookup(vault, tenant, identifier, now)
        if winner is None:
            raise
        return Registration(winner, None)
    return Registration(entry, identity)


async def entomb(vault: Vault, path: str, lifecycle: int, now: datetime) -> None:
    """Puts a tombstone in place of an entry; no error if one stands there already. Durable on return.

    Raises:
        CasConflict: the entry changes under our hands; try again.
    """
    found = await vault.kv_read(MOUNT, path)
    if found is None or _is_tombstone(found):
        return
    await vault.kv_write(MOUNT, path, tombstone_data(lifecycle, now + timedelta(days=SUPPRESSION_DAYS)), found.version)


async def is_entombed(vault: Vault, path: str) -> bool:
    """Whether no entry with a handle is left at a path."""
    found = await vault.kv_read(MOUNT, path)
    return found is None or _is_tombstone(found)


def entry_data(entry: DirectoryEntry) -> dict[str, str]:
    """What lies at the path of a registered person. `docs/formats.md`, section Directory."""
    return {"kind": "entry", "handle": entry.subject.hex(), "lifecycle": str(entry.lifecycle)}


def tombstone_data(lifecycle: int, until: datetime) -> dict[str, str]:
    """What lies there after an erasure: no handle, the lifecycle that ended, and how long it refuses."""
    return {"kind": "tombstone", "lifecycle": str(lifecycle), "until": until.isoformat()}


async def _create_blob(vault: Vault, tenant: TenantHandle, entry: DirectoryEntry, path: str, month: Month) -> Coordinates:
    roots = [secrets.token_bytes(SEED_SIZE_BYTES) for _ in Purpose]
    blob, number, leaf = with_run(Blob(path), month, 1, roots)
    await write_blob(vault, tenant, entry.subject, entry.lifecycle, blob, 0)
    return Coordinates(tenant, entry.subject, entry.lifecycle, month, number, leaf)


def _check_suppression(tombstone: KvEntry, now: datetime) -> None:
    if now < datetime.fromisoformat(tombstone.data["until"]):
        raise SubjectErased("this person was erased; an officer can register them anew")


def _is_tombstone(found: KvEntry) -> bool:
    return found.data["kind"] == "tombstone"


def _entry(found: KvEntry) -> DirectoryEntry:
    return DirectoryEntry(SubjectHandle(bytes.fromhex(found.data["handle"])), int(found.data["lifecycle"]))
