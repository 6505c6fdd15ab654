"""Sealed objects: any content comes back whole or in part, and nothing else than what was sealed ever does."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keys.sealed
from events.identifiers import Month, SubjectHandle, TenantHandle
from keys.coordinates import Expectation, Kind, Purpose
from keys.errors import LeafExpired, SealedMismatch, WrongKey
from keys.leaf import Leaf
from keys.sealed import HEADER_SIZE_BYTES, SEGMENT_SIZE_BYTES, TAG_SIZE_BYTES, keyed_tag, seal, unseal, unseal_range
from tests.keys.builders import EXPECTED, PLACE, ROOT, opened

STRIDE = SEGMENT_SIZE_BYTES + TAG_SIZE_BYTES
# Around the edges of segments: eight bytes of length stand before the content.
edges = st.builds(lambda count, by: max(0, count * SEGMENT_SIZE_BYTES - 8 + by), st.integers(0, 3), st.integers(-2, 2))
sizes = st.one_of(st.integers(0, 600), edges, st.integers(0, 3 * SEGMENT_SIZE_BYTES))
SMALL = seal(opened(), EXPECTED, b"a picture of somebody")
CONTENT = random.Random(1).randbytes(3 * SEGMENT_SIZE_BYTES - 100)
LARGE = seal(opened(), EXPECTED, CONTENT)
Fetch = Callable[[int, int], Awaitable[bytes]]


def fetching(sealed: bytes, fetched: list[tuple[int, int]]) -> Fetch:
    """An object store that holds one object and remembers what was asked of it."""

    async def fetch(start: int, end: int) -> bytes:
        fetched.append((start, end))
        return sealed[start:end]

    return fetch


async def part(sealed: bytes, first: int, size: int, known_size: int | None = None) -> bytes:
    """A range of a sealed object, joined."""
    stored = len(sealed) if known_size is None else known_size
    return b"".join([piece async for piece in unseal_range(opened(), EXPECTED, stored, first, size, fetching(sealed, []))])


def segments(sealed: bytes) -> list[bytes]:
    """The body in its segments."""
    return [sealed[start : start + STRIDE] for start in range(HEADER_SIZE_BYTES, len(sealed), STRIDE)]


def rebuilt(sealed: bytes, order: list[bytes]) -> bytes:
    """An object with the same header and these segments."""
    return sealed[:HEADER_SIZE_BYTES] + b"".join(order)


def flipped(sealed: bytes, at: int) -> bytes:
    """An object with one bit changed in that byte."""
    return sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]


@settings(deadline=None)
@given(sizes, st.randoms(use_true_random=False))
def test_content_of_any_size_comes_back(size: int, chance: random.Random) -> None:
    """Also empty, also at the edges of segments."""
    content = chance.randbytes(size)
    assert unseal(opened(), EXPECTED, seal(opened(), EXPECTED, content)) == content


@settings(deadline=None)
@given(st.data())
async def test_any_range_equals_the_slice(data: st.DataObject) -> None:
    """What a client gets for a Range header is what it would have cut out itself."""
    first = data.draw(st.one_of(st.integers(0, len(CONTENT)), edges.filter(lambda edge: edge <= len(CONTENT))))
    size = data.draw(st.integers(0, len(CONTENT) - first))
    assert await part(LARGE, first, size) == CONTENT[first : first + size]


async def test_a_range_fetches_only_the_segments_that_hold_it() -> None:
    """A seek in a long film must not read the film."""
    fetched: list[tuple[int, int]] = []
    pieces = unseal_range(opened(), EXPECTED, len(LARGE), SEGMENT_SIZE_BYTES + 10, 100, fetching(LARGE, fetched))
    assert b"".join([piece async for piece in pieces]) == CONTENT[SEGMENT_SIZE_BYTES + 10 :][:100]
    assert fetched == [(0, HEADER_SIZE_BYTES), (HEADER_SIZE_BYTES + STRIDE, HEADER_SIZE_BYTES + 2 * STRIDE)]


def test_the_size_says_no_more_than_its_class() -> None:
    """Contents of one size class are sealed to the same length."""
    assert len({len(seal(opened(), EXPECTED, bytes(size))) for size in range(1000 - 8, 1016)}) == 1


@pytest.mark.parametrize("at", range(len(SMALL)))
def test_every_changed_byte_is_refused(at: int) -> None:
    """Of header, ciphertext and tag alike."""
    with pytest.raises((SealedMismatch, WrongKey)):
        unseal(opened(), EXPECTED, flipped(SMALL, at))


@pytest.mark.parametrize("size", range(len(SMALL)))
def test_every_truncation_is_refused(size: int) -> None:
    """An object that was cut short anywhere opens nowhere."""
    with pytest.raises((SealedMismatch, WrongKey)):
        unseal(opened(), EXPECTED, SMALL[:size])


@pytest.mark.parametrize("more", [b"\x00", bytes(TAG_SIZE_BYTES), bytes(STRIDE)])
def test_bytes_after_the_end_are_refused(more: bytes) -> None:
    """Nothing can be appended."""
    for sealed in (SMALL, LARGE):
        with pytest.raises(WrongKey):
            unseal(opened(), EXPECTED, sealed + more)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([1, 0, 2], id="swapped"),
        pytest.param([0, 2, 1], id="swapped-last"),
        pytest.param([0, 1], id="last-dropped"),
        pytest.param([0, 2], id="middle-dropped"),
        pytest.param([1, 2], id="first-dropped"),
        pytest.param([0, 0, 1, 2], id="first-twice"),
        pytest.param([0, 1, 2, 2], id="last-twice"),
        pytest.param([], id="none-left"),
    ],
)
async def test_segments_in_another_order_or_number_are_refused(order: list[int]) -> None:
    """Number and last-flag are in the nonce; whole objects and ranges alike."""
    parts = segments(LARGE)
    assert len(parts) == 3
    tampered = rebuilt(LARGE, [parts[number] for number in order])
    with pytest.raises(WrongKey):
        unseal(opened(), EXPECTED, tampered)
    with pytest.raises(WrongKey):
        await part(tampered, 0, len(CONTENT), known_size=max(len(tampered), len(LARGE)))


@pytest.mark.parametrize("number", range(3))
def test_a_segment_of_another_object_is_refused(number: int) -> None:
    """Sealed under the same leaf, at the same place in its object: another salt is another key."""
    parts = segments(LARGE)
    parts[number] = segments(seal(opened(), EXPECTED, CONTENT))[number]
    with pytest.raises(WrongKey):
        unseal(opened(), EXPECTED, rebuilt(LARGE, parts))


def others() -> dict[str, Expectation]:
    """Everything a caller may expect that is not what lies there."""
    return {
        "tenant": replace(EXPECTED, coordinates=replace(PLACE, tenant=TenantHandle(bytes(16)))),
        "subject": replace(EXPECTED, coordinates=replace(PLACE, subject=SubjectHandle(bytes(16)))),
        "lifecycle": replace(EXPECTED, coordinates=replace(PLACE, lifecycle=2)),
        "month": replace(EXPECTED, coordinates=replace(PLACE, month=Month(PLACE.month + 1))),
        "tree": replace(EXPECTED, coordinates=replace(PLACE, tree=1)),
        "leaf": replace(EXPECTED, coordinates=replace(PLACE, leaf=6)),
        "purpose": replace(EXPECTED, purpose=Purpose.PROMPT),
        "kind": replace(EXPECTED, kind=Kind.OUTCOME),
        "object": replace(EXPECTED, object=UUID(int=0)),
    }


@pytest.mark.parametrize("field", others())
async def test_another_expectation_is_refused_before_a_key_is_derived(field: str) -> None:
    """With a leaf that would refuse any use, so that the refusal cannot come from the key."""
    expired = Leaf(bytearray(ROOT), 0.0)
    with pytest.raises(SealedMismatch):
        unseal(expired, others()[field], SMALL)
    with pytest.raises(SealedMismatch):
        async for _ in unseal_range(expired, others()[field], len(SMALL), 0, 1, fetching(SMALL, [])):
            pass


@pytest.mark.parametrize(
    ("at", "value"),
    [
        pytest.param(0, b"GSE1", id="magic"),
        pytest.param(4, b"\x02", id="version"),
        pytest.param(5, b"\x00", id="suite-none"),
        pytest.param(5, b"\x02", id="suite-unknown"),
        pytest.param(6, b"\x80\x00", id="flag-unknown"),
        pytest.param(132, b"\x00\x00\x00\x00", id="segments-of-nothing"),
        pytest.param(132, b"\x80\x00\x00\x00", id="segments-of-2-gib"),
        pytest.param(143, b"\x01", id="reserved"),
    ],
)
def test_an_unknown_format_is_refused_before_a_key_is_derived(at: int, value: bytes) -> None:
    """No value in a header makes us allocate, downgrade or guess."""
    with pytest.raises(SealedMismatch):
        unseal(Leaf(bytearray(ROOT), 0.0), EXPECTED, SMALL[:at] + value + SMALL[at + len(value) :])


def test_a_wrong_key_is_refused_before_anything_is_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """GCM commits to no key: one ciphertext can open under two. The commitment is compared first (CVE-2020-8897)."""

    def never(*_: object) -> None:
        raise AssertionError("decrypted before the commitment was compared")

    monkeypatch.setattr(keys.sealed, "AESGCM", never)
    with pytest.raises(WrongKey, match="does not belong"):
        unseal(opened(bytes(32)), EXPECTED, SMALL)


def test_the_commitment_covers_salt_and_context() -> None:
    """A commitment moved from another object under the same leaf opens nothing."""
    other = seal(opened(), EXPECTED, b"a picture of somebody")
    for moved in (slice(68, 100), slice(100, 132), slice(136, 143)):
        mixed = bytearray(SMALL)
        mixed[moved] = other[moved]
        with pytest.raises(WrongKey):
            unseal(opened(), EXPECTED, bytes(mixed))


def test_no_two_objects_share_a_key() -> None:
    """Fresh salts and nonce prefixes, also for equal contents under one leaf."""
    sealed = [seal(opened(), EXPECTED, b"the same") for _ in range(50)]
    assert len({item[68:100] for item in sealed}) == len({item[136:143] for item in sealed}) == 50
    assert len({item[HEADER_SIZE_BYTES:] for item in sealed}) == 50


def test_a_length_that_lies_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed with the right key and still wrong."""
    monkeypatch.setattr(keys.sealed, "pad", lambda content: (len(content) + 1).to_bytes(8, "big") + content)
    lying = seal(opened(), EXPECTED, b"short")
    with pytest.raises(WrongKey, match="length"):
        unseal(opened(), EXPECTED, lying)


def test_content_that_looks_like_a_sealed_object_is_content() -> None:
    """Nothing is opened twice."""
    assert unseal(opened(), EXPECTED, seal(opened(), EXPECTED, SMALL)) == SMALL


async def test_a_leaf_that_expires_in_the_middle_ends_the_stream() -> None:
    """Checked before each segment: a long download opens its key again."""
    leaf = opened()
    stream = unseal_range(leaf, EXPECTED, len(LARGE), 0, len(CONTENT), fetching(LARGE, []))
    assert await anext(stream) == CONTENT[: SEGMENT_SIZE_BYTES - 8]
    leaf.wipe()
    with pytest.raises(LeafExpired):
        await anext(stream)


def test_tags_depend_on_leaf_label_and_content() -> None:
    """They compare pictures while the key lives and tell nothing afterwards."""
    tag = keyed_tag(opened(), b"pixels", b"content")
    assert tag == keyed_tag(opened(), b"pixels", b"content")
    assert tag != keyed_tag(opened(), b"encoded", b"content")
    assert tag != keyed_tag(opened(), b"pixels", b"other")
    assert tag != keyed_tag(opened(bytes(32)), b"pixels", b"content")


@pytest.mark.parametrize("at", [10, 80, 110, 138, HEADER_SIZE_BYTES + 3])
def test_refusals_show_neither_key_nor_content(at: int) -> None:
    """They are logged."""
    with pytest.raises((SealedMismatch, WrongKey)) as refused:
        unseal(opened(), EXPECTED, flipped(SMALL, at))
    text = f"{refused.value!r} {refused.value}"
    assert "somebody" not in text
    assert ROOT.hex() not in text
