"""A page: trees of a large blob, sealed under a key of its own that only the blob's head holds. Pure.

AES-256-GCM with the zero nonce, because a page key seals once and is never used again. The associated data name the blob and the
page, so that a page cannot stand in for another; the head also holds the SHA-256 of the ciphertext, so that a key from the head
opens exactly one sequence of bytes. `docs/formats.md`, section Page.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.blob.contents import PAGE_ID_SIZE_BYTES, PageEntry, TreeId, Trees, decode_trees, encode_trees
from keys.errors import KeyMissing, WrongKey
from keys.tree import Frontier

_LABEL = b"intaglio/v1/page\x00"
_NONCE = bytes(12)
_GENERATION_SIZE_BYTES = 4
PAGE_ID_RANDOM_SIZE_BYTES = PAGE_ID_SIZE_BYTES - _GENERATION_SIZE_BYTES


def page_id(generation: int, random: bytes) -> bytes:
    """Eight bytes: the generation of the head that a page is made for, then four random ones."""
    return generation.to_bytes(_GENERATION_SIZE_BYTES, "big") + random


def is_orphan(identity: bytes, head_generation: int) -> bool:
    """Whether a page that a head does not list can never be listed by a later one.

    A page made for a generation that is over belonged to a head that was never written or has been replaced. A page made for a
    later one may belong to a head that is being written in this moment.
    """
    return int.from_bytes(identity[:_GENERATION_SIZE_BYTES], "big") <= head_generation


def seal_page(path: str, identity: bytes, key: bytes, trees: Trees) -> tuple[PageEntry, bytes]:
    """The entry for the head and the ciphertext of a page; the key must be fresh."""
    plain = encode_trees(trees)
    try:
        ciphertext = AESGCM(key).encrypt(_NONCE, bytes(plain), _associated(path, identity))
    finally:
        plain[:] = bytes(len(plain))
    return PageEntry(identity, key, hashlib.sha256(ciphertext).digest(), tuple(sorted(trees))), ciphertext


def open_page(path: str, page: PageEntry, ciphertext: bytes) -> dict[TreeId, Frontier]:
    """The trees of a page.

    Raises:
        WrongKey: the bytes are not those that the head names, or its key does not open them.
        KeyMissing: they hold other trees than the head names.
    """
    if hashlib.sha256(ciphertext).digest() != page.sha256:
        raise WrongKey("a page of the key store is not the one that its head names")
    try:
        plain = bytearray(AESGCM(page.key).decrypt(_NONCE, ciphertext, _associated(path, page.id)))
    except InvalidTag:
        raise WrongKey("the key in a head does not open its page") from None
    try:
        trees = decode_trees(plain)
    finally:
        plain[:] = bytes(len(plain))
    if tuple(sorted(trees)) != page.trees:
        raise KeyMissing("a page of the key store holds other trees than its head names")
    return trees


def _associated(path: str, identity: bytes) -> bytes:
    named = path.encode()
    return _LABEL + len(named).to_bytes(2, "big") + named + identity
