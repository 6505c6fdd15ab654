"""The contents of a blob as a value, and their bytes. Pure.

The head of a blob holds the path of the subject's directory entry, for each month and tree the next free leaf (shared by all
purposes), trees, and one entry for each page with the page's key. Whoever has no head can open no page, so that writing or
deleting the head is the whole act. `docs/formats.md`, section Blob, fixes every byte.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from events.identifiers import Month
from keys.coordinates import Purpose
from keys.errors import KeyMissing
from keys.tree import DEPTH, LEAVES, SEED_SIZE_BYTES, Frontier, Node

MAGIC = b"ITB1"
PAGE_ID_SIZE_BYTES = 8
PAGE_KEY_SIZE_BYTES = 32
_HEAD = struct.Struct(">4sIHHHH")
_CURSOR = struct.Struct(">HHH")
_TREE = struct.Struct(">HHBH")
_NODE = struct.Struct(f">BH{SEED_SIZE_BYTES}s")
_PAGE = struct.Struct(f">{PAGE_ID_SIZE_BYTES}s{PAGE_KEY_SIZE_BYTES}s32sH")
_HELD = struct.Struct(">HHB")


class TreeId(NamedTuple):
    """One tree: its month, its number within that month, and its purpose. They sort in this order, and lie so in the bytes."""

    month: Month
    number: int
    purpose: Purpose


Trees = Mapping[TreeId, Frontier]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """What a head knows of one page: its id, its key, the SHA-256 of its ciphertext, and the trees it holds, in order."""

    id: bytes
    key: bytes = field(repr=False)
    sha256: bytes
    trees: tuple[TreeId, ...]


@dataclass(frozen=True, slots=True)
class Blob:
    """An opened head. `generation` counts writes; `cursors`: the next free leaf by month and tree number.

    `absorbed` names pages whose trees were taken into `trees`; it is not part of the bytes. They are removed from the key store
    once a head without them is durable.
    """

    directory_path: str
    generation: int = 0
    cursors: dict[tuple[Month, int], int] = field(default_factory=dict)
    trees: dict[TreeId, Frontier] = field(default_factory=dict, repr=False)
    pages: tuple[PageEntry, ...] = field(default=(), repr=False)
    absorbed: tuple[bytes, ...] = ()

    def page_of(self, tree: TreeId) -> PageEntry | None:
        """The page that holds a tree, or None."""
        return next((page for page in self.pages if tree in page.trees), None)


def tree_size_bytes(frontier: Frontier) -> int:
    """How many bytes a tree takes, in a head or in a page."""
    return _TREE.size + len(frontier) * _NODE.size


def encode_blob(blob: Blob) -> bytearray:
    """The bytes of a head, in a buffer for the caller to overwrite."""
    path = blob.directory_path.encode()
    counts = len(path), len(blob.cursors), len(blob.trees), len(blob.pages)
    encoded = bytearray(_HEAD.pack(MAGIC, blob.generation, *counts))
    encoded += path
    for (month, number), cursor in sorted(blob.cursors.items()):
        encoded += _CURSOR.pack(month, number, cursor)
    encoded += encode_trees(blob.trees)
    for page in sorted(blob.pages, key=lambda page: page.id):
        encoded += _PAGE.pack(page.id, page.key, page.sha256, len(page.trees))
        for tree in page.trees:
            encoded += _HELD.pack(*tree)
    return encoded


def encode_trees(trees: Trees) -> bytearray:
    """Trees in order, one after the other, in a buffer for the caller to overwrite."""
    encoded = bytearray()
    for tree, frontier in sorted(trees.items()):
        encoded += _TREE.pack(*tree, len(frontier))
        for node in frontier:
            encoded += _NODE.pack(node.depth, node.index, node.seed)
    return encoded


def decode_blob(encoded: bytes | bytearray) -> Blob:
    """The head of bytes that this module wrote.

    Raises:
        KeyMissing: the bytes are cut short or were not written by it.
    """
    try:
        return _decode(memoryview(encoded))
    except (struct.error, ValueError):
        raise KeyMissing("a blob of the key store is damaged; restore the key store") from None


def decode_trees(encoded: bytes | bytearray) -> dict[TreeId, Frontier]:
    """The trees of a page.

    Raises:
        KeyMissing: the bytes are cut short or were not written by this module.
    """
    view, offset = memoryview(encoded), 0
    trees: dict[TreeId, Frontier] = {}
    try:
        while offset < len(view):
            offset = _decode_tree(view, offset, trees)
    except (struct.error, ValueError):
        raise KeyMissing("a page of the key store is damaged; restore the key store") from None
    return trees


def _decode(view: memoryview) -> Blob:
    magic, generation, path_size, cursor_count, tree_count, page_count = _HEAD.unpack_from(view)
    if magic != MAGIC:
        raise ValueError
    offset = _HEAD.size + path_size
    path, cursors, trees = str(view[_HEAD.size : offset], "utf-8"), {}, dict[TreeId, Frontier]()
    for _ in range(cursor_count):
        month, number, cursor = _CURSOR.unpack_from(view, offset)
        if cursor > LEAVES:
            raise ValueError
        cursors[Month(month), number] = cursor
        offset += _CURSOR.size
    for _ in range(tree_count):
        offset = _decode_tree(view, offset, trees)
    pages = []
    for _ in range(page_count):
        page, offset = _decode_page(view, offset)
        pages.append(page)
    if offset != len(view) or (len(cursors), len(trees)) != (cursor_count, tree_count):
        raise ValueError
    return Blob(path, generation, cursors, trees, tuple(pages))


def _decode_tree(view: memoryview, offset: int, trees: dict[TreeId, Frontier]) -> int:
    month, number, purpose, node_count = _TREE.unpack_from(view, offset)
    offset += _TREE.size
    end: int = offset + node_count * _NODE.size
    nodes = tuple(Node(*fields) for fields in _NODE.iter_unpack(view[offset:end]))
    if len(nodes) != node_count or any(node.depth > DEPTH or node.index >> node.depth for node in nodes):
        raise ValueError
    trees[TreeId(Month(month), number, Purpose(purpose))] = nodes
    return end


def _decode_page(view: memoryview, offset: int) -> tuple[PageEntry, int]:
    identity, key, sha256, tree_count = _PAGE.unpack_from(view, offset)
    offset += _PAGE.size
    end = offset + tree_count * _HELD.size
    held = tuple(TreeId(Month(month), number, Purpose(purpose)) for month, number, purpose in _HELD.iter_unpack(view[offset:end]))
    if len(held) != tree_count:
        raise ValueError
    return PageEntry(identity, key, sha256, held), end
