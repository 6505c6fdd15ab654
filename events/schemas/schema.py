"""A schema as a value: its file, its id on the wire and its identity. Reads the package's own files and nothing else."""

import hashlib
import json
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

Definition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Schema:
    """One revision of one schema. `sha256` is its identity; `schema_id` stands for it in the framing of every record."""

    schema_id: int
    sha256: bytes
    definition: Definition = field(hash=False, compare=False, repr=False)

    @property
    def full_name(self) -> str:
        """Namespace and name, `intaglio.generations.PromptSubmitted`: the registry subject (RecordNameStrategy)."""
        return f"{self.definition['namespace']}.{self.definition['name']}"

    @property
    def text(self) -> str:
        """The canonical JSON, as a registry serves it."""
        return canonical_json(self.definition).decode()


def canonical_json(definition: Definition) -> bytes:
    """The bytes whose SHA-256 is a schema's identity: sorted keys, no spaces, UTF-8, nothing escaped that need not be.

    Unlike Avro's own CRC-64 fingerprint it covers defaults, documentation and classification too.
    """
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def load_schemas(name: str, version: int, schema_ids: tuple[int, ...]) -> tuple[Schema, ...]:
    """The revisions of a type at one version, oldest first.

    `prompt_submitted.v1.avsc`, then `prompt_submitted.v1.r2.avsc` and on.
    """
    return tuple(
        _load(f"{_snake_case(name)}.v{version}{'' if number == 1 else f'.r{number}'}.avsc", schema_id)
        for number, schema_id in enumerate(schema_ids, start=1)
    )


def _load(file_name: str, schema_id: int) -> Schema:
    definition: Definition = json.loads(resources.files(__package__).joinpath(file_name).read_text("utf-8"))
    return Schema(schema_id, hashlib.sha256(canonical_json(definition)).digest(), definition)


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
