"""A schema as a value: its identity covers all that is said in its file."""

import hashlib
import json
from copy import deepcopy

import pytest

from events.catalogue import EVENT_TYPES
from events.schemas.schema import canonical_json, load_schemas

DEFINITION = EVENT_TYPES[0].schema


def test_the_identity_is_the_digest_of_the_canonical_text() -> None:
    """So anyone who has the file can compute it."""
    (schema,) = load_schemas("PromptSubmitted", 1, (100,))
    assert schema.sha256 == hashlib.sha256(schema.text.encode()).digest()
    assert json.loads(schema.text) == schema.definition == DEFINITION
    assert schema.full_name == "intaglio.generations.PromptSubmitted"


def test_the_layout_of_the_file_does_not_matter() -> None:
    """Nor the order of keys: a registry may store it in another."""
    shuffled = dict(reversed(DEFINITION.items()))
    assert canonical_json(shuffled) == canonical_json(DEFINITION)
    assert canonical_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'.encode()


@pytest.mark.parametrize("key", ["doc", "classification", "default"])
def test_the_identity_covers_what_avros_own_fingerprint_leaves_out(key: str) -> None:
    """A field that is no longer sealed, or has another default, is another schema."""
    changed = deepcopy(DEFINITION)
    changed["fields"][-1][key] = "changed"
    assert canonical_json(changed) != canonical_json(DEFINITION)


def test_a_revision_without_a_file_cannot_be_loaded() -> None:
    """The process does not start rather than guess."""
    with pytest.raises(FileNotFoundError, match=r"prompt_submitted\.v1\.r2\.avsc"):
        load_schemas("PromptSubmitted", 1, (100, 106))
