"""The sealed object: a header of 144 bytes in clear, then AES-256-GCM segments, readable from the middle.

The key of an object comes from its leaf, its own salt and its own header; so do 32 bytes that commit to key and context and are
compared before any decryption, because GCM alone would let one ciphertext open under two keys (CVE-2020-8897). Segments follow
the
STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): number and last-flag are in the nonce, so none can be dropped,
swapped
or added. Nothing is decrypted that is not exactly what the caller expects. `docs/formats.md`, section Sealed object.
"""

import hashlib
import hmac
import secrets
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.coordinates import Expectation
from keys.errors import SealedMismatch, WrongKey
from keys.leaf import Leaf
from keys.padding import LENGTH_SIZE_BYTES, pad

MAGIC = b"ITG1"
VERSION = 1
SUITE_AES_256_GCM_STREAM = 1
HEADER_SIZE_BYTES = 144
SEGMENT_SIZE_BYTES = 64 * 1024
TAG_SIZE_BYTES = 16
_HEADER = struct.Struct(">4sBBH16s16sIHHHBB16s32s32sI7sB")
_COMMITMENT_AT = slice(100, 132)
_ENCRYPTION_LABEL = b"intaglio/v1/sealed/encryption\x00"
_COMMITMENT_LABEL = b"intaglio/v1/sealed/commitment\x00"
_TAG_LABEL = b"intaglio/v1/tag\x00"


def seal(leaf: Leaf, expectation: Expectation, content: bytes) -> bytes:
    """The sealed object of a content, under a fresh salt.

    Raises:
        LeafExpired: the leaf was held for too long.
    """
    header, key = _fresh_header(leaf, expectation)
    cipher, prefix = AESGCM(key), header[136:143]
    plain = pad(content)
    out = [header]
    last = (len(plain) - 1) // SEGMENT_SIZE_BYTES
    for number in range(last + 1):
        leaf.check()
        segment = plain[number * SEGMENT_SIZE_BYTES : (number + 1) * SEGMENT_SIZE_BYTES]
        out.append(cipher.encrypt(_nonce(prefix, number, is_last=number == last), segment, None))
    return b"".join(out)


def unseal(leaf: Leaf, expectation: Expectation, sealed: bytes) -> bytes:
    """The content of a sealed object.

    Raises:
        SealedMismatch: not an object of this format, or not the expected one.
        WrongKey: the key does not belong to it, or a byte was changed.
        LeafExpired: the leaf was held for too long.
    """
    key, segment_size = _open_header(leaf, expectation, sealed[:HEADER_SIZE_BYTES])
    stride = segment_size + TAG_SIZE_BYTES
    body = memoryview(sealed)[HEADER_SIZE_BYTES:]
    count = max(1, -(-len(body) // stride))
    plain = b"".join(
        _segment(leaf, key, sealed[136:143], number, body[number * stride : (number + 1) * stride], count)
        for number in range(count)
    )
    size = int.from_bytes(plain[:LENGTH_SIZE_BYTES], "big")
    if size > len(plain) - LENGTH_SIZE_BYTES:
        raise WrongKey("a sealed object names a length that it does not have")
    return plain[LENGTH_SIZE_BYTES : LENGTH_SIZE_BYTES + size]


async def unseal_range(
    leaf: Leaf,
    expectation: Expectation,
    sealed_size_bytes: int,
    first: int,
    size_bytes: int,
    fetch: Callable[[int, int], Awaitable[bytes]],
) -> AsyncIterator[bytes]:
    """A range of the content, segment by segment, fetching only the segments that hold it.

    The range has to lie within the content, whose size the caller knows; `fetch(start, end)` gives those bytes of the sealed
    object. Raises like `unseal`.
    """
    header = await fetch(0, HEADER_SIZE_BYTES)
    key, segment_size = _open_header(leaf, expectation, header)
    stride = segment_size + TAG_SIZE_BYTES
    count = max(1, -(-(sealed_size_bytes - HEADER_SIZE_BYTES) // stride))
    start, end = first + LENGTH_SIZE_BYTES, first + LENGTH_SIZE_BYTES + size_bytes
    for number in range(start // segment_size, -(-end // segment_size)):
        begin = HEADER_SIZE_BYTES + number * stride
        body = await fetch(begin, min(begin + stride, sealed_size_bytes))
        plain = _segment(leaf, key, header[136:143], number, body, count)
        offset = number * segment_size
        yield plain[max(start - offset, 0) : end - offset]


def keyed_tag(leaf: Leaf, label: bytes, content: bytes) -> bytes:
    """HMAC-SHA-256 of a content under a key of the leaf: comparable while the key lives, nothing after."""
    key = hmac.digest(leaf.key(), _TAG_LABEL + label, hashlib.sha256)
    return hmac.digest(key, content, hashlib.sha256)


def _fresh_header(leaf: Leaf, expectation: Expectation) -> tuple[bytes, bytes]:
    salt, prefix = secrets.token_bytes(32), secrets.token_bytes(7)
    blank = _pack(expectation, salt, bytes(32), prefix)
    key, commitment = _keys(leaf, blank)
    return _pack(expectation, salt, commitment, prefix), key


def _pack(expectation: Expectation, salt: bytes, commitment: bytes, prefix: bytes) -> bytes:
    place = expectation.coordinates
    return _HEADER.pack(
        MAGIC, VERSION, SUITE_AES_256_GCM_STREAM, 0, place.tenant, place.subject, place.lifecycle, place.month, place.tree,
        place.leaf, expectation.purpose, expectation.kind, expectation.object.bytes, salt, commitment, SEGMENT_SIZE_BYTES,
        prefix, 0,
    )  # fmt: skip


def _open_header(leaf: Leaf, expectation: Expectation, header: bytes) -> tuple[bytes, int]:
    if len(header) != HEADER_SIZE_BYTES:
        raise SealedMismatch("a sealed object is shorter than its header")
    fields = _HEADER.unpack(header)
    if fields[:4] != (MAGIC, VERSION, SUITE_AES_256_GCM_STREAM, 0) or fields[17] != 0:
        raise SealedMismatch("a sealed object in a format that this release does not know")
    place = expectation.coordinates
    found = (*fields[4:10], fields[10], fields[11], UUID(bytes=fields[12]))
    if found != (
        place.tenant, place.subject, place.lifecycle, place.month, place.tree, place.leaf, expectation.purpose,
        expectation.kind, expectation.object,
    ):  # fmt: skip
        raise SealedMismatch("a sealed object is not the one that was expected")
    if fields[15] != SEGMENT_SIZE_BYTES:
        raise SealedMismatch("a sealed object with segments of another size")
    blank = header[:100] + bytes(32) + header[132:]
    key, commitment = _keys(leaf, blank)
    if not hmac.compare_digest(commitment, header[_COMMITMENT_AT]):
        raise WrongKey("the key does not belong to this sealed object")
    return key, SEGMENT_SIZE_BYTES


def _keys(leaf: Leaf, blank_header: bytes) -> tuple[bytes, bytes]:
    """HKDF-SHA-256 (RFC 5869): extract with the object's salt, expand once for the key and once for the commitment."""
    root = hmac.digest(blank_header[68:100], leaf.key(), hashlib.sha256)
    context = hashlib.sha256(blank_header).digest()
    return (
        hmac.digest(root, _ENCRYPTION_LABEL + context + b"\x01", hashlib.sha256),
        hmac.digest(root, _COMMITMENT_LABEL + context + b"\x01", hashlib.sha256),
    )


def _segment(leaf: Leaf, key: bytes, prefix: bytes, number: int, body: bytes | memoryview, count: int) -> bytes:
    leaf.check()
    try:
        return AESGCM(key).decrypt(_nonce(prefix, number, is_last=number == count - 1), body, None)
    except (InvalidTag, ValueError):
        raise WrongKey(f"segment {number} of a sealed object was changed, moved or cut") from None


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes((is_last,))
