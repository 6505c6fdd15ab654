"""`intaglio tenant`: open a tenant where the services are, and list those that there are."""

import argparse
import asyncio
from pathlib import Path

from infra.cli.context import Context, add_connection
from infra.cli.show import show_rows
from infra.cli.verbs import Subparsers, add_noun, add_verb


def register(commands: Subparsers) -> None:
    """Adds the noun and its verbs."""
    verbs = add_noun(commands, "tenant", "organisations, each with keys of its own")
    parser = add_verb(
        verbs,
        "create",
        "open a tenant: its keys, its event, its first credentials",
        "intaglio tenant create acme --data data",
        _create,
    )
    parser.add_argument("name")
    parser.add_argument("--without-subjects", action="store_true", help="requests need not name their subject")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the API keys go (default: DIR/credentials/NAME)")
    add_connection(parser)
    add_connection(add_verb(verbs, "list", "all tenants", "intaglio tenant list --data data", _list))


def _create(arguments: argparse.Namespace, context: Context) -> int:
    from infra.setup.targets import embedded_target, external_target  # noqa: PLC0415  brings Kafka and PostgreSQL clients
    from infra.setup.whole import create_tenant  # noqa: PLC0415  as above

    if arguments.data is None and context.variables.get("INTAGLIO_KAFKA"):
        target = external_target(context.environment, arguments.out or Path("intaglio-setup"))
        folder = arguments.out or Path("intaglio-setup") / arguments.name
    else:
        run = context.run_file(arguments)
        target = embedded_target(Path(run["data"]), run)
        folder = arguments.out or Path(run["data"]) / "credentials" / arguments.name
    asyncio.run(create_tenant(target, arguments.name, folder, print, subject_required=not arguments.without_subjects))
    return 0


def _list(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "operator") as client:
        rows = client.json("GET", "/v1/tenants")["data"]
    show_rows(rows, ("name", "tenant", "subject_required", "created_at"), as_json=arguments.json)
    return 0
