"""All trees of one subject and lifecycle, as one secret in the key store: to delete it is to erase the person.

The bytes are sealed under the tenant's transit key with the path as context, so that a blob cannot be moved to another name.
They also
hold the path of the subject's directory entry, and for each month and tree the next free leaf, shared by all purposes. No tree is
ever opened in a past month. Blobs are created for fresh handles only (`cas=0`), so a late write cannot revive an erased one.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from events.identifiers import Month, SubjectHandle, TenantHandle
from keys.coordinates import Purpose
from keys.errors import KeyMissing, VaultUnavailable
from keys.tree import LEAVES, SEED_SIZE_BYTES, Frontier, Node, fresh
from keys.vault import Vault

MOUNT = "subjects"
MAGIC = b"ITB1"
LARGEST_BLOB_SIZE_BYTES = 256 * 1024
_HEAD = struct.Struct(">4sIHHH")
_CURSOR = struct.Struct(">HHH")
_TREE = struct.Struct(">BHHH")
_NODE = struct.Struct(f">BH{SEED_SIZE_BYTES}s")


@dataclass(frozen=True, slots=True)
class TreeId:
    """One tree: its purpose, its month and its number within that month."""

    purpose: Purpose
    month: Month
    number: int


@dataclass(frozen=True, slots=True)
class Blob:
    """The opened contents. `cursors`: next free leaf by month and tree number; `generation` counts writes."""

    directory_path: str
    generation: int = 0
    cursors: dict[tuple[Month, int], int] = field(default_factory=dict)
    trees: dict[TreeId, Frontier] = field(default_factory=dict, repr=False)


def blob_path(tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> str:
    """The path of a blob below its mount, which is also its context."""
    return f"{tenant.hex()}/{subject.hex()}/{lifecycle}"


def tenant_key(tenant: TenantHandle) -> str:
    """The name of a tenant's transit key."""
    return f"tenant-{tenant.hex()}"


def encode_blob(blob: Blob) -> bytearray:
    """The bytes of a blob, in a buffer for the caller to overwrite. `docs/formats.md`, section Blob."""
    path = blob.directory_path.encode()
    parts = bytearray(_HEAD.pack(MAGIC, blob.generation, len(path), len(blob.cursors), len(blob.trees)))
    parts += path
    for (month, number), cursor in sorted(blob.cursors.items()):
        parts += _CURSOR.pack(month, number, cursor)
    for identity, frontier in sorted(blob.trees.items(), key=lambda item: _order(item[0])):
        parts += _TREE.pack(identity.purpose, identity.month, identity.number, len(frontier))
        for node in frontier:
            parts += _NODE.pack(node.depth, node.index, node.seed)
    return parts


def decode_blob(encoded: bytes | bytearray) -> Blob:
    """The blob of bytes that this module wrote.

    Raises:
        KeyMissing: the bytes are cut short or were not written by it.
    """
    try:
        return _decode(memoryview(encoded))
    except (struct.error, ValueError):
        raise KeyMissing("a blob of the key store is damaged; restore the key store") from None


def _decode(view: memoryview) -> Blob:
    magic, generation, path_size, cursor_count, tree_count = _HEAD.unpack_from(view)
    if magic != MAGIC:
        raise ValueError
    offset = _HEAD.size + path_size
    blob = Blob(str(view[_HEAD.size : offset], "utf-8"), generation)
    for _ in range(cursor_count):
        month, number, cursor = _CURSOR.unpack_from(view, offset)
        blob.cursors[Month(month), number] = cursor
        offset += _CURSOR.size
    for _ in range(tree_count):
        purpose, month, number, node_count = _TREE.unpack_from(view, offset)
        offset += _TREE.size
        end = offset + node_count * _NODE.size
        nodes = tuple(Node(*fields) for fields in _NODE.iter_unpack(view[offset:end]))
        if len(nodes) != node_count:
            raise ValueError
        blob.trees[TreeId(Purpose(purpose), Month(month), number)] = nodes
        offset = end
    if offset != len(view):
        raise ValueError
    return blob


def with_run(blob: Blob, month: Month, count: int, roots: Iterable[bytes]) -> tuple[Blob, int, int]:
    """Reserves `count` leaves in a row in the present month: the new blob, the tree's number, the first leaf.

    Opens the month's first or next tree (one for each purpose) when the last has no room; `roots` gives its random roots.
    """
    numbers = [number for (known, number) in blob.cursors if known == month]
    number = max(numbers, default=0)
    cursor = blob.cursors.get((month, number), LEAVES)
    trees = dict(blob.trees)
    if cursor + count > LEAVES:
        number = number + 1 if numbers else 0
        cursor = 0
        for purpose, root in zip(Purpose, roots, strict=False):
            trees[TreeId(purpose, month, number)] = fresh(root)
    cursors = {**blob.cursors, (month, number): cursor + count}
    return replace(blob, generation=blob.generation + 1, cursors=cursors, trees=trees), number, cursor


async def read_blob(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> tuple[Blob, int] | None:
    """The opened blob and its version, or None where none is (which alone says nothing about why)."""
    path = blob_path(tenant, subject, lifecycle)
    entry = await vault.kv_read(MOUNT, path)
    if entry is None:
        return None
    opened = await vault.decrypt(tenant_key(tenant), entry.data["blob"], path.encode())
    try:
        return decode_blob(opened), entry.version
    finally:
        opened[:] = bytes(len(opened))


async def write_blob(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int, blob: Blob, cas: int) -> None:
    """Seals and writes a blob by compare-and-swap; durable on return.

    Raises:
        CasConflict: another version is there.
        VaultUnavailable: it cannot be written, or has grown past what one entry may hold.
    """
    path = blob_path(tenant, subject, lifecycle)
    encoded = encode_blob(blob)
    if len(encoded) > LARGEST_BLOB_SIZE_BYTES:
        raise VaultUnavailable("a subject's keys have grown past one entry of the key store; pages are not available yet")
    try:
        sealed = await vault.encrypt(tenant_key(tenant), bytes(encoded), path.encode())
    finally:
        encoded[:] = bytes(len(encoded))
    await vault.kv_write(MOUNT, path, {"blob": sealed}, cas)


async def destroy_blob(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> None:
    """Removes a blob for good; whatever it opened is unreadable from then on."""
    await vault.kv_destroy(MOUNT, blob_path(tenant, subject, lifecycle))


def _order(identity: TreeId) -> tuple[int, int, int]:
    return (identity.month, identity.number, identity.purpose)
