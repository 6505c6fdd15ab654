"""`intaglio erasure`: plan, request, approve or refuse, and look."""

import argparse
from typing import Any

from infra.cli.context import Context, add_connection
from infra.cli.later import refuse
from infra.cli.show import show_fields, show_rows
from infra.cli.verbs import Subparsers, add_noun, add_verb

_COLUMNS = ("id", "state", "ground", "requested_at", "fenced_at", "effective_at")


def register(commands: Subparsers) -> None:
    """Adds the noun and its verbs."""
    verbs = add_noun(commands, "erasure", "make a person's content impossible to read, with two people")
    for name, summary, run in (
        ("plan", "what an erasure would do, and the digest that an approval binds", _plan),
        ("request", "ask for an erasure; another person has to approve it", _request),
    ):
        parser = add_verb(verbs, name, summary, f"intaglio erasure {name} --subject ada@example.org --ground gdpr-17-1-b", run)
        parser.add_argument("--subject", metavar="S", help="outside identifier, or handle:HEX")
        parser.add_argument("--generation", metavar="ID")
        parser.add_argument("--month", nargs=2, metavar=("S", "MONTH"))
        parser.add_argument("--tenant", metavar="T")
        parser.add_argument("--ground", required=True, metavar="CODE")
        if name == "request":
            parser.add_argument("--note", metavar="TEXT")
        add_connection(parser)
    for name, summary in (("approve", "approve the plan of an erasure"), ("refuse", "refuse an erasure")):
        parser = add_verb(verbs, name, summary, f"intaglio erasure {name} 0198c0de-… --as officer2", _decide)
        parser.add_argument("id")
        add_connection(parser)
    add_connection(add_verb(verbs, "list", "all erasures", "intaglio erasure list", _list))
    for name, answer in (("show", _show), ("certificate", _certificate)):
        parser = add_verb(verbs, name, f"{name} of one erasure", f"intaglio erasure {name} 0198c0de-…", answer)
        parser.add_argument("id")
        if name == "certificate":
            parser.add_argument("--out", metavar="FILE")
        add_connection(parser)


def _scope(arguments: argparse.Namespace) -> dict[str, Any] | None:
    given = [name for name in ("subject", "generation", "month", "tenant") if getattr(arguments, name)]
    return {"subject": arguments.subject} if given == ["subject"] else None


def _plan(arguments: argparse.Namespace, context: Context) -> int:
    scope = _scope(arguments)
    if scope is None:
        return refuse("an erasure of any scope but --subject")
    with context.client(arguments, "officer") as client:
        plan = client.json("POST", "/v1/erasures/plan", json={"scope": scope, "ground": arguments.ground})
    show_fields(plan, as_json=arguments.json)
    return 0


def _request(arguments: argparse.Namespace, context: Context) -> int:
    scope = _scope(arguments)
    if scope is None:
        return refuse("an erasure of any scope but --subject")
    body = {"scope": scope, "ground": arguments.ground} | ({"note": arguments.note} if arguments.note else {})
    with context.client(arguments, "officer") as client:
        show_fields(client.json("POST", "/v1/erasures", json=body), as_json=arguments.json)
    return 0


def _decide(arguments: argparse.Namespace, context: Context) -> int:
    verb = "approval" if arguments.verb == "approve" else "refusal"
    with context.client(arguments, "officer2") as client:
        erasure = client.json("GET", f"/v1/erasures/{arguments.id}")
        body = {"plan_digest": erasure["plan_digest"]}
        show_fields(client.json("POST", f"/v1/erasures/{arguments.id}/{verb}", json=body), as_json=arguments.json)
    return 0


def _list(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "officer") as client:
        show_rows(client.json("GET", "/v1/erasures")["data"], _COLUMNS, as_json=arguments.json)
    return 0


def _show(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "officer") as client:
        show_fields(client.json("GET", f"/v1/erasures/{arguments.id}"), as_json=arguments.json)
    return 0


def _certificate(_arguments: argparse.Namespace, _context: Context) -> int:
    return refuse("erasure certificate")
