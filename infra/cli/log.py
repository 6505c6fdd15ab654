"""`intaglio log`: look at the events, and see the read models as they were.

An auditor's verbs. The platform records that the log was read before it sends the first event.
"""

import argparse
import sys
from typing import Any

from infra.cli.context import Context, add_connection
from infra.cli.verbs import Subparsers, add_noun, add_verb

_FILTERS = ("tenant", "subject", "type", "generation", "from", "to")


def register(commands: Subparsers) -> None:
    """Adds the noun and its verbs."""
    verbs = add_noun(commands, "log", "the events, as an auditor sees them")
    parser = add_verb(
        verbs, "show", "print events, one JSON object a line", "intaglio log show --type GenerationCompleted --data data", _show
    )
    for name in _FILTERS:
        parser.add_argument(f"--{name}", dest=f"filter_{name}", metavar=name.upper())
    parser.add_argument("--follow", action="store_true", help="wait for what is appended later")
    parser.add_argument("--raw", action="store_true", help="the exact bytes of key, headers and value, in base64")
    add_connection(parser)
    parser = add_verb(
        verbs,
        "replay",
        "the read models as they were, folded on this machine",
        "intaglio log replay --to 2026-11-24T10:00:00Z --data data",
        _replay,
    )
    parser.add_argument("--to", required=True, metavar="TIME", help="RFC 3339 time, by the broker's clock")
    add_connection(parser)


def _show(arguments: argparse.Namespace, context: Context) -> int:
    options: dict[str, Any] = {
        name: getattr(arguments, f"filter_{name}") for name in _FILTERS if getattr(arguments, f"filter_{name}")
    }
    if arguments.raw:
        options["raw"] = "1"
    if arguments.follow:
        options["follow"] = "1"
    with (
        context.client(arguments, "auditor") as client,
        client.stream("GET", "/v1/events", params=options, timeout=None) as response,
    ):
        for line in response.iter_lines():
            sys.stdout.write(line + "\n")
            if arguments.follow:
                sys.stdout.flush()
    return 0


def _replay(arguments: argparse.Namespace, context: Context) -> int:
    from infra.cli.replaying import replay  # noqa: PLC0415  brings PostgreSQL and the folds, which no other verb here needs

    with context.client(arguments, "auditor") as client:
        return replay(client, arguments.to, as_json=arguments.json)
