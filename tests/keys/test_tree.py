"""The puncturable tree: what is destroyed is gone, and nothing else is."""

import hashlib
import hmac
import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from keys.tree import DEPTH, LEAVES, Frontier, Node, child, derive, fresh, puncture
from tests.keys.builders import ROOT

leaves = st.integers(0, LEAVES - 1)
# Few different high bits, so that neighbours and whole subtrees come up and not only lonely leaves.
near = st.builds(lambda block, low: block * 64 + low, st.sampled_from([0, 1, 7, 255]), st.integers(0, 63))
some_leaves = st.lists(st.one_of(leaves, near), min_size=1, max_size=60, unique=True)


def oracle(root: bytes, leaf: int) -> bytearray:
    """The construction in its textbook form, with the path as a string of bits."""
    seed = root
    for depth, bit in enumerate(f"{leaf:0{DEPTH}b}", start=1):
        seed = hmac.new(seed, b"intaglio/v1/tree\x00" + bytes([depth]) + bytes([int(bit)]), hashlib.sha256).digest()
    return bytearray(seed)


def punctured(order: list[int]) -> Frontier:
    """A fresh tree without these leaves, punctured in this order."""
    frontier = fresh(ROOT)
    for leaf in order:
        frontier = puncture(frontier, leaf)
    return frontier


@given(leaves, st.binary(min_size=32, max_size=32))
def test_a_leaf_is_what_the_construction_says(leaf: int, root: bytes) -> None:
    """Another implementation, with the published labels only, has to find the same keys."""
    assert derive(fresh(root), leaf) == oracle(root, leaf)


@settings(deadline=None)
@given(some_leaves, st.lists(leaves, max_size=20))
def test_punctured_leaves_are_gone_and_all_others_as_before(gone: list[int], others: list[int]) -> None:
    """The law of the whole erasure: nothing more and nothing less."""
    frontier = punctured(gone)
    neighbours = [leaf ^ 1 for leaf in gone] + [(leaf + 1) % LEAVES for leaf in gone]
    for leaf in gone:
        assert derive(frontier, leaf) is None
    for leaf in {*others, *neighbours} - set(gone):
        assert derive(frontier, leaf) == oracle(ROOT, leaf)


@settings(deadline=None)
@given(some_leaves, st.randoms(use_true_random=False))
def test_the_order_of_punctures_leaves_no_trace(gone: list[int], chance: random.Random) -> None:
    """Two blobs with the same living leaves are equal, so the bytes tell no history."""
    other = list(gone)
    chance.shuffle(other)
    assert punctured(gone) == punctured(other)


@settings(deadline=None)
@given(some_leaves)
def test_a_second_puncture_changes_nothing(gone: list[int]) -> None:
    """A resumed erasure punctures again."""
    frontier = punctured(gone)
    for leaf in gone:
        assert puncture(frontier, leaf) == frontier


@settings(deadline=None)
@given(some_leaves)
def test_the_frontier_is_sorted_disjoint_and_the_smallest_there_is(gone: list[int]) -> None:
    """Canonical: from left to right, every living leaf below one node, no two siblings that their parent could replace."""
    frontier = punctured(gone)
    spans = [(node.index << (DEPTH - node.depth), (node.index + 1) << (DEPTH - node.depth)) for node in frontier]
    assert spans == sorted(spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert sum(end - start for start, end in spans) == LEAVES - len(gone)
    places = {(node.depth, node.index) for node in frontier}
    assert not any((depth, index ^ 1) in places for depth, index in places)


def test_an_old_prefix_costs_few_nodes() -> None:
    """Whoever erases from the oldest on keeps a small blob."""
    frontier = fresh(ROOT)
    for leaf in range(500):
        frontier = puncture(frontier, leaf)
    assert len(frontier) <= DEPTH


def test_every_other_leaf_is_the_worst_case() -> None:
    """The bound on which the size of pages rests: one node for each living leaf, never more."""
    frontier = fresh(ROOT)
    for leaf in range(0, 512, 2):
        frontier = puncture(frontier, leaf)
    assert sum(node.depth == DEPTH for node in frontier) == 256
    assert len(frontier) <= 256 + DEPTH


def test_a_tree_whose_last_leaf_is_punctured_is_empty() -> None:
    """Nothing can be derived from nothing."""
    assert puncture((Node(DEPTH, 9, ROOT),), 9) == ()
    assert derive((), 9) is None


def test_the_children_of_a_seed_differ_by_side_and_depth() -> None:
    """Otherwise two leaves would share a key."""
    assert len({child(ROOT, depth, side) for depth in range(1, DEPTH + 1) for side in (0, 1)}) == 2 * DEPTH


def test_a_derived_key_can_be_overwritten_without_harm() -> None:
    """Callers wipe what they got; the tree must not be made of it."""
    node = Node(DEPTH, 3, ROOT)
    derived = derive((node,), 3)
    assert derived is not None
    derived[:] = bytes(32)
    assert node.seed == ROOT


def test_a_node_does_not_show_its_seed() -> None:
    """A frontier in an exception or a log line would be a key in it."""
    assert ROOT.hex() not in repr(fresh(ROOT))
    assert repr(ROOT) not in repr(fresh(ROOT))
