"""Framing alone, with types of the test's own: revisions, unknown ids, text forms."""

import hashlib
from dataclasses import dataclass
from typing import Any

import pytest

from events.errors import UndecodableRecord, UnencodableText, UnknownSchema
from events.framing import RecordFormat, TextForm, formats_by_id, known_format, schema_id_of
from events.schemas.schema import Schema, canonical_json


@dataclass(frozen=True)
class Inner:
    """A record inside another."""

    number: int


@dataclass(frozen=True)
class Outer:
    """What the second revision says."""

    text: str
    inner: Inner
    inners: tuple[Inner, ...]
    words: tuple[str, ...] = ()
    added: str | None = None


INNER = {"type": "record", "name": "Inner", "namespace": "t", "fields": [{"name": "number", "type": "long"}]}
FIRST_FIELDS: list[dict[str, Any]] = [
    {"name": "text", "type": "string"},
    {"name": "inner", "type": INNER},
    {"name": "inners", "type": {"type": "array", "items": "t.Inner"}},
    {"name": "words", "type": {"type": "array", "items": "string"}},
]
ADDED = {"name": "added", "type": ["null", "string"], "default": None}


def schema(schema_id: int, fields: list[dict[str, Any]]) -> Schema:
    """A revision of Outer."""
    definition = {"type": "record", "name": "Outer", "namespace": "t", "fields": fields}
    return Schema(schema_id, hashlib.sha256(canonical_json(definition)).digest(), definition)


FIRST, SECOND = schema(1, FIRST_FIELDS), schema(2, [*FIRST_FIELDS, ADDED])
VALUE = Outer("hello", Inner(1), (Inner(2), Inner(3)), ("a", "b"), "new")


def test_nested_records_and_tuples_come_back() -> None:
    """As the types that they were."""
    form = RecordFormat(Outer, [SECOND])
    assert form.from_avro(form.unpack(2, form.pack(form.to_avro(VALUE)))) == VALUE


def test_the_latest_revision_is_written() -> None:
    """Under its id, big endian."""
    form = RecordFormat(Outer, [FIRST, SECOND])
    assert form.pack(form.to_avro(VALUE))[:5] == b"\x00\x00\x00\x00\x02"


def test_an_earlier_revision_is_read_as_the_latest() -> None:
    """What it did not have is its default."""
    old = RecordFormat(Outer, [FIRST])
    framed = old.pack({"text": "hello", "inner": {"number": 1}, "inners": [], "words": []})
    form = RecordFormat(Outer, [FIRST, SECOND])
    assert form.from_avro(form.unpack(1, framed)) == Outer("hello", Inner(1), ())


def test_bytes_of_one_revision_are_not_read_under_another() -> None:
    """The second has a byte more."""
    form = RecordFormat(Outer, [FIRST, SECOND])
    framed = form.pack(form.to_avro(VALUE))
    with pytest.raises(UndecodableRecord):
        form.unpack(1, framed)


def test_formats_are_found_under_all_their_ids() -> None:
    """And under no other."""
    form = RecordFormat(Outer, [FIRST, SECOND])
    formats = formats_by_id([form])
    assert formats == {1: form, 2: form}
    assert known_format(formats, 2) is form
    with pytest.raises(UnknownSchema, match="3"):
        known_format(formats, 3)


def test_the_id_is_read_from_any_framed_bytes() -> None:
    """Also of schemas that nobody knows."""
    assert schema_id_of(b"\x00\xff\xff\xff\xff") == 0xFFFFFFFF
    for value in (b"", b"\x00\x00\x00\x00", b"\x01\x00\x00\x00\x01body"):
        with pytest.raises(UndecodableRecord):
            schema_id_of(value)


def test_a_text_whose_field_is_bytes_takes_the_text_form() -> None:
    """And a text whose field is text does not."""
    compact = schema(3, [{"name": "text", "type": "bytes"}, *FIRST_FIELDS[1:], ADDED])
    upper = TextForm(lambda text: text.upper().encode(), lambda data: data.decode().lower())
    form = RecordFormat(Outer, [compact], upper)
    framed = form.pack(form.to_avro(VALUE))
    assert b"HELLO" in framed
    assert b"new" in framed
    assert form.from_avro(form.unpack(3, framed)) == VALUE


def test_a_lone_surrogate_is_refused_without_being_shown() -> None:
    """The library's own error holds the whole text."""
    form = RecordFormat(Outer, [FIRST])
    with pytest.raises(UnencodableText) as caught:
        form.pack({"text": "secret\udfff", "inner": {"number": 1}, "inners": [], "words": []})
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
