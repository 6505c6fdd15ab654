"""`intaglio generation`: list, show, fetch and cancel what was asked for."""

import argparse
from pathlib import Path

from infra.cli.context import Context, add_connection
from infra.cli.later import refuse
from infra.cli.show import show_fields, show_rows
from infra.cli.verbs import Subparsers, add_noun, add_verb

_COLUMNS = ("id", "status", "created_at", "subject")


def register(commands: Subparsers) -> None:
    """Adds the noun and its verbs."""
    verbs = add_noun(commands, "generation", "what was asked for, and what became of it")
    parser = add_verb(verbs, "list", "the newest generations of the tenant", "intaglio generation list --limit 20", _list)
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--after", metavar="ID", help="go on after this one")
    add_connection(parser)
    for name, summary, run in (
        ("show", "one generation", _show),
        ("content", "the picture of one generation", _content),
        ("cancel", "ask to stop one generation", _cancel),
        ("reproduce", "draw it again and compare", _reproduce),
    ):
        parser = add_verb(verbs, name, summary, f"intaglio generation {name} 0198c0de-… --data data", run)
        parser.add_argument("id")
        if name == "content":
            parser.add_argument("--out", required=True, type=Path, metavar="FILE")
            parser.add_argument("--ground", metavar="CODE", help="an officer says why")
        add_connection(parser)


def _list(arguments: argparse.Namespace, context: Context) -> int:
    options = {"limit": arguments.limit} | ({"after": arguments.after} if arguments.after else {})
    with context.client(arguments, "client") as client:
        page = client.json("GET", "/v1/generations", params=options)
    show_rows(page["data"], _COLUMNS, as_json=arguments.json)
    return 0


def _show(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "client") as client:
        show_fields(client.json("GET", f"/v1/generations/{arguments.id}"), as_json=arguments.json)
    return 0


def _content(arguments: argparse.Namespace, context: Context) -> int:
    headers = {"Intaglio-Ground": arguments.ground} if arguments.ground else {}
    with context.client(arguments, "client") as client:
        content = client.request("GET", f"/v1/generations/{arguments.id}/content", headers=headers).content
    arguments.out.write_bytes(content)
    print(f"{len(content)} bytes in {arguments.out}")
    return 0


def _cancel(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "client") as client:
        show_fields(client.json("POST", f"/v1/generations/{arguments.id}/cancellation"), as_json=arguments.json)
    return 0


def _reproduce(_arguments: argparse.Namespace, _context: Context) -> int:
    return refuse("generation reproduce")
