"""Avro bytes in Confluent's framing: one zero byte, the schema id in four bytes, then the body.

Turns typed records into Avro and back by the names of their fields. Knows nothing of topics, headers or who may write.
"""

import dataclasses
import io
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import fastavro

from events.errors import UndecodableRecord, UnencodableText, UnknownSchema
from events.schemas.schema import Schema

PREFIX_SIZE_BYTES = 5
_MAGIC = b"\x00"

_Convert = Callable[[Any], Any]
_Plan = tuple[tuple[str, _Convert | None], ...]


class TextForm(NamedTuple):
    """How a `str` of a type becomes the `bytes` of its schema, and back."""

    to_bytes: Callable[[str], bytes]
    to_text: Callable[[bytes], str]


class RecordFormat:
    """One record type: a dataclass, the schema that writes it, and the earlier ones that can still be read as it."""

    __slots__ = ("_build", "_building", "_prefix", "_schema", "_taking_apart", "_writers", "body", "sha256")

    def __init__(self, body: type, schemas: Sequence[Schema], text_form: TextForm | None = None) -> None:
        latest = schemas[-1]
        self.body, self._build = body, body
        self._prefix = _MAGIC + latest.schema_id.to_bytes(4, "big")
        self._schema = fastavro.parse_schema(latest.definition)
        self._writers = {
            schema.schema_id: None if schema is latest else fastavro.parse_schema(schema.definition) for schema in schemas
        }
        self.sha256 = {schema.schema_id: schema.sha256 for schema in schemas}
        compact = {item["name"] for item in latest.definition["fields"] if item["type"] == "bytes"}
        hints = typing.get_type_hints(body)
        to_avro: list[tuple[str, _Convert | None]] = []
        from_avro: list[tuple[str, _Convert | None]] = []
        for name in (item.name for item in dataclasses.fields(body)):
            if text_form is not None and hints[name] is str and name in compact:
                to_avro.append((name, text_form.to_bytes))
                from_avro.append((name, text_form.to_text))
            else:
                to_avro.append((name, _to_avro(hints[name])))
                from_avro.append((name, _from_avro(hints[name])))
        self._taking_apart: _Plan = tuple(to_avro)
        self._building: _Plan = tuple(from_avro)

    def to_avro(self, record: Any) -> dict[str, Any]:
        """The record as Avro's dictionary."""
        return {
            name: getattr(record, name) if convert is None else convert(getattr(record, name))
            for name, convert in self._taking_apart
        }

    def pack(self, value: Mapping[str, Any]) -> bytes:
        """Framed bytes of Avro's dictionary.

        Raises:
            UnencodableText: a text holds a lone surrogate, which is no character.
        """
        buffer = io.BytesIO()
        buffer.write(self._prefix)
        try:
            fastavro.schemaless_writer(buffer, self._schema, value)
        except UnicodeEncodeError as error:
            # Not chained: the error holds the whole text.
            raise UnencodableText(f"character {error.start} of a text is a lone surrogate, which is no character") from None
        return buffer.getvalue()

    def unpack(self, schema_id: int, framed: bytes) -> dict[str, Any]:
        """Avro's dictionary of framed bytes, resolved from the schema that wrote them.

        Raises:
            UndecodableRecord: the bytes do not follow that schema, or go on after it.
        """
        buffer = io.BytesIO(framed)
        buffer.seek(PREFIX_SIZE_BYTES)
        earlier = self._writers[schema_id]
        try:
            if earlier is None:
                value = fastavro.schemaless_reader(buffer, self._schema, None)
            else:
                value = fastavro.schemaless_reader(buffer, earlier, self._schema)
        except Exception as error:  # noqa: BLE001  fastavro raises a dozen kinds for bad bytes; each means the same here
            # Not chained: a reader's message may quote the bytes.
            raise UndecodableRecord(f"a record is not valid under schema {schema_id} ({type(error).__name__})") from None
        if buffer.tell() != len(framed):
            raise UndecodableRecord(f"a record goes on after its end under schema {schema_id}")
        return typing.cast("dict[str, Any]", value)

    def from_avro(self, value: Mapping[str, Any]) -> Any:
        """The record of Avro's dictionary."""
        return self._build(**{name: value[name] if convert is None else convert(value[name]) for name, convert in self._building})


def formats_by_id(formats: Iterable[RecordFormat]) -> dict[int, RecordFormat]:
    """Every format under every schema id that it can read."""
    return {schema_id: form for form in formats for schema_id in form.sha256}


def schema_id_of(framed: bytes) -> int:
    """The schema id of framed bytes.

    Raises:
        UndecodableRecord: too short, or another magic byte.
    """
    if len(framed) < PREFIX_SIZE_BYTES or not framed.startswith(_MAGIC):
        raise UndecodableRecord("a record does not begin with the framing of this log")
    return int.from_bytes(framed[1:PREFIX_SIZE_BYTES], "big")


def known_format(formats: Mapping[int, RecordFormat], schema_id: int) -> RecordFormat:
    """The format of a schema id.

    Raises:
        UnknownSchema: the id is not one of this release.
    """
    form = formats.get(schema_id)
    if form is None:
        raise UnknownSchema(f"schema {schema_id} is not known to this release; upgrade before reading on")
    return form


def _nested(hint: Any) -> type | None:
    return hint if isinstance(hint, type) and dataclasses.is_dataclass(hint) else None


def _to_avro(hint: Any) -> _Convert | None:
    if _nested(hint) is not None:
        return dataclasses.asdict
    if typing.get_origin(hint) is tuple:
        element = _nested(typing.get_args(hint)[0])
        return list if element is None else lambda rows: [dataclasses.asdict(row) for row in rows]
    return None


def _from_avro(hint: Any) -> _Convert | None:
    if (nested := _nested(hint)) is not None:
        return lambda value: nested(**value)
    if typing.get_origin(hint) is tuple:
        element = _nested(typing.get_args(hint)[0])
        return tuple if element is None else lambda rows: tuple(element(**row) for row in rows)
    return None
