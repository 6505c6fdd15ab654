"""`intaglio setup`: make or complete what a platform needs on the services that the environment names."""

import argparse
import asyncio
from pathlib import Path

from infra.cli.context import Context
from infra.cli.verbs import Subparsers, add_verb

_NEEDS = """
  INTAGLIO_KAFKA, INTAGLIO_KAFKA_CONFIG   the broker and an administrator's client properties file
  INTAGLIO_POSTGRES                       a superuser's connection string
  INTAGLIO_VAULT_ADDR                     OpenBao, unsealed
  INTAGLIO_VAULT_ROOT_TOKEN               the first time only: it makes the provisioner and is revoked"""


def register(commands: Subparsers) -> None:
    """Adds the verb."""
    parser = add_verb(
        commands,
        "setup",
        "make or complete what a platform needs on its services; running it again changes nothing",
        f"intaglio setup --plan --out ./intaglio-setup\n\nsettings, each secret also as NAME_FILE:{_NEEDS}",
        _setup,
    )
    parser.add_argument("--plan", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--out", type=Path, default=Path("intaglio-setup"), metavar="DIR", help="where passwords and settings go")
    parser.add_argument("--tenant", default="default", metavar="NAME", help="the first tenant")
    parser.add_argument("--replication", type=int, default=1, metavar="N", help="copies of each partition")


def _setup(arguments: argparse.Namespace, context: Context) -> int:
    from infra.setup.targets import external_target  # noqa: PLC0415  brings Kafka and PostgreSQL clients
    from infra.setup.whole import plan_only, set_up  # noqa: PLC0415  as above

    target = external_target(context.environment, arguments.out, replication=arguments.replication)
    if arguments.plan:
        for sentence in asyncio.run(plan_only(target, arguments.tenant)):
            print(sentence)
        return 0
    asyncio.run(set_up(target, arguments.tenant, arguments.out / "credentials", print, subject_required=True))
    return 0
