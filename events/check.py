"""Is the catalogue sound? `python -m events.check` prints one line and exits with 0 or 1; `make check` runs it.

It refuses a schema that was changed after it was released, a field without classification, a personal field in clear, a type
whose dataclass says something else than its schema, an id that is used twice, and revisions that cannot read each other.
"""

import dataclasses
import json
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

from events.catalogue import EVENT_TYPES
from events.contents import CONTENT_SCHEMAS
from events.evolution import CLASSIFICATIONS, fields_of, transitive_faults
from events.schemas.schema import Schema

# Text in clear needs a reason to be here: it is a code of a closed list, or the name of something that is no person.
CLEAR_TEXT = frozenset(
    {
        "envelope.type",
        "envelope.source",
        "envelope.purpose",
        "kind",
        "marks",
        "adapter",
        "alias",
        "ContentAccessed.content",
        "environment",
        "ground",
        "media_type",
        "reason",
        "replay_class",
        "role",
        "attestation.role",
        "scope_kind",
        "shape_bucket",
        "source_topic",
        "worker",
        "TenantCreated.name",
    }
)
# Bytes in clear: a signature, and a certificate that names nobody.
CLEAR_BYTES = frozenset({"signature", "certificate"})
# Logical types whose values cannot say anything of a person; an unknown one is what it is made of.
_WITHOUT_PERSON = frozenset({"uuid", "timestamp-micros"})


def faults() -> list[str]:
    """Every reason why this release must not be built; empty if there is none."""
    types = [(kind.body, kind.schemas) for kind in EVENT_TYPES]
    contents = list(CONTENT_SCHEMAS.items())
    return [
        *_identity_faults([schema for _, schemas in [*types, *contents] for schema in schemas], published()),
        *(fault for body, schemas in [*types, *contents] for fault in _type_faults(body, schemas)),
        *(fault for _, schemas in types for fault in classification_faults(schemas[-1].definition)),
        *(fault for _, schemas in contents for fault in _content_faults(schemas[-1].definition)),
    ]


def published() -> dict[int, str]:
    """The identity of every released schema, in hex, by its id."""
    text = resources.files("events.schemas").joinpath("published.json").read_text("utf-8")
    return {int(schema_id): digest for schema_id, digest in json.loads(text).items()}


def classification_faults(definition: dict[str, Any]) -> Iterator[str]:
    """Fields of an event's schema without documentation or classification, and personal ones that are not sealed."""
    for path, item in fields_of(definition):
        where = f"{definition['name']}.{path}"
        if not item.get("doc"):
            yield f"{where}: has no doc"
        if item.get("classification") not in CLASSIFICATIONS:
            yield f"{where}: has no classification"
        elif item["classification"] != "sealed" and _may_be_personal(item["type"], path, where):
            yield f"{where}: could hold personal content and is not sealed"


def _may_be_personal(avro_type: Any, path: str, where: str) -> bool:
    """Free text and free bytes may say anything; handles, digests, ids, times and numbers may not."""
    kinds = set(_plain_kinds(avro_type))
    if "bytes" in kinds:
        return path not in CLEAR_BYTES
    return "string" in kinds and path not in CLEAR_TEXT and where not in CLEAR_TEXT


def _plain_kinds(avro_type: Any) -> Iterator[str]:
    if isinstance(avro_type, str):
        yield avro_type
    elif isinstance(avro_type, list):
        for branch in avro_type:
            yield from _plain_kinds(branch)
    elif avro_type["type"] == "map":
        # Its keys are texts, whatever its values are.
        yield "string"
        yield from _plain_kinds(avro_type["values"])
    elif avro_type.get("logicalType") not in _WITHOUT_PERSON and avro_type["type"] != "fixed":
        yield from _plain_kinds(avro_type.get("items", avro_type["type"]))


def _content_faults(definition: dict[str, Any]) -> Iterator[str]:
    for path, item in fields_of(definition):
        if item.get("classification") != "sealed" or not item.get("doc"):
            yield f"{definition['name']}.{path}: a content's field is sealed and documented"


def _identity_faults(schemas: list[Schema], released: dict[int, str]) -> Iterator[str]:
    found = {schema.schema_id: schema.sha256.hex() for schema in schemas}
    if len(found) != len(schemas):
        yield "a schema id is used twice"
    for schema_id in found.keys() | released.keys():
        if found.get(schema_id) != released.get(schema_id):
            yield f"schema {schema_id}: differs from what was released; add a revision instead (published.json)"


def _type_faults(body: type, schemas: tuple[Schema, ...]) -> Iterator[str]:
    yield from transitive_faults([schema.definition for schema in schemas])
    written = [item["name"] for item in schemas[-1].definition["fields"] if item["name"] != "envelope"]
    declared = [item.name for item in dataclasses.fields(body)]
    if len(schemas) > 1 and "signature" in declared:
        yield f"{body.__name__}: a command has one revision; make a new version"
    if written != declared:
        yield f"{body.__name__}: the type and its schema have other fields, or another order"


def main() -> int:
    """One line on the console, and the exit code."""
    found = faults()
    line = f"schemas: {found[0]} (and {len(found) - 1} more)" if found else "schemas: sound"
    sys.stdout.write(line + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
