"""The schema check refuses what must not be released, and names the field; what is released passes."""

import dataclasses
from copy import deepcopy
from typing import Any

import pytest

from events import check
from events.catalogue import EVENT_TYPES, EventType
from events.check import classification_faults, faults, main, published
from events.contents import CONTENT_SCHEMAS, NoteContent
from events.schemas.schema import Schema

KIND = EVENT_TYPES[0]
HANDLE = {"type": "fixed", "name": "Grip", "namespace": "t", "size": 16}


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """What was released, to be changed by a test."""
    copy = dict(published())
    monkeypatch.setattr(check, "published", lambda: copy)
    return copy


def definition(**field: Any) -> dict[str, Any]:
    """A schema of one field."""
    return {"type": "record", "name": "Drawn", "namespace": "t", "fields": [{"name": "field", "doc": "A field.", **field}]}


def with_schemas(monkeypatch: pytest.MonkeyPatch, *schemas: Schema, body: type | None = None) -> None:
    """The catalogue with other schemas, or another body, in the place of its first type."""
    kind = dataclasses.replace(KIND, schemas=schemas, body=body or KIND.body)
    monkeypatch.setattr(check, "EVENT_TYPES", (kind, *EVENT_TYPES[1:]))


def test_this_release_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and the exit code that make reads."""
    assert faults() == []
    assert main() == 0
    assert capsys.readouterr().out == "schemas: sound\n"


def test_a_fault_is_the_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The first is shown, the others are counted."""
    monkeypatch.setattr(check, "faults", lambda: ["one", "two", "three"])
    assert main() == 1
    assert capsys.readouterr().out == "schemas: one (and 2 more)\n"


@pytest.mark.parametrize("classification", [{}, {"classification": ""}, {"classification": "secret"}, {"classification": None}])
def test_a_field_without_classification_is_refused(classification: dict[str, Any]) -> None:
    """Nobody could say whether an erasure reaches it."""
    assert list(classification_faults(definition(type="long", **classification))) == ["Drawn.field: has no classification"]


def test_a_field_without_words_is_refused() -> None:
    """The record of processing is made of them."""
    assert list(classification_faults(definition(type="long", classification="public", doc=""))) == ["Drawn.field: has no doc"]


@pytest.mark.parametrize("classification", ["public", "operational", "pseudonymous"])
@pytest.mark.parametrize(
    "avro_type",
    [
        "string",
        "bytes",
        ["null", "string"],
        ["null", {"type": "array", "items": "bytes"}],
        {"type": "string"},
        {"type": "array", "items": "string"},
        {"type": "map", "values": "string"},
        {"type": "map", "values": "long"},
        {"type": "string", "logicalType": "email"},
        {"type": "bytes", "logicalType": "decimal", "precision": 100},
    ],
    ids=[
        "text", "bytes", "text or nothing", "bytes in a list or nothing", "text as an object", "list of texts", "map of texts",
        "keys of a map", "text of a logical type", "bytes of a logical type",
    ],
)  # fmt: skip
def test_what_could_hold_a_person_has_to_be_sealed(avro_type: Any, classification: str) -> None:
    """Free text says anything; in clear it would outlive every erasure."""
    found = list(classification_faults(definition(type=avro_type, classification=classification)))
    assert found == ["Drawn.field: could hold personal content and is not sealed"]
    assert list(classification_faults(definition(type=avro_type, classification="sealed"))) == []


def test_a_personal_field_cannot_hide_in_a_record() -> None:
    """However deep."""
    inner = {
        "type": "record",
        "name": "I",
        "namespace": "t",
        "fields": definition(type="string", classification="public")["fields"],
    }
    for avro_type in (inner, ["null", inner], {"type": "array", "items": inner}, {"type": "map", "values": inner}):
        found = list(classification_faults(definition(type=avro_type, classification="operational")))
        assert "Drawn.field.field: could hold personal content and is not sealed" in found


@pytest.mark.parametrize(
    "avro_type",
    ["long", "int", "boolean", HANDLE, ["null", HANDLE], {"type": "string", "logicalType": "uuid"},
     {"type": "array", "items": {"type": "string", "logicalType": "uuid"}}, {"type": "long", "logicalType": "timestamp-micros"},
     {"type": "enum", "name": "E", "namespace": "t", "symbols": ["A"]}],
)  # fmt: skip
def test_what_can_hold_no_person_may_be_clear(avro_type: Any) -> None:
    """Handles, digests, ids, times, numbers, codes."""
    assert list(classification_faults(definition(type=avro_type, classification="operational"))) == []


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.name))
def test_a_free_text_added_to_any_type_is_refused(kind: EventType) -> None:
    """The list of what may be clear is one of names: a new one has to be thought about."""
    changed = deepcopy(kind.schema)
    changed["fields"].append({"name": "comment", "type": "string", "classification": "operational", "doc": "Words."})
    assert list(classification_faults(changed)) == [f"{kind.name}.comment: could hold personal content and is not sealed"]


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.name))
def test_a_sealed_field_that_is_opened_is_refused(kind: EventType) -> None:
    """In every type that has one."""
    changed = deepcopy(kind.schema)
    opened = [item for item in changed["fields"] if item["classification"] == "sealed"]
    for item in opened:
        item["classification"] = "operational"
    assert len(list(classification_faults(changed))) == len(opened)


def test_a_schema_that_was_changed_is_refused(released: dict[int, str]) -> None:
    """Records lie in logs under the old one."""
    released[100] = "00" * 32
    assert faults() == ["schema 100: differs from what was released; add a revision instead (published.json)"]


def test_a_schema_that_was_dropped_is_refused(released: dict[int, str]) -> None:
    """Its records are still there."""
    released[777] = "00" * 32
    assert any("schema 777" in fault for fault in faults())


def test_a_schema_that_was_not_written_down_is_refused(released: dict[int, str]) -> None:
    """Or its id could be given away again."""
    del released[500]
    assert any("schema 500" in fault for fault in faults())


def test_an_id_that_is_used_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By two types, or by a type and a content."""
    for taken in (EVENT_TYPES[1].schema_id, CONTENT_SCHEMAS[NoteContent][0].schema_id):
        with_schemas(monkeypatch, dataclasses.replace(KIND.schemas[0], schema_id=taken))
        assert "a schema id is used twice" in faults()


def test_an_id_that_was_given_to_another_schema_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two types that swapped their ids use each once, and are wrong."""
    first, second = EVENT_TYPES[0], EVENT_TYPES[1]
    swapped = (
        dataclasses.replace(first, schemas=(dataclasses.replace(first.schemas[0], schema_id=second.schema_id),)),
        dataclasses.replace(second, schemas=(dataclasses.replace(second.schemas[0], schema_id=first.schema_id),)),
    )
    monkeypatch.setattr(check, "EVENT_TYPES", (*swapped, *EVENT_TYPES[2:]))
    assert len([fault for fault in faults() if "differs from what was released" in fault]) == 2


def test_a_type_that_says_something_else_than_its_schema_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another order, and a field more."""
    fields = [(item.name, item.type) for item in dataclasses.fields(KIND.body)]
    for declared in (list(reversed(fields)), [*fields, ("more", int)]):
        with_schemas(monkeypatch, *KIND.schemas, body=dataclasses.make_dataclass("PromptSubmitted", declared))
        assert "PromptSubmitted: the type and its schema have other fields, or another order" in faults()


def test_revisions_that_cannot_read_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault of evolution is shown."""
    newer = deepcopy(KIND.schema)
    newer["fields"] = [item for item in newer["fields"] if item["name"] != "month"]
    with_schemas(monkeypatch, *KIND.schemas, Schema(106, bytes(32), newer))
    assert any("PromptSubmitted.month" in fault for fault in faults())


def test_a_second_revision_of_a_command_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its signature covers the bytes of the schema that wrote it."""
    command = next(kind for kind in EVENT_TYPES if kind.name == "TenantCreated")
    twice = dataclasses.replace(command, schemas=(*command.schemas, dataclasses.replace(command.schemas[0], schema_id=406)))
    monkeypatch.setattr(check, "EVENT_TYPES", (*(kind for kind in EVENT_TYPES if kind is not command), twice))
    assert "TenantCreated: a command has one revision; make a new version" in faults()


def test_a_content_in_clear_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies inside a sealed field is sealed."""
    opened = deepcopy(CONTENT_SCHEMAS[NoteContent][0].definition)
    opened["fields"][0]["classification"] = "public"
    schema = dataclasses.replace(CONTENT_SCHEMAS[NoteContent][0], definition=opened)
    monkeypatch.setattr(check, "CONTENT_SCHEMAS", {**CONTENT_SCHEMAS, NoteContent: (schema,)})
    assert faults() == ["NoteContent.text: a content's field is sealed and documented"]
