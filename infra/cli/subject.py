"""`intaglio subject register`: give a person a handle and a key tree, anew after an erasure only when asked to."""

import argparse

from infra.cli.context import Context, add_connection
from infra.cli.show import show_fields
from infra.cli.verbs import Subparsers, add_noun, add_verb


def register(commands: Subparsers) -> None:
    """Adds the noun and its verb."""
    verbs = add_noun(commands, "subject", "the persons for whom content is made")
    parser = add_verb(
        verbs, "register", "register a person", "intaglio subject register ada@example.org --anew --as officer", _register
    )
    parser.add_argument("subject", help="outside identifier")
    parser.add_argument("--anew", action="store_true", help="the person was erased and may be known again")
    add_connection(parser)


def _register(arguments: argparse.Namespace, context: Context) -> int:
    body = {"subject": arguments.subject, "anew": arguments.anew}
    with context.client(arguments, "officer") as client:
        show_fields(client.json("POST", "/v1/subjects", json=body), as_json=arguments.json)
    return 0
