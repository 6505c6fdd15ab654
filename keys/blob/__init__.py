"""All trees of one subject and lifecycle, as one secret in the key store: to delete it is to erase the person.

What belongs here: the contents of a blob, their bytes, the pages that a large one is split into, and how both are read and
written.

What does not: the decision when a leaf is reserved (`keys.allocation`), opened (`keys.opening`) or destroyed (`keys.erasure`).

Never: keep what was read; write a blob other than by compare-and-swap; create one for a handle that existed before; leave a
page readable without its head.
"""

from keys.blob.changes import absorb, drop_month, of_leaf, of_month, pages_to_open, puncture_leaf, split, with_run
from keys.blob.contents import Blob, PageEntry, TreeId, decode_blob, encode_blob
from keys.blob.pages import open_page, seal_page
from keys.blob.store import (
    MOUNT,
    blob_path,
    destroy_blob,
    list_pages,
    open_pages,
    read_blob,
    read_tree,
    sweep_pages,
    tenant_key,
    write_blob,
)

__all__ = [
    "MOUNT",
    "Blob",
    "PageEntry",
    "TreeId",
    "absorb",
    "blob_path",
    "decode_blob",
    "destroy_blob",
    "drop_month",
    "encode_blob",
    "list_pages",
    "of_leaf",
    "of_month",
    "open_page",
    "open_pages",
    "pages_to_open",
    "puncture_leaf",
    "read_blob",
    "read_tree",
    "seal_page",
    "split",
    "sweep_pages",
    "tenant_key",
    "with_run",
    "write_blob",
]
