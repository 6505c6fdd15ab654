"""`intaglio generate`: a prompt in, a picture in a file."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from infra.cli.context import Context, PlatformClient, PlatformRefused, add_connection
from infra.cli.later import refuse
from infra.cli.show import show_json
from infra.cli.verbs import Subparsers, add_verb

_POLL_S = 0.15
_OVER = {"completed", "failed", "cancelled", "refused", "expired", "erased"}


def register(commands: Subparsers) -> None:
    """Adds the verb."""
    parser = add_verb(
        commands,
        "generate",
        "draw a picture from a prompt",
        'intaglio generate "a red circle" --out circle.png --data data',
        run,
    )
    parser.add_argument("prompt", help="what to draw, or - to read it from standard input")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the picture goes")
    parser.add_argument("--kind", choices=("image", "edit", "video"), default="image")
    parser.add_argument("--model", metavar="M", help="alias or digest of a model")
    parser.add_argument("--size", metavar="WxH", help="size in pixels, for example 128x128")
    parser.add_argument("--steps", type=int, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--subject", metavar="S", help="the person for whom it is drawn")
    add_connection(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Submits, shows progress until the end, and writes the picture."""
    if arguments.kind != "image":
        return refuse(f"--kind {arguments.kind}")
    prompt = sys.stdin.read() if arguments.prompt == "-" else arguments.prompt
    wanted = {name: getattr(arguments, name) for name in ("model", "size", "steps", "seed", "subject")}
    body = {"prompt": prompt, **{name: value for name, value in wanted.items() if value is not None}}
    with context.client(arguments, "client") as client:
        generation = client.json("POST", "/v1/generations", json=body)
        final = _follow(client, generation["id"])
        if final["status"] != "completed":
            raise PlatformRefused(f"generation {final['id']} ended as {final['status']}: {final.get('reason') or 'no reason'}")
        picture = client.request("GET", f"/v1/generations/{final['id']}/content").content
    arguments.out.write_bytes(picture)
    if arguments.json:
        show_json(final)
    else:
        print(f"{final['id']} is in {arguments.out} ({len(picture)} bytes)")
    return 0


def _follow(client: PlatformClient, identifier: str) -> dict[str, Any]:
    with _bar() as (progress, task):
        while True:
            state: dict[str, Any] = client.json("GET", f"/v1/generations/{identifier}")
            total = state.get("steps_total") or None
            progress.update(task, description=state["status"], completed=state.get("steps_done") or 0, total=total)
            if state["status"] in _OVER:
                return state
            time.sleep(_POLL_S)


@contextmanager
def _bar() -> Iterator[tuple[Progress, Any]]:
    """A progress bar on a terminal; nothing in a pipe."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} steps"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress, progress.add_task("queued", total=None)
