"""Assembles the verbs and turns every outcome into an exit code: 0 done, 1 refused or failed, 2 wrong usage, 78 misconfigured.

The only place that reads the environment.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from events.errors import Misconfigured, PlatformError
from infra.cli import (
    credential,
    erasure,
    generate,
    generation,
    later,
    log,
    model,
    platform,
    projection,
    serve,
    setup,
    subject,
    tenant,
)
from infra.cli.context import Context

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 78
EXIT_INTERRUPTED = 130

_NOUNS = (platform, setup, serve, generate, generation, log, erasure, projection, model, tenant, credential, subject, later)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="intaglio",
        description="Generates media on your own machines, and can prove what it did.",
        epilog="Begin with: intaglio demo",
    )
    commands = parser.add_subparsers(dest="noun", metavar="COMMAND", required=True)
    for noun in _NOUNS:
        noun.register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; errors become one sentence on standard error."""
    parsed = build_parser().parse_args(arguments)
    context = Context(variables=dict(os.environ))
    try:
        code: int = parsed.run(parsed, context)
    except Misconfigured as error:
        sys.stderr.write(f"intaglio: {error}\n")
        return EXIT_MISCONFIGURED
    except PlatformError as error:
        sys.stderr.write(f"intaglio: {error}\n")
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    return code
