"""Any event of any type, made from its schema: what the schema lets a field hold is what a test tries."""

import dataclasses
import typing
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from events.catalogue import EventType
from events.codec import Event
from events.contents import CONTENT_SCHEMAS, Content
from events.envelope import Envelope

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "bytes": st.binary(max_size=200),
    "string": TEXT,
}
_LOGICAL: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.uuids(),
    "timestamp-micros": st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001  hypothesis adds the zone
}
_SIMPLE = {**_PRIMITIVES, **_LOGICAL}


def values_of(schema: Any, named: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Values of a schema as Avro's library takes them: dictionaries, lists, and Python's types for logical ones."""
    named = {} if named is None else named
    if isinstance(schema, list):
        return st.one_of([values_of(branch, named) for branch in schema])
    if isinstance(schema, str):
        return _PRIMITIVES[schema] if schema in _PRIMITIVES else values_of(named[schema], named)
    if "name" in schema:
        named[f"{schema['namespace']}.{schema['name']}"] = schema
    kind = schema.get("logicalType", schema["type"])
    return _SIMPLE[kind] if kind in _SIMPLE else _compound(schema, named)


def _compound(schema: dict[str, Any], named: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "record":
            return st.fixed_dictionaries({item["name"]: values_of(item["type"], named) for item in schema["fields"]})
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
        case "enum":
            return st.sampled_from(schema["symbols"])
        case "array":
            return st.lists(values_of(schema["items"], named), max_size=4)
        case _:
            return st.dictionaries(TEXT, values_of(schema["values"], named), max_size=4)


def events_of(kind: EventType) -> st.SearchStrategy[Event]:
    """Any event of a type, with any envelope."""
    return values_of(kind.schema).map(lambda value: event_of(kind, value))


def event_of(kind: EventType, value: dict[str, Any]) -> Event:
    """The event of Avro's dictionary."""
    return Event(_built(Envelope, value["envelope"]), _built(kind.body, value))


def contents_of(body: type) -> st.SearchStrategy[Content]:
    """Any content of a type."""
    hints = typing.get_type_hints(body)

    def built(value: dict[str, Any]) -> Any:
        return _built(body, value)

    fields = CONTENT_SCHEMAS[body][-1].definition["fields"]
    named: dict[str, Any] = {}
    texts = {item["name"]: TEXT if hints[item["name"]] is str else values_of(item["type"], named) for item in fields}
    return st.fixed_dictionaries(texts).map(built)


def _built(hint: Any, value: Any) -> Any:
    """The typed value: a dictionary becomes its dataclass, a list a tuple."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = typing.get_type_hints(hint)
        return hint(**{item.name: _built(hints[item.name], value[item.name]) for item in dataclasses.fields(hint)})
    if typing.get_origin(hint) is tuple:
        return tuple(_built(typing.get_args(hint)[0], item) for item in value)
    return value
