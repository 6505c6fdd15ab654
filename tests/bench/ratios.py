"""Two ways of doing the same work, side by side in one run, and what came of it as a ratio.

A machine is faster at night than at noon, so a time says nothing that lasts; A and B alternate, and their medians are compared.
Nothing here decides whether a ratio is good: `wanted` is written beside it for the reader.
"""

import asyncio
import gc
import json
import platform
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

_T = TypeVar("_T")
Work = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Side:
    """One way of doing the work, by name; `run` does `count` items."""

    name: str
    run: Work


@dataclass(frozen=True)
class Ratio:
    """How fast A was, B being 1; the rates of every round are kept."""

    name: str
    unit: str
    a: Side
    b: Side
    a_per_s: tuple[float, ...]
    b_per_s: tuple[float, ...]

    @property
    def value(self) -> float:
        """The median over the rounds of A's rate by B's: neighbours in time had the same machine."""
        return median(self.by_round)

    @property
    def by_round(self) -> list[float]:
        """The ratio of each round."""
        return [a / b for a, b in zip(self.a_per_s, self.b_per_s, strict=True)]

    def line(self) -> str:
        """`name ratio (A vs B)`."""
        a, b = (f"{side.name} {median(rates):,.0f} {self.unit}/s" for side, rates in self._sides())
        return f"{self.name} {self.value:.2f} ({a} vs {b})"

    def as_json(self) -> dict[str, Any]:
        """The same with the rates of each round."""
        sides = {
            letter: {"name": side.name, "per_s": [round(rate, 1) for rate in rates]}
            for letter, (side, rates) in zip("ab", self._sides(), strict=True)
        }
        by_round = [round(ratio, 3) for ratio in self.by_round]
        return {"name": self.name, "ratio": round(self.value, 3), "unit": self.unit, "ratio_by_round": by_round, **sides}

    def _sides(self) -> tuple[tuple[Side, tuple[float, ...]], tuple[Side, tuple[float, ...]]]:
        return (self.a, self.a_per_s), (self.b, self.b_per_s)


@dataclass
class Report:
    """What a run found, printed as it is found and written as JSON."""

    say: Callable[[str], None]
    entries: list[dict[str, Any]] = field(default_factory=list)

    def ratio(self, ratio: Ratio, *, wanted: float | None = None, breakdown_ms: dict[str, float] | None = None) -> None:
        """Takes one ratio, with what was hoped for and where the time of A went (milliseconds an item)."""
        self.take(ratio.line(), {**ratio.as_json(), "wanted": wanted}, breakdown_ms or {})

    def take(self, line: str, entry: dict[str, Any], breakdown_ms: dict[str, float]) -> None:
        """Takes one finding, with its line."""
        self.say(line)
        for part, spent_ms in breakdown_ms.items():
            self.say(f"    {spent_ms:9.3f} ms  {part}")
        rounded = {part: round(spent_ms, 4) for part, spent_ms in breakdown_ms.items()}
        self.entries.append({**entry, "line": line, "breakdown_ms": rounded})

    def write(self, path: Path) -> None:
        """Writes what was found so far."""
        machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
        path.write_text(json.dumps({"on": machine, "found": self.entries}, indent=2) + "\n", encoding="utf-8")


async def interleaved(name: str, unit: str, count: int, a: Side, b: Side, *, rounds: int = 5) -> Ratio:
    """A, B, A, B and so on, after one round that is not counted; each run does `count` items.

    What the bench itself holds in memory is kept from the collector, which would walk it in the middle of either side.
    """
    rates: tuple[list[float], list[float]] = ([], [])
    gc.collect()
    gc.freeze()
    try:
        await _rounds(count, (a, b), rates, rounds)
    finally:
        gc.unfreeze()
    return Ratio(name, unit, a, b, tuple(rates[0]), tuple(rates[1]))


async def _rounds(count: int, sides: tuple[Side, Side], rates: tuple[list[float], list[float]], rounds: int) -> None:
    for number in range(rounds + 1):
        for side, found in zip(sides, rates, strict=True):
            rate = count / await _duration_s(side.run)
            if number > 0:
                found.append(rate)


async def _duration_s(run: Work) -> float:
    # What the side before left behind is its own to pay for.
    gc.collect()
    began = time.perf_counter()
    await run()
    return time.perf_counter() - began


async def in_flight(width: int, items: Iterable[_T], do: Callable[[_T], Awaitable[Any]]) -> None:
    """Does every item, `width` at a time."""
    left: Iterator[_T] = iter(items)

    async def one_after_another() -> None:
        for item in left:
            await do(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(width):
            group.create_task(one_after_another())


class Stopwatch:
    """Adds up what named parts of a work take, over many items and tasks."""

    def __init__(self) -> None:
        self._spent_s: dict[str, list[float]] = {}

    def timed(self, part: str, do: Callable[..., Awaitable[_T]]) -> Callable[..., Awaitable[_T]]:
        """The same function, its calls counted as that part."""

        async def call(*args: Any, **kwargs: Any) -> _T:
            began = time.perf_counter()
            try:
                return await do(*args, **kwargs)
            finally:
                self.add(part, time.perf_counter() - began)

        return call

    def timed_plain(self, part: str, do: Callable[..., _T]) -> Callable[..., _T]:
        """The same for a function that does not wait."""

        def call(*args: Any, **kwargs: Any) -> _T:
            began = time.perf_counter()
            try:
                return do(*args, **kwargs)
            finally:
                self.add(part, time.perf_counter() - began)

        return call

    def clear(self) -> None:
        """Forgets what was counted."""
        self._spent_s.clear()

    def add(self, part: str, spent_s: float) -> None:
        """One more call of a part."""
        self._spent_s.setdefault(part, []).append(spent_s)

    def per_item_ms(self, items: int) -> dict[str, float]:
        """Milliseconds an item, by part; a part that only some items need is spread over all."""
        return {
            f"{part} (x {len(spent) / items:.2f}, each {median(spent) * 1000:.2f} ms at the median)": sum(spent) / items * 1000
            for part, spent in self._spent_s.items()
        }


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
