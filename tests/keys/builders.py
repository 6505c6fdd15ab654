"""Values that the tests of keys need again and again: fixed places, opened leaves, trees of any size."""

import random
from uuid import UUID

from events.identifiers import Month, SubjectHandle, TenantHandle
from keys.coordinates import Coordinates, Expectation, Kind, Purpose
from keys.leaf import Leaf
from keys.tree import DEPTH, Frontier, Node

TENANT = TenantHandle(bytes.fromhex("10112233445566778899aabbccddeeff"))
SUBJECT = SubjectHandle(bytes.fromhex("20112233445566778899aabbccddeeff"))
OBJECT = UUID("30112233-4455-6677-8899-aabbccddeeff")
NOVEMBER = Month(2026 * 12 + 10)
ROOT = bytes(range(32))
PLACE = Coordinates(TENANT, SUBJECT, 1, NOVEMBER, 0, 5)
EXPECTED = Expectation(PLACE, Purpose.MEDIA, OBJECT, Kind.OUTPUT)


def opened(key: bytes = ROOT, life_s: float = 60.0) -> Leaf:
    """A leaf that lives long enough for a test."""
    return Leaf(bytearray(key), life_s)


def wide(nodes: int, seed: int = 0) -> Frontier:
    """A tree with that many living nodes, as if every other leaf had been punctured."""
    source = random.Random(seed)
    return tuple(Node(DEPTH, 2 * index, source.randbytes(32)) for index in range(nodes))
