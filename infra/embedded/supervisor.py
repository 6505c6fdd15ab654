"""Keep the children of one platform alive: a child that dies is started again with back-off, and the reason is shown.

Stops them in the reverse order of their start. Never restarts during a stop, and never gives up: a child that dies at once again
and
again is tried every thirty seconds, loudly.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from infra.embedded.child import Child, ChildSpec

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
# Whoever ran this long before it died is started again without the pauses that it had collected.
_HEALTHY_S = 60.0

Announce = Callable[[str], None]


@dataclass(slots=True)
class _Watched:
    spec: ChildSpec
    child: Child
    pause_s: float = _FIRST_PAUSE_S
    watcher: asyncio.Task[None] | None = field(default=None)


class Supervisor:
    """Starts, watches, restarts and stops children; `changed` is told the present pids whenever they change."""

    def __init__(self, announce: Announce, changed: Callable[[Mapping[str, int]], None]) -> None:
        self._announce, self._changed = announce, changed
        self._watched: dict[str, _Watched] = {}
        self._stopping = False

    @property
    def pids(self) -> dict[str, int]:
        """The process of each child that runs now."""
        return {name: item.child.pid for name, item in self._watched.items() if item.child.returncode is None}

    async def start(self, spec: ChildSpec) -> None:
        """Starts a child and waits until it is ready; from then on it is kept alive.

        Raises:
            ChildFailed: it did not become ready; the message holds the end of its log.
        """
        child = Child(spec)
        await child.start()
        watched = _Watched(spec, child)
        self._watched[spec.name] = watched
        self._changed(self.pids)
        await child.wait_ready()
        watched.watcher = asyncio.create_task(self._keep_alive(watched), name=f"watch {spec.name}")

    async def stop(self) -> None:
        """Stops all children, the last started first; returns when none is left."""
        self._stopping = True
        for watched in self._watched.values():
            if watched.watcher is not None:
                watched.watcher.cancel()
        for watched in reversed(self._watched.values()):
            await watched.child.stop()
        self._changed({})

    async def stop_group(self, names: list[str]) -> None:
        """Stops several children at once, for those whose order among themselves does not matter."""
        for name in names:
            watcher = self._watched[name].watcher if name in self._watched else None
            if watcher is not None:
                watcher.cancel()
        await asyncio.gather(*(self._watched[name].child.stop() for name in names if name in self._watched))

    async def _keep_alive(self, watched: _Watched) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            since = loop.time()
            code = await watched.child.wait()
            self._changed(self.pids)
            if loop.time() - since > _HEALTHY_S:
                watched.pause_s = _FIRST_PAUSE_S
            reason = watched.child.log_tail()
            self._announce(
                f"{watched.spec.name} ended with {code}; starting it again in {watched.pause_s:g} s. Its last words: {reason}"
            )
            await asyncio.sleep(watched.pause_s)
            watched.pause_s = min(watched.pause_s * 2, _LONGEST_PAUSE_S)
            watched.child = Child(watched.spec)
            await watched.child.start()
            self._changed(self.pids)
