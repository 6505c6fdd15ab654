"""What can be done to an opened blob: reserve leaves, drop a month, puncture a leaf, split what is too large. Pure.

A change that touches trees in pages needs these pages opened first (`pages_to_open`, `absorb`), because a page is never edited:
what is left of its trees goes into a new one under a new key. A page whose trees are all dropped is dropped unread.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from events.identifiers import Month
from keys.blob.contents import Blob, PageEntry, TreeId, Trees, encode_blob, tree_size_bytes
from keys.coordinates import Purpose
from keys.tree import LEAVES, Frontier, fresh, puncture

LARGEST_SIZE_BYTES = 256 * 1024
Scope = Callable[[TreeId], bool]


def with_run(blob: Blob, month: Month, count: int, roots: Iterable[bytes]) -> tuple[Blob, int, int]:
    """Reserves `count` leaves in a row in the present month: the new blob, the tree's number, the first leaf.

    Opens the month's first or next tree (one for each purpose) when the last has no room; `roots` gives its random roots, as
    many as there are purposes. Needs no page: cursors lie in the head.
    """
    if not 1 <= count <= LEAVES:
        raise ValueError(f"a run has between 1 and {LEAVES} leaves, not {count}")
    numbers = [number for (known, number) in blob.cursors if known == month]
    number = max(numbers, default=0)
    cursor = blob.cursors.get((month, number), LEAVES)
    trees = dict(blob.trees)
    if cursor + count > LEAVES:
        number = number + 1 if numbers else 0
        cursor = 0
        for purpose, root in zip(Purpose, roots, strict=True):
            trees[TreeId(month, number, purpose)] = fresh(root)
    cursors = {**blob.cursors, (month, number): cursor + count}
    return replace(blob, generation=blob.generation + 1, cursors=cursors, trees=trees), number, cursor


def of_month(month: Month, purpose: Purpose | None) -> Scope:
    """The trees of a month, for one purpose or (None) for all."""
    return lambda tree: tree.month == month and purpose in {None, tree.purpose}


def of_leaf(month: Month, number: int, purposes: Iterable[Purpose] = Purpose) -> Scope:
    """The trees in which a generation has its leaves, for these purposes."""
    wanted = {TreeId(month, number, purpose) for purpose in purposes}
    return wanted.__contains__


def pages_to_open(blob: Blob, scope: Scope, *, whole: bool) -> list[PageEntry]:
    """The pages to absorb before trees in scope can change.

    With `whole`, where trees are dropped, only those that also hold others: a page whose every tree is dropped is dropped unread.
    """
    touched = [page for page in blob.pages if any(map(scope, page.trees))]
    return [page for page in touched if not (whole and all(map(scope, page.trees)))]


def absorb(blob: Blob, page: PageEntry, trees: Trees) -> Blob:
    """The blob with a page's trees in its head and without the page."""
    pages = tuple(kept for kept in blob.pages if kept.id != page.id)
    return replace(blob, trees={**blob.trees, **trees}, pages=pages, absorbed=(*blob.absorbed, page.id))


def drop_month(blob: Blob, month: Month, purpose: Purpose | None = None) -> Blob:
    """The blob without the trees of a month and purpose; the same blob if it has none.

    Cursors stay, so that no leaf number is ever given twice.

    Raises:
        ValueError: a page that holds other trees too was not absorbed.
    """
    scope = of_month(month, purpose)
    _check_open(pages_to_open(blob, scope, whole=True))
    trees = {tree: frontier for tree, frontier in blob.trees.items() if not scope(tree)}
    gone = tuple(page.id for page in blob.pages if any(map(scope, page.trees)))
    if not gone and len(trees) == len(blob.trees):
        return blob
    pages = tuple(page for page in blob.pages if page.id not in gone)
    return replace(blob, generation=blob.generation + 1, trees=trees, pages=pages, absorbed=(*blob.absorbed, *gone))


def puncture_leaf(blob: Blob, month: Month, number: int, leaf: int, purposes: Iterable[Purpose] = Purpose) -> Blob:
    """The blob without one generation's leaves in these purposes; the same blob if they were punctured before.

    Raises:
        ValueError: a page that holds one of the trees was not absorbed.
    """
    scope = of_leaf(month, number, purposes)
    _check_open(pages_to_open(blob, scope, whole=False))
    trees = {tree: puncture(frontier, leaf) if scope(tree) else frontier for tree, frontier in blob.trees.items()}
    if trees == blob.trees:
        return blob
    return replace(blob, generation=blob.generation + 1, trees=trees)


def split(blob: Blob, largest_size_bytes: int = LARGEST_SIZE_BYTES) -> tuple[Blob, list[dict[TreeId, Frontier]]]:
    """The head to write, and the trees of each new page: none while the whole fits.

    Whole months move, the oldest first, until half of the room is free, so that the next writes of a growing blob need no new
    page. A page holds whole trees in order and is as large as a head may be, or holds one tree.
    """
    left = len(encode_blob(blob))
    if left <= largest_size_bytes:
        return blob, []
    kept = dict(blob.trees)
    moved: dict[TreeId, Frontier] = {}
    for month in sorted({tree.month for tree in kept}):
        if left <= largest_size_bytes // 2:
            break
        for tree in sorted(tree for tree in kept if tree.month == month):
            moved[tree] = kept.pop(tree)
            left -= tree_size_bytes(moved[tree])
    return replace(blob, trees=kept), _packed(moved, largest_size_bytes)


def _packed(trees: Trees, largest_size_bytes: int) -> list[dict[TreeId, Frontier]]:
    pages: list[dict[TreeId, Frontier]] = []
    free = 0
    for tree, frontier in trees.items():
        size = tree_size_bytes(frontier)
        if not pages or size > free:
            pages.append({})
            free = largest_size_bytes
        pages[-1][tree] = frontier
        free -= size
    return pages


def _check_open(closed: list[PageEntry]) -> None:
    if closed:
        raise ValueError(f"{len(closed)} pages of a blob hold trees that would change; open them first")
