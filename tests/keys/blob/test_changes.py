"""What changes do to a blob: exactly what they say, whether its trees lie in the head or in pages."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.identifiers import Month
from keys.blob import Blob, PageEntry, TreeId, encode_blob
from keys.blob.changes import absorb, drop_month, of_leaf, of_month, pages_to_open, puncture_leaf, split, with_run
from keys.blob.contents import Trees, tree_size_bytes
from keys.coordinates import Purpose
from keys.tree import LEAVES, Frontier, Node, derive, fresh
from tests.keys.builders import NOVEMBER, wide

ROOTS = [bytes([number]) * 32 for number in range(3)]
DECEMBER = Month(NOVEMBER + 1)
MONTHS = [Month(NOVEMBER + by) for by in range(3)]
ALL = [TreeId(month, number, purpose) for month in MONTHS for number in range(2) for purpose in Purpose]
PROBED = (0, 1, 2, 4000, LEAVES - 1)
months = st.sampled_from(MONTHS)
probed = st.sampled_from(PROBED)
maybe_purpose = st.one_of(st.none(), st.sampled_from(Purpose))
some_purposes = st.lists(st.sampled_from(Purpose), min_size=1, unique=True)


class Opened:
    """A blob and the contents of its pages, which a store would hold: the pure functions on the whole of both."""

    def __init__(self, blob: Blob, contents: dict[bytes, Trees]) -> None:
        self.blob, self.contents = blob, contents

    def absorb(self, pages: Iterable[PageEntry]) -> Blob:
        """The blob with these pages opened."""
        blob = self.blob
        for page in pages:
            blob = absorb(blob, page, self.contents[page.id])
        return blob

    def every_tree(self, blob: Blob) -> dict[TreeId, Frontier]:
        """The trees of a head and of all pages that it lists."""
        found = dict(blob.trees)
        for page in blob.pages:
            assert not found.keys() & set(page.trees)
            found |= self.contents[page.id]
        return found


def paged(placing: Sequence[int]) -> Opened:
    """All eighteen trees, each in the head (0) or in one of three pages."""
    contents: dict[bytes, dict[TreeId, Frontier]] = {}
    trees: dict[TreeId, Frontier] = {}
    for number, (tree, place) in enumerate(zip(ALL, placing, strict=True)):
        holder = trees if place == 0 else contents.setdefault(bytes([place]) * 8, {})
        holder[tree] = fresh(bytes([number]) * 32)
    pages = tuple(PageEntry(identity, bytes(32), bytes(32), tuple(sorted(held))) for identity, held in contents.items())
    cursors = {(tree.month, tree.number): 100 for tree in ALL}
    return Opened(Blob("path", 5, cursors, trees, pages), {**contents})


placings = st.lists(st.integers(0, 3), min_size=len(ALL), max_size=len(ALL)).map(paged)


def test_the_first_run_opens_the_month() -> None:
    """One tree for each purpose, with the same number."""
    blob, number, first = with_run(Blob("p"), NOVEMBER, 16, ROOTS)
    assert (number, first, blob.generation) == (0, 0, 1)
    assert blob.trees == {TreeId(NOVEMBER, 0, purpose): fresh(root) for purpose, root in zip(Purpose, ROOTS, strict=True)}
    assert blob.cursors == {(NOVEMBER, 0): 16}


@given(st.lists(st.integers(1, 6000), min_size=1, max_size=12))
def test_runs_never_overlap(counts: list[int]) -> None:
    """A leaf is reserved once, whatever the sizes of the runs, also where one tree ends and the next begins."""
    blob, taken = Blob("p"), set[tuple[int, int]]()
    for count in counts:
        blob, number, first = with_run(blob, NOVEMBER, count, ROOTS)
        run = {(number, leaf) for leaf in range(first, first + count)}
        assert not run & taken
        assert first + count <= LEAVES
        assert all(TreeId(NOVEMBER, number, purpose) in blob.trees for purpose in Purpose)
        taken |= run
    assert blob.generation == len(counts)


def test_a_full_tree_is_followed_by_the_next_of_the_month() -> None:
    """Also when the rest of it would not have held the run: a run lies in one tree."""
    blob, _, _ = with_run(Blob("p"), NOVEMBER, LEAVES - 3, ROOTS)
    blob, number, first = with_run(blob, NOVEMBER, 4, ROOTS)
    assert (number, first) == (1, 0)
    assert len(blob.trees) == 6


def test_another_month_begins_with_its_own_tree() -> None:
    """And the past one keeps what it had."""
    blob, _, _ = with_run(Blob("p"), NOVEMBER, 16, ROOTS)
    later, number, first = with_run(blob, DECEMBER, 16, ROOTS)
    assert (number, first) == (0, 0)
    assert later.cursors == {(NOVEMBER, 0): 16, (DECEMBER, 0): 16}
    assert later.trees.items() >= blob.trees.items()


@pytest.mark.parametrize("count", [0, -1, LEAVES + 1])
def test_a_run_that_no_tree_can_hold_is_refused(count: int) -> None:
    """It would hand out leaves that do not exist."""
    with pytest.raises(ValueError, match="a run has"):
        with_run(Blob("p"), NOVEMBER, count, ROOTS)


def test_a_run_needs_no_page() -> None:
    """Allocation reads the head alone: the trees of the month may all lie in pages."""
    opened = paged([1] * len(ALL))
    blob, number, first = with_run(opened.blob, NOVEMBER, 16, ROOTS)
    assert (number, first) == (1, 100)
    assert blob.pages == opened.blob.pages


@given(placings, months, maybe_purpose)
def test_dropping_a_month_drops_its_trees_and_no_other(opened: Opened, month: Month, purpose: Purpose | None) -> None:
    """Wherever they lie. Cursors stay, so that no leaf is given twice."""
    scope = of_month(month, purpose)
    dropped = drop_month(opened.absorb(pages_to_open(opened.blob, scope, whole=True)), month, purpose)
    before = opened.every_tree(opened.blob)
    assert opened.every_tree(dropped) == {tree: frontier for tree, frontier in before.items() if not scope(tree)}
    assert dropped.cursors == opened.blob.cursors
    assert dropped.generation == opened.blob.generation + 1


@given(placings, months, maybe_purpose)
def test_every_page_with_a_dropped_tree_is_replaced_or_removed(opened: Opened, month: Month, purpose: Purpose | None) -> None:
    """A head that keeps the key of such a page would keep what was dropped."""
    scope = of_month(month, purpose)
    touched = {page.id for page in opened.blob.pages if any(map(scope, page.trees))}
    dropped = drop_month(opened.absorb(pages_to_open(opened.blob, scope, whole=True)), month, purpose)
    assert touched == set(dropped.absorbed)
    assert not touched & {page.id for page in dropped.pages}


@given(placings, months, maybe_purpose)
def test_dropping_a_month_again_changes_nothing(opened: Opened, month: Month, purpose: Purpose | None) -> None:
    """A resumed erasure writes nothing more."""
    dropped = drop_month(opened.absorb(pages_to_open(opened.blob, of_month(month, purpose), whole=True)), month, purpose)
    assert drop_month(dropped, month, purpose) is dropped


def test_a_page_of_dropped_trees_only_is_dropped_unread() -> None:
    """One write for any amount of content."""
    opened = paged([1 if tree.month == NOVEMBER else 0 for tree in ALL])
    assert pages_to_open(opened.blob, of_month(NOVEMBER, None), whole=True) == []
    dropped = drop_month(opened.blob, NOVEMBER)
    assert dropped.pages == ()
    assert dropped.absorbed == (b"\x01" * 8,)


def test_dropping_from_a_page_that_was_not_opened_is_refused() -> None:
    """Its other trees would be lost, or the dropped ones kept."""
    opened = paged([1] * len(ALL))
    with pytest.raises(ValueError, match="open them first"):
        drop_month(opened.blob, NOVEMBER)


@settings(deadline=None)
@given(placings, months, st.integers(0, 1), probed, some_purposes)
def test_a_punctured_leaf_is_gone_in_these_purposes_and_nothing_else_is(
    opened: Opened, month: Month, number: int, leaf: int, purposes: list[Purpose]
) -> None:
    """One generation, in prompt and media for instance, while its record stays."""
    scope = of_leaf(month, number, purposes)
    blob = puncture_leaf(opened.absorb(pages_to_open(opened.blob, scope, whole=False)), month, number, leaf, purposes)
    before, after = opened.every_tree(opened.blob), opened.every_tree(blob)
    assert before.keys() == after.keys()
    for tree in ALL:
        for probe in PROBED:
            expected = None if scope(tree) and probe == leaf else derive(before[tree], probe)
            assert derive(after[tree], probe) == expected
    assert blob.generation == opened.blob.generation + 1
    assert {page.id for page in blob.pages} == {page.id for page in opened.blob.pages if not any(map(scope, page.trees))}


@given(placings, months, probed)
def test_a_second_puncture_of_a_leaf_changes_nothing(opened: Opened, month: Month, leaf: int) -> None:
    """A resumed erasure writes nothing more."""
    blob = puncture_leaf(opened.absorb(opened.blob.pages), month, 0, leaf)
    assert puncture_leaf(blob, month, 0, leaf) is blob


@given(st.permutations(PROBED), st.permutations(PROBED))
def test_punctures_commute(first: list[int], second: list[int]) -> None:
    """Two erasures of one month may end in either order."""
    one = two = paged([0] * len(ALL)).blob
    for leaf, other in zip(first, second, strict=True):
        one, two = puncture_leaf(one, NOVEMBER, 0, leaf), puncture_leaf(two, NOVEMBER, 0, other)
    assert encode_blob(one) == encode_blob(two)


def test_puncturing_in_a_page_that_was_not_opened_is_refused() -> None:
    """A page is never edited."""
    with pytest.raises(ValueError, match="open them first"):
        puncture_leaf(paged([1] * len(ALL)).blob, NOVEMBER, 0, 3)


def test_puncturing_a_tree_that_was_never_opened_changes_nothing() -> None:
    """Nothing was there, nothing is gone."""
    blob = Blob("p")
    assert puncture_leaf(blob, NOVEMBER, 0, 3) is blob


def large(*nodes: int) -> Blob:
    """A blob with a tree of that many nodes in each month from November on."""
    trees = {TreeId(Month(NOVEMBER + at), 0, Purpose.MEDIA): wide(count, at) for at, count in enumerate(nodes)}
    return Blob("path", 1, {}, trees)


@given(st.lists(st.integers(0, 90), max_size=12), st.integers(1000, 6000))
def test_splitting_loses_and_doubles_nothing(nodes: list[int], largest: int) -> None:
    """Every tree is in the head or in one page; old pages stay."""
    kept = PageEntry(bytes(8), bytes(32), bytes(32), (TreeId(Month(1), 0, Purpose.PROMPT),))
    blob = replace(large(*nodes), pages=(kept,))
    head, groups = split(blob, largest)
    together = dict(head.trees)
    for group in groups:
        assert not together.keys() & group.keys()
        together |= group
    assert together == blob.trees
    assert head.pages == (kept,)


@given(st.lists(st.integers(0, 90), max_size=12), st.integers(1000, 6000))
def test_what_is_split_fits(nodes: list[int], largest: int) -> None:
    """A head has half its room free again; a page is as large as a head may be, unless one tree is larger."""
    head, groups = split(large(*nodes), largest)
    assert all(groups)
    if groups:
        assert len(encode_blob(head)) <= largest // 2
    for group in groups:
        assert sum(map(tree_size_bytes, group.values())) <= largest or len(group) == 1


def test_a_blob_that_fits_is_left_alone() -> None:
    """Up to the last byte."""
    blob = large(10, 10)
    assert split(blob, len(encode_blob(blob))) == (blob, [])
    assert split(blob, len(encode_blob(blob)) - 1)[1] != []


def test_the_oldest_months_leave_first() -> None:
    """The present month, which is used most, stays where one read finds it."""
    head, groups = split(large(60, 60, 60, 10), 6500)
    assert [sorted(tree.month - NOVEMBER for tree in group) for group in groups] == [[0, 1]]
    assert sorted(tree.month - NOVEMBER for tree in head.trees) == [2, 3]


def test_the_worst_tree_fits_in_one_entry_of_the_key_store() -> None:
    """Base64 of a tree of which every other leaf is punctured, under OpenBao's limit of one MiB for an entry."""
    assert tree_size_bytes((Node(14, 0, bytes(32)),) * (LEAVES // 2)) * 4 // 3 < 400 * 1024
