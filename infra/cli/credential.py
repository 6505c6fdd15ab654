"""`intaglio credential`: let a person act in a role, and take it back."""

import argparse

from infra.cli.context import Context, add_connection
from infra.cli.show import show_fields, show_rows
from infra.cli.verbs import Subparsers, add_noun, add_verb

_COLUMNS = ("credential", "person", "role", "tenant", "issued_at", "revoked_at")


def register(commands: Subparsers) -> None:
    """Adds the noun and its verbs."""
    verbs = add_noun(commands, "credential", "who may act, and in which role")
    parser = add_verb(
        verbs, "issue", "issue an API key, shown this once", "intaglio credential issue --role client --as operator", _issue
    )
    parser.add_argument("--role", required=True, choices=("client", "auditor", "officer", "operator"))
    parser.add_argument("--person", metavar="HEX", help="handle of the person; a new person if absent")
    parser.add_argument("--tenant", metavar="T", help="name of the tenant")
    add_connection(parser)
    parser = add_verb(verbs, "revoke", "end a credential", "intaglio credential revoke 5f…", _revoke)
    parser.add_argument("credential", metavar="HEX")
    add_connection(parser)
    add_connection(add_verb(verbs, "list", "all credentials", "intaglio credential list", _list))


def _issue(arguments: argparse.Namespace, context: Context) -> int:
    wanted = {name: getattr(arguments, name) for name in ("role", "person", "tenant")}
    with context.client(arguments, "operator") as client:
        body = {name: value for name, value in wanted.items() if value is not None}
        show_fields(client.json("POST", "/v1/credentials", json=body), as_json=arguments.json)
    return 0


def _revoke(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "operator") as client:
        answer = client.json("POST", f"/v1/credentials/{arguments.credential}/revocation")
    show_fields(answer, as_json=arguments.json)
    return 0


def _list(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "operator") as client:
        show_rows(client.json("GET", "/v1/credentials")["data"], _COLUMNS, as_json=arguments.json)
    return 0
