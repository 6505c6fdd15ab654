"""One opened key and its short life: used for a few seconds, then refused and overwritten.

The clock runs while the machine sleeps, so a process that was stopped cannot use an old key when it wakes. Erasure waits exactly
this
life, which is why nothing has to be told to anyone.
"""

import time
from typing import NoReturn

from keys.errors import LeafExpired


class Leaf:
    """A leaf key of 32 bytes; `check` before each use of anything derived from it."""

    __slots__ = ("_expires_at_s", "_key")

    def __init__(self, key: bytearray, life_s: float) -> None:
        self._key = key
        self._expires_at_s = time.clock_gettime(time.CLOCK_BOOTTIME) + life_s

    def check(self) -> None:
        """Raises LeafExpired once its life is over or it was wiped."""
        if not self._key or time.clock_gettime(time.CLOCK_BOOTTIME) >= self._expires_at_s:
            raise LeafExpired("a key was held for longer than it may live; open it again")

    def key(self) -> bytearray:
        """The key, while it lives; raises LeafExpired after."""
        self.check()
        return self._key

    def wipe(self) -> None:
        """Overwrites the key; it opens nothing any more."""
        self._key[:] = bytes(len(self._key))
        self._key = bytearray()

    def __reduce__(self) -> NoReturn:
        raise TypeError("an opened key is never written out; hand on its coordinates")
