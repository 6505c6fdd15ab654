"""The bytes of a blob: what was written comes back, and what is damaged is a damaged blob and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.identifiers import Month
from keys.blob import Blob, PageEntry, TreeId, decode_blob, encode_blob
from keys.blob.contents import decode_trees, encode_trees
from keys.coordinates import Purpose
from keys.errors import KeyMissing
from keys.tree import DEPTH, LEAVES, Node
from tests.keys.builders import NOVEMBER, ROOT

months = st.integers(24000, 24400).map(Month)
tree_ids = st.builds(TreeId, months, st.integers(0, 9), st.sampled_from(Purpose))
seeds = st.binary(min_size=32, max_size=32)
nodes = st.integers(0, DEPTH).flatmap(lambda depth: st.builds(Node, st.just(depth), st.integers(0, (1 << depth) - 1), seeds))
frontiers = st.lists(nodes, max_size=4).map(tuple)
trees = st.dictionaries(tree_ids, frontiers, max_size=6)
pages = st.builds(
    PageEntry,
    st.binary(min_size=8, max_size=8),
    seeds,
    seeds,
    st.lists(tree_ids, max_size=4, unique=True).map(lambda held: tuple(sorted(held))),
)
blobs = st.builds(
    Blob,
    st.text(max_size=80),
    st.integers(0, 2**32 - 1),
    st.dictionaries(st.tuples(months, st.integers(0, 9)), st.integers(0, LEAVES), max_size=6),
    trees,
    st.lists(pages, max_size=3, unique_by=lambda page: page.id).map(lambda found: tuple(sorted(found, key=lambda page: page.id))),
)
ONE = Blob(
    "10/directory",
    7,
    {(NOVEMBER, 0): 16},
    {TreeId(NOVEMBER, 0, Purpose.PROMPT): (Node(1, 0, ROOT), Node(2, 3, ROOT))},
    (PageEntry(bytes(8), ROOT, ROOT, (TreeId(Month(24000), 0, Purpose.MEDIA),)),),
)


@given(blobs)
def test_what_was_encoded_comes_back(blob: Blob) -> None:
    """Every field of every part."""
    assert decode_blob(encode_blob(blob)) == blob


@given(blobs)
def test_equal_blobs_have_equal_bytes(blob: Blob) -> None:
    """Whatever the order in which trees and cursors were added."""
    again = Blob(
        blob.directory_path,
        blob.generation,
        dict(reversed(blob.cursors.items())),
        dict(reversed(blob.trees.items())),
        tuple(reversed(blob.pages)),
        absorbed=(bytes(8),),
    )
    assert encode_blob(again) == encode_blob(blob)


@given(trees)
def test_the_trees_of_a_page_come_back(some: dict[TreeId, tuple[Node, ...]]) -> None:
    """Pages hold trees in the same bytes as a head."""
    assert decode_trees(encode_trees(some)) == some


def test_a_small_blob_pays_two_bytes_for_pages() -> None:
    """Most people never have one: the count, and nothing else."""
    without = Blob("p", 1, {}, {TreeId(NOVEMBER, 0, Purpose.PROMPT): (Node(0, 0, ROOT),)})
    assert len(encode_blob(without)) == 14 + 2 + 1 + 7 + 35


@pytest.mark.parametrize("size", range(len(encode_blob(ONE))))
def test_every_truncation_is_key_missing(size: int) -> None:
    """Damage is an alarm and never looks like an erasure or a crash."""
    with pytest.raises(KeyMissing):
        decode_blob(encode_blob(ONE)[:size])


def test_bytes_after_the_end_are_key_missing() -> None:
    """A blob ends where its counts say."""
    with pytest.raises(KeyMissing):
        decode_blob(encode_blob(ONE) + b"\x00")


@given(st.binary(max_size=400))
def test_any_other_bytes_are_key_missing(noise: bytes) -> None:
    """Also when they begin like a blob."""
    for encoded in (noise, b"ITB1" + noise):
        try:
            assert encode_blob(decode_blob(encoded)) is not None
        except KeyMissing:
            continue


@given(st.data())
def test_changed_bytes_decode_to_something_usable_or_are_key_missing(data: st.DataObject) -> None:
    """The seal refuses them before; should it ever not, no count or depth in them makes us fail in another way."""
    encoded = bytearray(encode_blob(ONE))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] = data.draw(st.integers(0, 255))
    try:
        found = decode_blob(encoded)
    except KeyMissing:
        return
    assert all(node.depth <= DEPTH and node.index < 1 << node.depth for tree in found.trees.values() for node in tree)
    assert all(cursor <= LEAVES for cursor in found.cursors.values())


@pytest.mark.parametrize(
    "node", [pytest.param(Node(DEPTH + 1, 0, ROOT), id="too-deep"), pytest.param(Node(3, 8, ROOT), id="beside-the-tree")]
)
def test_a_node_outside_the_tree_is_key_missing(node: Node) -> None:
    """It would shift by a negative count, or cover leaves of another node."""
    encoded = encode_trees({TreeId(NOVEMBER, 0, Purpose.PROMPT): (node,)})
    with pytest.raises(KeyMissing):
        decode_trees(encoded)


def test_a_purpose_that_does_not_exist_is_key_missing() -> None:
    """A later release may know it; this one must not guess."""
    encoded = encode_trees({TreeId(NOVEMBER, 0, Purpose.PROMPT): ()})
    encoded[4] = 9
    with pytest.raises(KeyMissing):
        decode_trees(encoded)


def test_neither_blob_nor_page_entry_shows_a_key() -> None:
    """Both turn up in exceptions' arguments and in debuggers."""
    for shown in (repr(ONE), repr(ONE.pages[0])):
        assert repr(ROOT) not in shown.replace(f"sha256={ROOT!r}", "")
