"""Who belongs to a platform, written down so that nobody else is ever stopped.

A process id alone may be given to a stranger after its owner died; together with the kernel's start time it names one process for
ever. Clean-up after a killed supervisor touches only processes whose both numbers match.
"""

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from infra.setup.passwords import write_private

_GRACE_S = 5.0
_POLL_S = 0.05


def started_at(pid: int) -> int | None:
    """The kernel's start time of a process in clock ticks since boot, or None if it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold spaces; the fields after it do not.
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] == "Z" else int(fields[19])


def write_children(file: Path, pids: Mapping[str, int]) -> None:
    """Records the processes that run now; durable on return."""
    known = {name: [pid, started_at(pid)] for name, pid in pids.items()}
    write_private(file, json.dumps(known))


def stop_leftovers(file: Path) -> list[str]:
    """Stops what a killed supervisor left behind; the names of what was still there.

    A polite signal first, then SIGKILL to the whole group after five seconds.
    """
    if not file.is_file():
        return []
    recorded: dict[str, list[int]] = json.loads(file.read_text(encoding="utf-8"))
    alive = {name: pid for name, (pid, start) in recorded.items() if started_at(pid) == start}
    for pid in alive.values():
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_S
    while time.monotonic() < deadline and any(started_at(pid) is not None for pid in alive.values()):
        time.sleep(_POLL_S)
    for pid in alive.values():
        if started_at(pid) is not None:
            _signal(pid, signal.SIGKILL)
    file.unlink()
    return sorted(alive)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        # It ended between the look and the signal, which is what was wanted.
        return
