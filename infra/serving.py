"""Runs one process: settings, signals, a graceful stop, and one sentence when it has to end.

SIGTERM and SIGINT stop it within a few seconds. It ends with 1 when something happened that must not, and with 78 when it cannot
run as
it is configured, so that a supervisor can tell.
"""

import asyncio
import dataclasses
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from events.errors import Misconfigured
from infra import settings, wiring
from infra.settings import Environment

_log = logging.getLogger("intaglio")

_BUILDERS: dict[str, tuple[Callable[[Environment], Any], Callable[[Any], AbstractAsyncContextManager[wiring.Run]]]] = {
    "api": (settings.api_settings, wiring.build_api),
    "dispatch": (settings.dispatch_settings, wiring.build_dispatch),
    "work": (settings.work_settings, wiring.build_worker),
    "project": (settings.project_settings, wiring.build_projector),
    "shred": (settings.shred_settings, wiring.build_shredder),
}


async def serve_process(process: str, environment: Environment, **options: str) -> int:
    """Runs until it is told to stop; the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _log.setLevel(logging.INFO)
    read, build = _BUILDERS[process]
    chosen = dataclasses.replace(read(environment), **options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with build(chosen) as run:
            _log.info("%s runs", process)
            return await _until_stopped(process, run, stop)
    except Misconfigured:
        raise
    except Exception as error:  # noqa: BLE001  the last line of defence: a sentence, not a trace that could quote content
        _log.error("%s ends: %s: %s", process, type(error).__name__, error)
        return 1


async def _until_stopped(process: str, run: wiring.Run, stop: asyncio.Event) -> int:
    working, stopping = asyncio.ensure_future(run()), asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        _log.info("%s stopped", process)
        return 0
    stopping.cancel()
    await working
    _log.error("%s ended although nobody asked it to", process)
    return 1
