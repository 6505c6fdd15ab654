"""Notices when Faust has silently stopped delivering: the log grows, nothing is folded, nobody is busy.

Faust is known to stop fetching a partition after a broker outage or a rebalance, without a crash or a word
(its issues 523, 532, 629). The cure is to start it again, which costs nothing here: the positions are ours.
"""

import asyncio
from collections.abc import Callable, Mapping

from events.errors import LogUnavailable
from events.read import LogReader
from events.topics import Topic

Reached = Mapping[tuple[Topic, int], int]
"""The last folded offset of each partition that this process reads."""


class StallWatch:
    """Compares what was reached with the ends of the log, every `interval_s`."""

    def __init__(self, log: LogReader, *, interval_s: float = 10.0, stalled_after_s: float = 30.0) -> None:
        self._log = log
        self._interval_s = interval_s
        self._stalled_after_s = stalled_after_s

    async def stalled(self, reached: Callable[[], Reached], is_busy: Callable[[], bool]) -> LogUnavailable:
        """Returns, as an error that will pass, once a partition was behind and idle for `stalled_after_s`."""
        idle_s = 0.0
        while idle_s < self._stalled_after_s:
            before = dict(reached())
            await asyncio.sleep(self._interval_s)
            stuck = {place for place, offset in reached().items() if before.get(place) == offset}
            if is_busy() or not await self._is_behind(stuck, reached()):
                idle_s = 0.0
            else:
                idle_s += self._interval_s
        return LogUnavailable(f"nothing was delivered for {idle_s:g} s although the log grew; Faust is started again")

    async def _is_behind(self, places: set[tuple[Topic, int]], reached: Reached) -> bool:
        try:
            ends = {topic: await self._log.end_offsets(topic) for topic in {topic for topic, _ in places}}
        except LogUnavailable:
            return False
        return any(reached.get((topic, partition), -1) + 1 < ends[topic][partition] for topic, partition in places)
