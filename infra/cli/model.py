"""`intaglio model`: bring a local diffusers directory into the platform, and check it.

A model is the digest of the list of its files. `add` looks at every file before the first byte leaves: pickles, code, links out
of
the directory and unknown classes are refused by name.
"""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

from infra.cli.context import Context, PlatformClient, add_connection
from infra.cli.later import refuse
from infra.cli.show import show_fields, show_rows
from infra.cli.verbs import Subparsers, add_noun, add_verb

_CHUNK_SIZE_BYTES = 1 << 20
_COLUMNS = ("alias", "digest", "adapter", "size_bytes", "registered_at")


def register(commands: Subparsers) -> None:
    """Adds the noun and its verbs."""
    verbs = add_noun(commands, "model", "what draws, pinned by the digest of its files")
    parser = add_verb(verbs, "add", "register a local diffusers directory", "intaglio model add ./sd-tiny --alias tiny", _add)
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--alias", metavar="NAME", help="name of the model (default: the directory's name)")
    add_connection(parser)
    parser = add_verb(verbs, "list", "all registered models", "intaglio model list", _list)
    add_connection(parser)
    parser = add_verb(verbs, "show", "one registered model", "intaglio model show tiny", _show)
    parser.add_argument("model", metavar="ALIAS|DIGEST")
    add_connection(parser)
    parser = add_verb(
        verbs, "verify", "check a directory against a registered model", "intaglio model verify ./sd-tiny --model tiny", _verify
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--model", metavar="ALIAS|DIGEST", help="which model it has to be")
    add_connection(parser)
    for name in ("profile", "alias", "pin", "experiment", "rollback"):
        later = add_verb(verbs, name, "not available yet", f"intaglio model {name}", _later)
        later.add_argument("rest", nargs=argparse.REMAINDER)


def add_model(client: PlatformClient, directory: Path, alias: str) -> dict[str, str]:
    """Uploads what the store does not have yet and registers the model; the registration is acknowledged on return."""
    from inference.models.manifest import scan  # noqa: PLC0415  only this verb and `verify` look into models

    manifest = scan(directory)
    for entry in manifest.files:
        path = directory / entry.path
        client.request("PUT", f"/v1/models/files/{entry.sha256.hex()}", content=_chunks(path), timeout=None)
    registered: dict[str, str] = client.json(
        "POST", "/v1/models", json={"alias": alias, "adapter": manifest.adapter, "manifest": manifest.encode().decode()}
    )
    return registered


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_SIZE_BYTES):
            yield chunk


def _add(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "operator") as client:
        registered = add_model(client, arguments.directory, arguments.alias or arguments.directory.resolve().name)
    show_fields(registered, as_json=arguments.json)
    return 0


def _list(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "operator") as client:
        show_rows(client.json("GET", "/v1/models")["data"], _COLUMNS, as_json=arguments.json)
    return 0


def _find(client: PlatformClient, wanted: str) -> dict[str, str]:
    found: dict[str, str] = client.json("GET", f"/v1/models/{wanted}")
    return found


def _show(arguments: argparse.Namespace, context: Context) -> int:
    with context.client(arguments, "operator") as client:
        show_fields(_find(client, arguments.model), as_json=arguments.json)
    return 0


def _verify(arguments: argparse.Namespace, context: Context) -> int:
    from inference.models.manifest import scan  # noqa: PLC0415  as in `add`

    digest = hashlib.sha256(scan(arguments.directory).encode()).hexdigest()
    if arguments.model is None:
        show_fields({"directory": str(arguments.directory), "digest": digest}, as_json=arguments.json)
        return 0
    with context.client(arguments, "operator") as client:
        registered = _find(client, arguments.model)
    same = registered["digest"] == digest
    show_fields(
        {"directory": str(arguments.directory), "digest": digest, "is": arguments.model if same else "another model"},
        as_json=arguments.json,
    )
    return 0 if same else 1


def _later(arguments: argparse.Namespace, _context: Context) -> int:
    return refuse(f"model {arguments.verb}")
