"""`intaglio projection`: how far the read models are, what they are, and building them again.

`digest` and `rebuild` work on PostgreSQL and Kafka themselves, as the process `project`: with `--data` on the embedded ones, else
on those that the environment of `serve project` names.
"""

import argparse
import asyncio

from infra.cli.context import Context, add_connection
from infra.cli.show import show_json, show_rows
from infra.cli.verbs import Subparsers, add_noun, add_verb
from infra.settings import Environment, ProjectSettings, project_settings


def register(commands: Subparsers) -> None:
    """Adds the noun and its verbs."""
    verbs = add_noun(commands, "projection", "the read models, which can be built again from nothing")
    for name, summary, run in (
        ("status", "how far each projection is behind the log", _status),
        ("digest", "name, positions and SHA-256 of the rows of each projection", _digest),
        ("rebuild", "fold the log again from offset 0 and swap the result in", _rebuild),
    ):
        parser = add_verb(verbs, name, summary, f"intaglio projection {name} --data data", run)
        parser.add_argument("name", nargs="?", metavar="NAME", help="one projection; all if absent")
        add_connection(parser)


def _settings(arguments: argparse.Namespace, context: Context) -> ProjectSettings:
    if arguments.data is None and context.variables.get("INTAGLIO_KAFKA"):
        return project_settings(context.environment)
    from infra.embedded.environment import process_environment  # noqa: PLC0415  only for an embedded platform

    return project_settings(Environment(process_environment(context.run_file(arguments)["data"], "project")))


def _status(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "operator") as client:
        rows = client.json("GET", "/v1/projections")["data"]
    wanted = [row for row in rows if arguments.name in {None, row["name"]}]
    show_rows(wanted, ("name", "topic", "lag"), as_json=arguments.json)
    return 0


def _digest(arguments: argparse.Namespace, context: Context) -> int:
    from infra.wiring import projection_digests  # noqa: PLC0415  brings PostgreSQL

    digests = asyncio.run(projection_digests(_settings(arguments, context), arguments.name))
    if arguments.json:
        show_json(digests)
        return 0
    for digest in digests:
        positions = ",".join(f"{place}:{offset}" for place, offset in sorted(digest["positions"].items()))
        print(f"{digest['name']} {positions or '-'} {digest['sha256']}")
    return 0


def _rebuild(arguments: argparse.Namespace, context: Context) -> int:
    from infra.wiring import rebuild_projections  # noqa: PLC0415  brings PostgreSQL and Kafka

    results = asyncio.run(rebuild_projections(_settings(arguments, context), arguments.name))
    show_rows(results, ("name", "events", "seconds"), as_json=arguments.json)
    return 0
