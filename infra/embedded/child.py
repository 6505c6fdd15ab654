"""One child process: how it is started, when it is ready, how it stops; and that it never outlives its parent.

A child gets a session of its own, so that a Ctrl-C at the terminal reaches only the supervisor, which stops everything in order.
It asks the kernel for a signal when its parent dies, so that even a supervisor that was killed leaves nothing running.
"""

import asyncio
import ctypes
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from events.errors import Misconfigured

_PR_SET_PDEATHSIG = 1
_READY_POLL_S = 0.05
_TAIL_LINES = 4
_LARGEST_LOG_SIZE_BYTES = 4 << 20
_LIBC = ctypes.CDLL(None, use_errno=True)


class ChildFailed(Misconfigured):
    """A child ended or did not become ready; the message holds the end of its log."""

    code = "child-failed"


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run and how to tell that it works. `argv` and `env` hold no secret: other users can see them."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0
    start_timeout_s: float = 60.0
    death_signal: signal.Signals = signal.SIGTERM


class Child:
    """A running child. Start it from the main thread: the kernel's death signal follows the thread that forked."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().pid

    @property
    def returncode(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._running().returncode

    async def start(self) -> None:
        """Starts it; its output goes to its log, which is begun anew once it is too long."""
        log = self.spec.log
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.is_file() and log.stat().st_size > _LARGEST_LOG_SIZE_BYTES:
            log.replace(log.with_name(log.name + ".old"))
        with log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.argv,
                env=dict(self.spec.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=self._die_with_parent(os.getpid()),
            )

    async def wait_ready(self) -> None:
        """Returns once it is ready.

        Raises:
            ChildFailed: it ended, or is not ready in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.spec.start_timeout_s
        while not await self.spec.ready():
            if self.returncode is not None:
                raise ChildFailed(f"{self.spec.name} ended with {self.returncode} at its start: {self.log_tail()}")
            if loop.time() > deadline:
                raise ChildFailed(
                    f"{self.spec.name} is not ready after {self.spec.start_timeout_s:g} s; see {self.spec.log}: {self.log_tail()}"
                )
            await asyncio.sleep(_READY_POLL_S)

    async def wait(self) -> int:
        """Waits for its end and says how it ended."""
        return await self._running().wait()

    async def stop(self) -> None:
        """Asks it to stop; kills its whole group if it does not in time. Returns when it is gone."""
        if self._process is None or self._process.returncode is not None:
            return
        self._signal_group(self.spec.stop_signal, only_leader=True)
        try:
            await asyncio.wait_for(self._process.wait(), self.spec.stop_timeout_s)
        except TimeoutError:
            self._signal_group(signal.SIGKILL)
            await self._process.wait()

    def kill(self) -> None:
        """SIGKILL to the child alone, for tests of what happens then."""
        self._running().kill()

    def log_tail(self) -> str:
        """The last lines of its log, in one line."""
        if not self.spec.log.is_file():
            return "(no log)"
        with self.spec.log.open(encoding="utf-8", errors="replace") as lines:
            last = deque((line.strip() for line in lines if line.strip()), maxlen=_TAIL_LINES)
        return " / ".join(last) or "(it said nothing)"

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ChildFailed(f"{self.spec.name} was not started")
        return self._process

    def _signal_group(self, number: signal.Signals, *, only_leader: bool = False) -> None:
        process = self._running()
        try:
            if only_leader:
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)
        except ProcessLookupError:
            # It ended by itself in this moment, which is what was wanted.
            return

    def _die_with_parent(self, parent: int) -> Callable[[], None]:
        death_signal = int(self.spec.death_signal)

        def in_child() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)
            # The parent may have died between fork and this line; then nobody would ever send the signal.
            if os.getppid() != parent:
                os._exit(1)

        return in_child


async def port_answers(port: int) -> bool:
    """Whether something accepts connections on that port of this machine."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
