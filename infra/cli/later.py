"""Commands that are promised and not there yet: each says so and fails, so that no script takes silence for success."""

import argparse
import sys

from infra.cli.context import Context
from infra.cli.verbs import Subparsers

_LATER = ("backup", "restore", "upgrade", "hold", "restriction", "keys", "audit", "detect", "pool", "worker")


def register(commands: Subparsers) -> None:
    """Adds the names that are promised."""
    for name in _LATER:
        parser = commands.add_parser(name, help="not available yet", add_help=False)
        parser.add_argument("rest", nargs=argparse.REMAINDER)
        parser.set_defaults(run=_refuse)


def refuse(what: str) -> int:
    """Says that something is not there yet; exit code 1."""
    sys.stderr.write(f"intaglio: {what} is not available yet\n")
    return 1


def _refuse(arguments: argparse.Namespace, _context: Context) -> int:
    return refuse(arguments.noun)
