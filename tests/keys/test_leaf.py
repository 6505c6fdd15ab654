"""An opened key lives for seconds, on a clock that does not stop with the process, and leaves no bytes."""

import pickle
import time

import pytest

from keys.errors import LeafExpired
from keys.leaf import Leaf
from keys.sealed import keyed_tag, seal, unseal
from tests.keys.builders import EXPECTED, ROOT, opened


class Clock:
    """The clock since boot, in our hands; every other clock stays as it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        real = time.clock_gettime
        monkeypatch.setattr(time, "clock_gettime", lambda clock: self.now_s if clock == time.CLOCK_BOOTTIME else real(clock))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that a test moves."""
    return Clock(monkeypatch)


def test_opens_within_its_life(clock: Clock) -> None:
    """Just before the end it still is a key."""
    leaf = Leaf(bytearray(ROOT), 5.0)
    clock.now_s += 4.999
    assert leaf.key() == ROOT


def test_opens_nothing_from_the_end_of_its_life_on(clock: Clock) -> None:
    """An erasure counts on exactly this moment."""
    leaf = Leaf(bytearray(ROOT), 5.0)
    clock.now_s += 5.0
    with pytest.raises(LeafExpired):
        leaf.key()


def test_a_process_that_slept_finds_its_key_expired(clock: Clock) -> None:
    """CLOCK_BOOTTIME runs while the machine is suspended; the monotonic clock would have stood still."""
    leaf = Leaf(bytearray(ROOT), 5.0)
    sealed = seal(leaf, EXPECTED, b"a picture")
    clock.now_s += 3600.0
    with pytest.raises(LeafExpired):
        unseal(leaf, EXPECTED, sealed)
    with pytest.raises(LeafExpired):
        seal(leaf, EXPECTED, b"another")
    with pytest.raises(LeafExpired):
        keyed_tag(leaf, b"pixels", b"a picture")


def test_a_wiped_leaf_opens_nothing() -> None:
    """Also within its life."""
    leaf = opened()
    leaf.wipe()
    with pytest.raises(LeafExpired):
        leaf.key()


def test_wiping_overwrites_the_buffer_itself() -> None:
    """Not a copy: the bytes that were the key are zeros afterwards."""
    buffer = bytearray(ROOT)
    leaf = Leaf(buffer, 5.0)
    leaf.wipe()
    assert buffer == bytes(32)


def test_can_be_wiped_twice() -> None:
    """The end of a block wipes what an error path may have wiped before."""
    leaf = opened()
    leaf.wipe()
    leaf.wipe()
    with pytest.raises(LeafExpired):
        leaf.check()


def test_shows_no_key() -> None:
    """Neither as text nor in a pickle."""
    leaf = opened()
    assert ROOT.hex() not in repr(leaf)
    assert str(ROOT) not in repr(leaf)
    with pytest.raises(TypeError, match="never written out"):
        pickle.dumps(leaf)


def test_the_refusal_shows_no_key() -> None:
    """An error text goes to logs."""
    leaf = Leaf(bytearray(ROOT), 0.0)
    with pytest.raises(LeafExpired) as refused:
        leaf.key()
    assert ROOT.hex() not in str(refused.value)
