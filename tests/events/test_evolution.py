"""What is called compatible is readable: by the library that reads, in both directions, with values of the right type."""

import io
from copy import deepcopy
from itertools import combinations
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.catalogue import EVENT_TYPES, EventType
from events.contents import CONTENT_SCHEMAS
from events.evolution import fields_of, transitive_faults
from tests.events.strategies import values_of

Definition = dict[str, Any]

HASH = {"type": "fixed", "name": "Hash", "namespace": "t", "size": 4}
INNER = {
    "type": "record",
    "name": "Inner",
    "namespace": "t",
    "fields": [
        {"name": "a", "type": "int", "classification": "public"},
        {"name": "b", "type": "string", "classification": "public", "default": "x"},
    ],
}
KIND = {"type": "enum", "name": "Kind", "namespace": "t", "symbols": ["P", "Q"], "default": "P"}
STRICT_KIND = {"type": "enum", "name": "StrictKind", "namespace": "t", "symbols": ["P", "Q"]}
UUID_TYPE = {"type": "string", "logicalType": "uuid"}
TIME_TYPE = {"type": "long", "logicalType": "timestamp-micros"}
FIRST: Definition = {
    "type": "record",
    "name": "R",
    "namespace": "t",
    "fields": [
        {"name": "hash", "type": HASH, "classification": "public"},
        {"name": "other", "type": "t.Hash", "classification": "public"},
        {"name": "text", "type": "string", "classification": "public"},
        {"name": "sealed", "type": "bytes", "classification": "sealed"},
        {"name": "maybe", "type": ["null", "long"], "classification": "public", "default": None},
        {"name": "inners", "type": {"type": "array", "items": INNER}, "classification": "public"},
        {"name": "kind", "type": KIND, "classification": "public"},
        {"name": "strict", "type": STRICT_KIND, "classification": "public"},
        {"name": "counts", "type": {"type": "map", "values": "long"}, "classification": "public"},
        {"name": "gone", "type": "boolean", "classification": "public", "default": False},
    ],
}

# Types of a field that comes or goes, and defaults that Avro allows for them. Not all of them are read as they would be written.
NEW_FIELDS: list[tuple[Any, Any]] = [
    ("string", ""), ("string", "x"), ("long", 7), ("int", 0), ("boolean", True), ("bytes", ""), ("bytes", "\u00ff"),
    (["null", "string"], None), (["null", "bytes"], None), (["null", UUID_TYPE], None), (["null", "t.Hash"], None),
    (["string", "null"], "x"), (["bytes", "null"], ""), (UUID_TYPE, "00000000-0000-0000-0000-000000000000"), (TIME_TYPE, 0),
    ("t.Hash", "\x00\x00\x00\x00"), ({"type": "array", "items": "t.Hash"}, []), ({"type": "array", "items": "bytes"}, ["x"]),
    ({"type": "map", "values": "bytes"}, {}), ({"type": "map", "values": "bytes"}, {"k": "x"}), ("t.Inner", {"a": 1, "b": "y"}),
    ("t.Kind", "Q"), (INNER | {"name": "Further"}, {"a": 1}),
]  # fmt: skip
TYPES: list[Any] = [
    "string", "bytes", "long", "int", "boolean", ["null", "long"], ["null", "string"], ["long", "null"], HASH | {"name": "Other"},
    {"type": "array", "items": "string"}, {"type": "map", "values": "string"}, UUID_TYPE, TIME_TYPE,
]  # fmt: skip


@st.composite
def revisions(draw: st.DrawFn) -> Definition:
    """The first revision after a few changes that somebody could make, good ones and bad."""
    made = deepcopy(FIRST)
    for _ in range(draw(st.integers(1, 3))):
        _change(draw, made)
    return made


def _change(draw: st.DrawFn, made: Definition) -> None:
    records = [made, *(item["type"]["items"] for item in made["fields"] if _is_inners(item))]
    fields = draw(st.sampled_from(records))["fields"]
    what = draw(st.sampled_from(["field", "add", "add", "add bare", "enum", "rename", "move", "size"]))
    if what == "field":
        _change_field(draw, fields, draw(st.integers(0, len(fields) - 1)))
    elif what.startswith("add"):
        _add(draw, made, is_bare=what == "add bare")
    elif what == "enum":
        kinds = [item for item in made["fields"] if item["name"] in {"kind", "strict"}]
        draw(st.sampled_from(kinds))["type"]["symbols"] = draw(st.sampled_from([["P"], ["P", "Q", "S"], ["Q", "P"]]))
    elif what == "rename":
        made["name"] = draw(st.sampled_from(["R", "S"]))
    elif what == "size":
        made["fields"][0]["type"]["size"] = draw(st.sampled_from([4, 5]))
    elif not any(map(_defines, fields)):
        fields.reverse()


def _change_field(draw: st.DrawFn, fields: list[Definition], place: int) -> None:
    item = fields[place]
    what = draw(st.sampled_from(["drop", "retype", "doc", "default", "seal"]))
    if what == "doc":
        item["doc"] = "said better"
    elif what == "default":
        item.pop("default", None)
    elif what == "seal":
        item["classification"] = "sealed"
    elif what == "drop" and len(fields) > 1 and not _defines(item):
        del fields[place]
    elif what == "retype" and not _defines(item):
        item.pop("default", None)
        item["type"] = draw(st.sampled_from(TYPES))


def _add(draw: st.DrawFn, made: Definition, *, is_bare: bool) -> None:
    avro_type, default = draw(st.sampled_from(NEW_FIELDS))
    name = draw(st.sampled_from(["new", "newer"]))
    if any(item["name"] == name for item in made["fields"]) or _is_defined(made, avro_type):
        return
    made["fields"].append({"name": name, "type": deepcopy(avro_type), "classification": "public"})
    if not is_bare:
        made["fields"][-1]["default"] = deepcopy(default)


def _is_inners(item: Definition) -> bool:
    return isinstance(item["type"], dict) and item["type"].get("items", {}) not in ("string", "bytes", "t.Hash", {})


def _defines(item: Definition) -> bool:
    """Later fields refer to its type by name."""
    return isinstance(item["type"], dict) and item["name"] in {"hash", "inners", "kind", "strict"}


def _is_defined(made: Definition, avro_type: Any) -> bool:
    name = avro_type.get("name") if isinstance(avro_type, dict) else None
    return name is not None and any(isinstance(f["type"], dict) and f["type"].get("name") == name for f in made["fields"])


def written(schema: Definition, value: Any) -> bytes:
    """The value's bytes."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), value)
    return buffer.getvalue()


def read(data: bytes, writer: Definition, reader: Definition) -> Any:
    """Resolved as a reader of this log does it."""
    buffer = io.BytesIO(data)
    found = fastavro.schemaless_reader(buffer, fastavro.parse_schema(writer), fastavro.parse_schema(reader))
    assert buffer.tell() == len(data)
    return found


@settings(max_examples=600, deadline=None)
@given(older=revisions(), newer=revisions(), data=st.data())
def test_what_is_called_compatible_is_readable_both_ways(older: Definition, newer: Definition, data: st.DataObject) -> None:
    """What one wrote the other reads, and what it read it could have written: no default is of another type than its field."""
    if transitive_faults([older, newer]):
        return
    for writer, reader in ((older, newer), (newer, older)):
        value = data.draw(values_of(writer))
        found = read(written(writer, value), writer, reader)
        again = read(written(reader, found), reader, reader)
        assert again == found
        shared = {item["name"] for item in writer["fields"]} & {item["name"] for item in reader["fields"]}
        for name in shared - {"inners", "kind"}:
            assert found[name] == value[name]


@settings(max_examples=200, deadline=None)
@given(first=revisions(), second=revisions(), third=revisions())
def test_every_pair_is_compared_and_not_only_neighbours(first: Definition, second: Definition, third: Definition) -> None:
    """Transitive: a field may not come back as something else."""
    together = transitive_faults([first, second, third])
    apart = [fault for pair in combinations([first, second, third], 2) for fault in transitive_faults(pair)]
    assert sorted(together) == sorted(apart)


@settings(max_examples=100, deadline=None)
@given(older=revisions(), newer=revisions())
def test_both_directions_are_judged_alike(older: Definition, newer: Definition) -> None:
    """FULL: whoever is newer does not matter."""
    assert bool(transitive_faults([older, newer])) is bool(transitive_faults([newer, older]))


def changed(**fields: Any) -> Definition:
    """The first revision with fields added, replaced, or dropped (None)."""
    made = deepcopy(FIRST)
    kept = [item for item in made["fields"] if item["name"] not in fields]
    made["fields"] = kept + [{"name": name, "classification": "public"} | item for name, item in fields.items() if item]
    return made


def replaced(name: str, **keys: Any) -> Definition:
    """The first revision with keys of one field replaced."""
    made = deepcopy(FIRST)
    for item in made["fields"]:
        if item["name"] == name:
            item.update(keys)
    return made


@pytest.mark.parametrize(
    "newer",
    [
        FIRST,
        changed(new={"type": "string", "default": ""}),
        changed(new={"type": ["null", "bytes"], "default": None}),
        changed(new={"type": {"type": "array", "items": "bytes"}, "default": []}),
        changed(new={"type": "t.Kind", "default": "Q"}),
        changed(gone=None),
        replaced("text", doc="said better"),
        replaced("kind", type=KIND | {"symbols": ["P", "Q", "S"]}),
        FIRST | {"fields": [FIRST["fields"][0], *reversed(FIRST["fields"][1:])]},
    ],
    ids=["nothing", "text", "absent bytes", "empty list", "code", "field gone", "words", "one more code", "order"],
)
def test_a_change_that_loses_nothing_is_allowed(newer: Definition) -> None:
    """Or a schema could never grow."""
    assert transitive_faults([FIRST, newer]) == []


WIDER_INNER = INNER | {"fields": [*INNER["fields"], {"name": "c", "type": "long", "classification": "public"}]}


@pytest.mark.parametrize(
    ("newer", "named"),
    [
        (changed(new={"type": "string"}), "R.new"),
        (changed(text=None), "R.text"),
        (changed(new={"type": "bytes", "default": ""}), "R.new"),
        (changed(new={"type": "t.Hash", "default": "\x00" * 4}), "R.new"),
        (changed(new={"type": UUID_TYPE, "default": "00000000-0000-0000-0000-000000000000"}), "R.new"),
        (changed(new={"type": "t.Inner", "default": {"a": 1}}), "R.new"),
        (replaced("text", type="bytes"), "R.text"),
        (replaced("maybe", type=["null", "string"]), "R.maybe"),
        (replaced("maybe", type=["long", "null"]), "R.maybe"),
        (replaced("maybe", type=["null", "long", "string"]), "R.maybe"),
        (replaced("maybe", type="long"), "R.maybe"),
        (replaced("hash", type=HASH | {"size": 5}), "R.hash"),
        (replaced("hash", type=HASH | {"name": "Digest"}), "R.hash"),
        (replaced("inners", type={"type": "array", "items": WIDER_INNER}), "R.inners.c"),
        (replaced("strict", type=STRICT_KIND | {"symbols": ["P", "Q", "S"]}), "R.strict"),
        (replaced("counts", type={"type": "map", "values": "int"}), "R.counts"),
        (replaced("text", classification="sealed"), "R.text"),
        (replaced("sealed", classification="public"), "R.sealed"),
        (FIRST | {"name": "S"}, "one name"),
        (FIRST | {"namespace": "u"}, "one name"),
    ],
    ids=[
        "no default", "field without default gone", "bytes by default", "fixed by default", "uuid by default",
        "record by default", "another type", "another branch", "other order of branches", "one more branch", "no branch",
        "another size", "another name", "inside a list", "a code nobody expects", "inside a map", "sealed", "unsealed",
        "another record", "another namespace",
    ],
)  # fmt: skip
def test_a_change_that_breaks_a_reader_is_refused(newer: Definition, named: str) -> None:
    """And the fault names the field."""
    for pair in ([FIRST, newer], [newer, FIRST]):
        faults = transitive_faults(pair)
        assert faults
        assert any(f"{named}:" in fault or fault.endswith(named) for fault in faults)


def test_removing_a_default_is_refused_once_the_field_may_be_missing() -> None:
    """A reader of the third could not read what the first wrote."""
    with_default = changed(new={"type": "string", "default": ""})
    without = changed(new={"type": "string"})
    assert transitive_faults([with_default, without]) == []
    assert transitive_faults([FIRST, with_default, without])


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.name))
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_released_type_can_grow(kind: EventType, data: st.DataObject) -> None:
    """A field that may be absent can be added to each of them, and both revisions read each other."""
    newer = deepcopy(kind.schema)
    newer["fields"].append({"name": "more", "type": ["null", "bytes"], "classification": "sealed", "default": None})
    assert transitive_faults([kind.schema, newer]) == []
    for writer, reader in ((kind.schema, newer), (newer, kind.schema)):
        value = data.draw(values_of(writer))
        found = read(written(writer, value), writer, reader)
        assert {name: found[name] for name in found if name != "more"} == {name: value[name] for name in value if name != "more"}


def test_fields_are_found_inside_lists_maps_and_unions() -> None:
    """A personal field must not hide in one."""
    paths = [path for path, _ in fields_of(changed(deep={"type": ["null", {"type": "map", "values": INNER | {"name": "Deep"}}]}))]
    assert {"inners.a", "inners.b", "deep.a", "deep.b", "text"} <= set(paths)
    assert all(list(fields_of(schemas[-1].definition)) for schemas in CONTENT_SCHEMAS.values())
