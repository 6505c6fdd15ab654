"""`intaglio serve`: one process against the services that the environment names."""

import argparse
import asyncio

from infra.cli.context import Context
from infra.cli.later import refuse
from infra.cli.verbs import Subparsers, add_noun, add_verb

_PROCESSES = ("api", "dispatch", "work", "project", "shred")
_NEEDS = """
  every process   INTAGLIO_KAFKA host:port, INTAGLIO_KAFKA_CONFIG client properties file, INTAGLIO_POSTGRES
  api, work, shred  also INTAGLIO_VAULT_ADDR, INTAGLIO_VAULT_ROLE_ID, INTAGLIO_VAULT_SECRET_ID, INTAGLIO_OBJECTS
  api             also INTAGLIO_HOST, INTAGLIO_PORT, INTAGLIO_QUEUE_LIMIT      work  also INTAGLIO_MODEL_CACHE
  a secret may be given as NAME_FILE, the path of a file that holds it"""


def register(commands: Subparsers) -> None:
    """Adds the noun and one verb a process."""
    verbs = add_noun(commands, "serve", "run one process of a platform")
    for process in _PROCESSES:
        parser = add_verb(verbs, process, f"run {process}", f"intaglio serve {process}\n\nsettings:{_NEEDS}", _serve)
        if process == "work":
            parser.add_argument("--pool", default="default", metavar="P", help="which pool it works for")
            parser.add_argument("--device", default="cpu", metavar="D", help="torch device, for example cuda:0")
    later = add_verb(verbs, "seal", "not available yet", "intaglio serve seal", _seal)
    later.set_defaults(run=_seal)


def _serve(arguments: argparse.Namespace, context: Context) -> int:
    from infra.serving import serve_process  # noqa: PLC0415  brings what the process needs

    options = {"device": arguments.device} if arguments.verb == "work" else {}
    return asyncio.run(serve_process(arguments.verb, context.environment, **options))


def _seal(_arguments: argparse.Namespace, _context: Context) -> int:
    return refuse("serve seal")
