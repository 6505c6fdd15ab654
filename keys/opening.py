"""From coordinates to one leaf, for one operation: read the blob, and one page if it has any, derive, overwrite. Nothing is kept.

A missing blob, tree or leaf is `KeyMissing` here: whether it was erased is known only to whoever can see a fence.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from keys.blob import TreeId, read_tree
from keys.coordinates import Coordinates, Purpose
from keys.errors import KeyMissing
from keys.leaf import Leaf
from keys.tree import derive
from keys.vault import Vault

KEY_LIFE_S = 5.0


@asynccontextmanager
async def open_leaf(
    vault: Vault, coordinates: Coordinates, purpose: Purpose, key_life_s: float = KEY_LIFE_S
) -> AsyncIterator[Leaf]:
    """The leaf of one generation and purpose, wiped at the end of the block.

    Raises:
        KeyMissing: it is not there.
        WrongKey: its blob or page was changed.
        VaultUnavailable: the key store is away.
    """
    place = coordinates
    tree = TreeId(place.month, place.tree, purpose)
    frontier = await read_tree(vault, place.tenant, place.subject, place.lifecycle, tree)
    key = None if frontier is None else derive(frontier, place.leaf)
    if key is None:
        raise KeyMissing("the key of one generation is not in the key store")
    leaf = Leaf(key, key_life_s)
    try:
        yield leaf
    finally:
        leaf.wipe()
