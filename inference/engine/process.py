"""The parent's side of the engine: starts the child, draws through it, starts it again when it died.

One picture at a time. The child dies with its parent; its environment is made from nothing, so no secret can be in it.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from inference.engine.protocol import (
    LARGEST_MESSAGE_SIZE_BYTES,
    Draw,
    Drawn,
    Failed,
    Ready,
    Step,
    Stop,
    Stopped,
    ToParent,
    frame,
    to_parent,
)
from inference.errors import EngineDied, EngineStopped, GenerationImpossible

START_TIMEOUT_S = 120.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_STOP_TIMEOUT_S = 2.0


class Engine:
    """A child process that draws; `start` once, `draw` one picture at a time."""

    def __init__(self, *, home: Path, device: str = "cpu") -> None:
        self._home, self._device = home, device
        self._process: asyncio.subprocess.Process | None = None
        self.environment = ""

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Starts the child and waits until its libraries are loaded.

        Raises:
            EngineDied: it ended or did not get ready in two minutes.
        """
        await self.stop()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "inference.engine.child",
            self._device,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment(),
            limit=LARGEST_MESSAGE_SIZE_BYTES,
            preexec_fn=_die_with_parent,
        )
        try:
            message = await asyncio.wait_for(self._read(), START_TIMEOUT_S)
        except TimeoutError as error:
            raise EngineDied("the engine does not get ready") from error
        if not isinstance(message, Ready):
            raise EngineDied("the engine began with something else than Ready")
        self.environment = message.environment

    async def stop(self) -> None:
        """Ends the child, politely at first."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def draw(self, request: Draw, on_step: Callable[[int, int], Awaitable[None]], should_stop: Callable[[], bool]) -> Drawn:
        """Draws one picture; `should_stop` is asked at each step and about four times a second.

        Raises:
            EngineStopped: stopped as asked, between two steps.
            EngineDied: the child ended; the next call starts another.
            GenerationImpossible: the model cannot do it.
        """
        if self._process is None or self._process.returncode is not None:
            await self.start()
        await self._write(request)
        stopping = asyncio.create_task(self._stop_when(should_stop))
        try:
            while True:
                message = await self._read()
                if isinstance(message, Step):
                    await on_step(message.done, message.total)
                    continue
                return _result(message)
        finally:
            stopping.cancel()

    async def _stop_when(self, should_stop: Callable[[], bool]) -> None:
        while not should_stop():  # noqa: ASYNC110  the question is the caller's, and has no event behind it
            await asyncio.sleep(0.02)
        await self._write(Stop())

    async def _write(self, message: Draw | Stop) -> None:
        if self._process is None or self._process.stdin is None:
            raise EngineDied("the engine is not running")
        try:
            self._process.stdin.write(frame(message))
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise EngineDied("the engine ended") from error

    async def _read(self) -> ToParent:
        process = self._process
        if process is None or process.stdout is None:
            raise EngineDied("the engine is not running")
        try:
            size = int.from_bytes(await process.stdout.readexactly(4), "big")
            body = await process.stdout.readexactly(size)
        except asyncio.IncompleteReadError as error:
            code = await process.wait()
            raise EngineDied(f"the engine ended with {code} in the middle of a picture") from error
        message: ToParent = to_parent.decode(body)
        return message

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self._home),
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "TRANSFORMERS_VERBOSITY": "error",
            "DIFFUSERS_VERBOSITY": "error",
            "PYTHONWARNINGS": "ignore",
            "OMP_NUM_THREADS": "2",
            "LC_ALL": "C.UTF-8",
        }


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _result(message: ToParent) -> Drawn:
    if isinstance(message, Drawn):
        return message
    if isinstance(message, Stopped):
        raise EngineStopped(message.steps_done, message.device_ms)
    if isinstance(message, Failed):
        raise GenerationImpossible(f"the model cannot draw this ({message.reason})")
    raise EngineDied(f"the engine answered with {type(message).__name__}")
