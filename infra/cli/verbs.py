"""How a verb is declared: its help with an example, its options, and the function that runs it."""

import argparse
from collections.abc import Callable
from typing import Any

from infra.cli.context import Context

Run = Callable[[argparse.Namespace, Context], int]
Subparsers = Any  # argparse keeps the type of its subparsers action private


def add_noun(commands: Subparsers, name: str, summary: str) -> Subparsers:
    """A noun, whose verbs follow."""
    parser = commands.add_parser(name, help=summary, description=summary)
    return parser.add_subparsers(dest="verb", metavar="VERB", required=True)


def add_verb(commands: Subparsers, name: str, summary: str, example: str, run: Run) -> argparse.ArgumentParser:
    """A verb with an example in its help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser
