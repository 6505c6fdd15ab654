"""`intaglio up`, `down`, `status` and `demo`: a whole platform on this machine."""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from events.errors import Misconfigured
from infra.cli.context import DEFAULT_DATA, Context
from infra.cli.show import show_json, show_rows
from infra.cli.verbs import Subparsers, add_verb

_DETACH_TIMEOUT_S = 240.0
_STOP_TIMEOUT_S = 30.0


def register(commands: Subparsers) -> None:
    """Adds the verbs."""
    parser = add_verb(commands, "up", "start a platform here; Ctrl-C stops it", "intaglio up --data data --port 8080", _up)
    parser.add_argument("--data", metavar="DIR", default=DEFAULT_DATA)
    parser.add_argument("--port", type=int, metavar="N", help="port of the API; 0 picks a free one, absent keeps the last")
    parser.add_argument("--detach", action="store_true", help="return once it is ready")
    parser = add_verb(commands, "down", "stop the platform of a data directory", "intaglio down --data data", _down)
    parser.add_argument("--data", metavar="DIR", default=DEFAULT_DATA)
    parser = add_verb(commands, "status", "what runs, where, and how far behind", "intaglio status --data data", _status)
    parser.add_argument("--data", metavar="DIR", default=DEFAULT_DATA)
    parser.add_argument("--as", dest="as_role", metavar="ROLE")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser = add_verb(commands, "demo", "from a prompt to the proof of its end", "intaglio demo", _demo)
    parser.add_argument("--data", metavar="DIR", help="where its platform lives (default: a temporary directory)")
    parser.add_argument("--out", type=Path, default=Path("demo.png"), metavar="FILE", help="where the picture goes")


def cache_directory(context: Context) -> Path:
    """Where downloads are kept between platforms: XDG_CACHE_HOME, or ~/.cache."""
    base = context.variables.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "intaglio"


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _up(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.detach:
        return _detach(arguments)
    return asyncio.run(_run(arguments, context))


async def _run(arguments: argparse.Namespace, context: Context) -> int:
    from infra.embedded.platform import running_platform  # noqa: PLC0415  brings all the services

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    starting = running_platform(Path(arguments.data), api_port=arguments.port, cache=cache_directory(context), announce=_say)
    async with starting as run:
        _say(f"ready: {run['api']} (credentials in {arguments.data}/credentials; Ctrl-C stops it)")
        await stop.wait()
        _say("stopping")
    return 0


def _detach(arguments: argparse.Namespace) -> int:
    data = Path(arguments.data)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = [] if arguments.port is None else ["--port", str(arguments.port)]
    argv = [sys.executable, "-m", "infra.cli", "up", "--data", str(data), *port]
    with (data / "up.log").open("w", encoding="utf-8") as log:
        # argv is ours, and the platform outlives this command on purpose.
        process = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    deadline = time.monotonic() + _DETACH_TIMEOUT_S
    while not (data / "run.json").is_file():
        if process.poll() is not None or time.monotonic() > deadline:
            text = (data / "up.log").read_text(encoding="utf-8").strip().splitlines()
            raise Misconfigured(text[-1].removeprefix("intaglio: ") if text else f"it did not start; see {data}/up.log")
        time.sleep(0.1)
    _say(f"ready: {json.loads((data / 'run.json').read_text(encoding='utf-8'))['api']}")
    return 0


def _down(arguments: argparse.Namespace, context: Context) -> int:
    run = context.run_file(arguments)
    pid = run["supervisor"]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while (Path(arguments.data) / "children.json").exists():
        if time.monotonic() > deadline:
            raise Misconfigured(f"the platform of {arguments.data} does not stop; look at process {pid}")
        time.sleep(0.1)
    _say("stopped")
    return 0


def _status(arguments: argparse.Namespace, context: Context) -> int:
    run = context.run_file(arguments)
    with context.client(arguments, "operator") as client:
        lags = client.json("GET", "/v1/projections")["data"]
    rows: list[dict[str, Any]] = [
        {"process": name, "pid": pid, "runs": Path(f"/proc/{pid}").exists()} for name, pid in run["processes"].items()
    ]
    if arguments.json:
        show_json({"api": run["api"], "processes": rows, "projections": lags})
        return 0
    _say(f"api {run['api']}")
    show_rows(rows, ("process", "pid", "runs"), as_json=False)
    show_rows(lags, ("name", "topic", "lag"), as_json=False)
    return 0


def _demo(arguments: argparse.Namespace, context: Context) -> int:
    from infra.embedded.demo import run_demo  # noqa: PLC0415  brings all the services

    data = None if arguments.data is None else Path(arguments.data)
    return asyncio.run(run_demo(data, arguments.out, cache_directory(context), _say))
