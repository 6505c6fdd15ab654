"""The puncturable tree: 16,384 keys from one root, any of which can be destroyed without touching the others. Pure.

The construction of Goldreich, Goldwasser and Micali (1986): a child is HMAC-SHA-256(seed, label ‖ depth of the child ‖ side).
Only the
frontier is kept, the highest nodes that still cover living leaves; to puncture a leaf is to replace the node above it by the
siblings along its path. A destroyed leaf cannot be derived from what is left. `docs/formats.md` fixes every byte.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

DEPTH = 14
LEAVES = 1 << DEPTH
SEED_SIZE_BYTES = 32
_LABEL = b"intaglio/v1/tree\x00"


@dataclass(frozen=True, slots=True)
class Node:
    """A living subtree: its depth (0 is the root), its index at that depth, and its seed."""

    depth: int
    index: int
    seed: bytes = field(repr=False)

    def covers(self, leaf: int) -> bool:
        """Whether the leaf lies below this node."""
        return leaf >> (DEPTH - self.depth) == self.index


Frontier = tuple[Node, ...]


def fresh(root: bytes) -> Frontier:
    """A whole tree from a random root of 32 bytes."""
    return (Node(0, 0, root),)


def child(seed: bytes, depth: int, side: int) -> bytes:
    """The seed of a child at that depth; side is 0 for left, 1 for right."""
    return hmac.digest(seed, _LABEL + bytes((depth, side)), hashlib.sha256)


def derive(frontier: Frontier, leaf: int) -> bytearray | None:
    """The key of a leaf (32 bytes, for the caller to overwrite), or None if it was punctured."""
    for node in frontier:
        if node.covers(leaf):
            seed = node.seed
            for depth in range(node.depth + 1, DEPTH + 1):
                seed = child(seed, depth, leaf >> (DEPTH - depth) & 1)
            return bytearray(seed)
    return None


def puncture(frontier: Frontier, leaf: int) -> Frontier:
    """The frontier without that leaf; the same frontier if it was punctured before."""
    kept: list[Node] = []
    for node in frontier:
        if node.covers(leaf):
            kept.extend(_siblings(node, leaf))
        else:
            kept.append(node)
    return tuple(sorted(kept, key=lambda node: node.index << (DEPTH - node.depth)))


def _siblings(node: Node, leaf: int) -> list[Node]:
    siblings, seed = [], node.seed
    for depth in range(node.depth + 1, DEPTH + 1):
        index = leaf >> (DEPTH - depth)
        siblings.append(Node(depth, index ^ 1, child(seed, depth, index & 1 ^ 1)))
        seed = child(seed, depth, index & 1)
    return siblings
