"""Blobs and their pages in the key store: read, write by compare-and-swap, destroy, sweep.

The head is sealed under the tenant's transit key with its path as context, so that a blob cannot be moved to another name. New
pages are written before the head that lists them and replaced pages are removed after it, so that a crash between leaves at
worst a page whose key no head holds. Blobs are created for fresh handles only (`cas=0`), so a late write cannot revive an erased
one.
"""

import base64
import binascii
import secrets
from collections.abc import Iterable
from dataclasses import replace

from events.identifiers import SubjectHandle, TenantHandle
from keys.blob.changes import LARGEST_SIZE_BYTES, Scope, absorb, pages_to_open, split
from keys.blob.contents import PAGE_KEY_SIZE_BYTES, Blob, PageEntry, TreeId, Trees, decode_blob, encode_blob
from keys.blob.pages import PAGE_ID_RANDOM_SIZE_BYTES, is_orphan, open_page, page_id, seal_page
from keys.errors import CasConflict, KeyMissing, VaultUnavailable, WrongKey
from keys.tree import Frontier
from keys.vault import Vault

MOUNT = "subjects"
_ATTEMPTS = 5


def blob_path(tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> str:
    """The path of a blob below its mount, which is also its context."""
    return f"{tenant.hex()}/{subject.hex()}/{lifecycle}"


def tenant_key(tenant: TenantHandle) -> str:
    """The name of a tenant's transit key."""
    return f"tenant-{tenant.hex()}"


async def read_blob(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> tuple[Blob, int] | None:
    """The opened head and its version, or None where none is (which alone says nothing about why).

    Raises:
        KeyMissing, WrongKey: it is damaged, or the tenant's key does not open it.
        VaultUnavailable: the key store is away.
    """
    path = blob_path(tenant, subject, lifecycle)
    entry = await vault.kv_read(MOUNT, path)
    if entry is None:
        return None
    if "blob" not in entry.data:
        raise KeyMissing("an entry of the key store is no blob; restore the key store")
    opened = await vault.decrypt(tenant_key(tenant), entry.data["blob"], path.encode())
    try:
        return decode_blob(opened), entry.version
    finally:
        opened[:] = bytes(len(opened))


async def read_tree(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int, tree: TreeId) -> Frontier | None:
    """One tree, from the head or from the one page that holds it; None where the head names it nowhere.

    Raises:
        KeyMissing: the blob or the page is not there.
        WrongKey: the page is not the one that the head names.
        VaultUnavailable: the key store is away.
    """
    seen = None
    for _ in range(_ATTEMPTS):
        found = await read_blob(vault, tenant, subject, lifecycle)
        if found is None:
            raise KeyMissing("the keys of a subject are not in the key store")
        blob, version = found
        page = blob.page_of(tree)
        if page is None:
            return blob.trees.get(tree)
        trees = await _read_page(vault, blob_path(tenant, subject, lifecycle), page)
        if trees is not None:
            return trees[tree]
        if version == seen:
            raise KeyMissing("a page of the keys of a subject is not in the key store")
        # A write may have replaced the page after the head was read; then the head has another version now.
        seen = version
    raise VaultUnavailable("the keys of a subject change too fast to be read; try again")


async def open_pages(
    vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int, blob: Blob, scope: Scope, *, whole: bool
) -> Blob:
    """The blob with those pages absorbed that a change of the trees in scope needs; see `pages_to_open`.

    Raises:
        CasConflict: another head is there by now; read it.
        KeyMissing, WrongKey, VaultUnavailable: as `read_tree`.
    """
    for page in pages_to_open(blob, scope, whole=whole):
        trees = await _read_page(vault, blob_path(tenant, subject, lifecycle), page)
        if trees is None:
            present = await read_blob(vault, tenant, subject, lifecycle)
            if present is not None and page in present[0].pages:
                raise KeyMissing("a page of the keys of a subject is not in the key store")
            raise CasConflict("the keys of a subject were changed by somebody else; read them again")
        blob = absorb(blob, page, trees)
    return blob


async def write_blob(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int, blob: Blob, cas: int) -> None:
    """Seals and writes a blob by compare-and-swap, in pages where it has grown too large; durable on return.

    Its generation has to be above that of the head it was made from, as every change makes it: page ids rest on that.

    Raises:
        CasConflict: another version is there; nothing of this one is left.
        VaultUnavailable: it cannot be written now, or what it replaced could not be removed yet; or it has grown past what even
            pages can hold.
    """
    path = blob_path(tenant, subject, lifecycle)
    head, groups = split(blob)
    written: list[PageEntry] = []
    try:
        for trees in groups:
            page = await _write_page(vault, path, blob.generation, trees)
            written.append(page)
        await _write_head(vault, tenant, path, replace(head, pages=(*head.pages, *written)), cas)
    except CasConflict:
        await _remove_pages(vault, path, (page.id for page in written))
        raise
    await _remove_pages(vault, path, blob.absorbed)


async def destroy_blob(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> None:
    """Removes a head for good; whatever it opened, its pages too, is unreadable from then on."""
    await vault.kv_destroy(MOUNT, blob_path(tenant, subject, lifecycle))


async def list_pages(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> list[bytes]:
    """The ids of all pages below a blob's path, listed by its head or not."""
    names = await vault.kv_list(MOUNT, f"{blob_path(tenant, subject, lifecycle)}/pages")
    return [bytes.fromhex(name) for name in names]


async def sweep_pages(vault: Vault, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int, head: Blob | None) -> int:
    """Removes pages that nothing can open any more; how many. `head` is the present one, or None once it is destroyed."""
    ids = await list_pages(vault, tenant, subject, lifecycle)
    if head is not None:
        listed = {page.id for page in head.pages}
        ids = [identity for identity in ids if identity not in listed and is_orphan(identity, head.generation)]
    await _remove_pages(vault, blob_path(tenant, subject, lifecycle), ids)
    return len(ids)


async def _write_head(vault: Vault, tenant: TenantHandle, path: str, head: Blob, cas: int) -> None:
    encoded = encode_blob(head)
    try:
        if len(encoded) > LARGEST_SIZE_BYTES:
            raise VaultUnavailable("the list of a subject's key pages has grown past one entry of the key store")
        sealed = await vault.encrypt(tenant_key(tenant), bytes(encoded), path.encode())
    finally:
        encoded[:] = bytes(len(encoded))
    await vault.kv_write(MOUNT, path, {"blob": sealed}, cas)


async def _write_page(vault: Vault, path: str, generation: int, trees: Trees) -> PageEntry:
    identity = page_id(generation, secrets.token_bytes(PAGE_ID_RANDOM_SIZE_BYTES))
    page, ciphertext = seal_page(path, identity, secrets.token_bytes(PAGE_KEY_SIZE_BYTES), trees)
    await vault.kv_write(MOUNT, _page_path(path, identity), {"page": base64.b64encode(ciphertext).decode()}, 0)
    return page


async def _read_page(vault: Vault, path: str, page: PageEntry) -> dict[TreeId, Frontier] | None:
    entry = await vault.kv_read(MOUNT, _page_path(path, page.id))
    if entry is None:
        return None
    try:
        ciphertext = base64.b64decode(entry.data["page"], validate=True)
    except (KeyError, binascii.Error):
        raise WrongKey("a page of the key store is not the one that its head names") from None
    return open_page(path, page, ciphertext)


async def _remove_pages(vault: Vault, path: str, ids: Iterable[bytes]) -> None:
    for identity in ids:
        await vault.kv_destroy(MOUNT, _page_path(path, identity))


def _page_path(path: str, identity: bytes) -> str:
    return f"{path}/pages/{identity.hex()}"
