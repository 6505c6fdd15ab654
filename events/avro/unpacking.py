"""Typed records straight from Avro's binary form, as `events.avro.packing` writes it: a plan is made once from each schema.

The library's reader makes dictionaries first, and each identifier in three steps; that was most of the time of a replay. This one
reads what is written in the usual way. At anything else it gives up without a word, and the library decides whether it is valid.
"""

import dataclasses
import typing
from binascii import unhexlify
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from events.schemas.schema import Definition

Unpack = Callable[[bytes, int], tuple[Any, int]]
"""From the bytes and a place in them: the value there, and the place after it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UUID_SIZE_BYTES = 37


class _UnusualError(Exception):
    """Not as the packer writes it."""


def event_unpacker(
    schema: Definition, start: int, constants: Mapping[str, bytes], envelope: type, body: type
) -> Callable[[bytes], tuple[Any, Any] | None]:
    """The reader of envelope and body of one type, from `start` to the end of the bytes; None where anything is unusual.

    `constants` are envelope fields that the object does not have, packed: other bytes there are unusual.

    Raises:
        ValueError: the fields of a type are not those of its schema in the same order, or of a kind that no event has.
    """
    plan = _Plan()
    first, *rest = schema["fields"]
    unpacks: list[Unpack] = []
    names: list[str] = []
    for item in first["type"]["fields"]:
        one = plan.of(item["type"], None)
        if item["name"] in constants:
            unpacks.append(_after(constants[item["name"]], unpacks.pop()))
            continue
        names.append(item["name"])
        unpacks.append(one)
    _require_same_order(names, envelope)
    width = len(unpacks)
    unpacks += plan.fields(rest, body)

    def unpack(data: bytes) -> tuple[Any, Any] | None:
        values: list[Any] = []
        at = start
        add = values.append
        try:
            for one in unpacks:
                value, at = one(data, at)
                add(value)
        except (_UnusualError, IndexError, ValueError, OverflowError):
            return None
        return (envelope(*values[:width]), body(*values[width:])) if at == len(data) else None

    return unpack


def _require_same_order(names: Sequence[str], kind: type) -> None:
    if names != [item.name for item in dataclasses.fields(kind)]:
        raise ValueError(f"{kind.__name__} has not the fields of its schema in the same order")


def _unpack_long(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 0x80:
        return byte >> 1 ^ -(byte & 1), at + 1
    number, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 63:
            raise _UnusualError
    if number >> 64:
        raise _UnusualError
    return number >> 1 ^ -(number & 1), at + 1


def _unpack_uuid(data: bytes, at: int) -> tuple[UUID, int]:
    end = at + _UUID_SIZE_BYTES
    raw = unhexlify(data[at + 1 : end].translate(None, b"-"))
    if data[at] != 0x48 or data[at + 9 : at + 25 : 5] != b"----" or len(raw) != 16:
        raise _UnusualError
    return UUID(int=int.from_bytes(raw, "big")), end


def _unpack_moment(data: bytes, at: int) -> tuple[datetime, int]:
    unix_us, at = _unpack_long(data, at)
    return _EPOCH + timedelta(microseconds=unix_us), at


def _unpack_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _unpack_long(data, at)
    value = data[at : at + size]
    if size < 0 or len(value) != size:
        raise _UnusualError
    return value, at + size


def _unpack_text(data: bytes, at: int) -> tuple[str, int]:
    value, at = _unpack_bytes(data, at)
    return value.decode(), at


def _unpack_boolean(data: bytes, at: int) -> tuple[bool, int]:
    if data[at] > 1:
        raise _UnusualError
    return data[at] == 1, at + 1


_PLAIN: Mapping[str, Unpack] = {
    "int": _unpack_long,
    "long": _unpack_long,
    "string": _unpack_text,
    "bytes": _unpack_bytes,
    "boolean": _unpack_boolean,
    "uuid": _unpack_uuid,
    "timestamp-micros": _unpack_moment,
}


class _Plan:
    """The readers of one schema; a named type is known from its first mention on."""

    def __init__(self) -> None:
        self._named: dict[str, Unpack] = {}

    def fields(self, items: Sequence[Mapping[str, Any]], kind: type) -> list[Unpack]:
        """The readers of a record's fields."""
        _require_same_order([item["name"] for item in items], kind)
        hints = typing.get_type_hints(kind)
        return [self.of(item["type"], hints[item["name"]]) for item in items]

    def of(self, schema: Any, hint: Any) -> Unpack:
        """The reader of a type; `hint` is the Python type of the field, which a record or an array of records needs."""
        if isinstance(schema, list):
            return _optional(self.of(schema[1], None))
        if isinstance(schema, str):
            return self._known(schema)
        kind = schema["type"]
        if kind == "array":
            return _array(self.of(schema["items"], typing.get_args(hint)[0]))
        if kind not in {"record", "fixed"}:
            return self._known(schema.get("logicalType", kind))
        made = _record(self.fields(schema["fields"], hint), hint) if kind == "record" else _fixed(schema["size"])
        self._named[f"{schema['namespace']}.{schema['name']}"] = made
        return made

    def _known(self, name: str) -> Unpack:
        found = self._named.get(name) or _PLAIN.get(name)
        if found is None:
            raise ValueError(f"no schema of the log uses {name}")
        return found


def _after(constant: bytes, one: Unpack) -> Unpack:
    """The reader of a field that a constant follows."""
    size = len(constant)

    def unpack(data: bytes, at: int) -> tuple[Any, int]:
        value, at = one(data, at)
        if not data.startswith(constant, at):
            raise _UnusualError
        return value, at + size

    return unpack


def _fixed(size_bytes: int) -> Unpack:
    def unpack(data: bytes, at: int) -> tuple[bytes, int]:
        end = at + size_bytes
        value = data[at:end]
        if len(value) != size_bytes:
            raise _UnusualError
        return value, end

    return unpack


def _optional(some: Unpack) -> Unpack:
    def unpack(data: bytes, at: int) -> tuple[Any, int]:
        branch = data[at]
        if branch == 2:
            return some(data, at + 1)
        if branch != 0:
            raise _UnusualError
        return None, at + 1

    return unpack


def _array(one: Unpack) -> Unpack:
    def unpack(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        count, at = _unpack_long(data, at)
        if count == 0:
            return (), at
        # Each item takes a byte at least, so no count can make this long.
        if count < 0 or count > len(data):
            raise _UnusualError
        rows = []
        for _ in range(count):
            row, at = one(data, at)
            rows.append(row)
        if data[at] != 0:
            raise _UnusualError
        return tuple(rows), at + 1

    return unpack


def _record(unpacks: Sequence[Unpack], kind: type) -> Unpack:
    def unpack(data: bytes, at: int) -> tuple[Any, int]:
        values = []
        for one in unpacks:
            value, at = one(data, at)
            values.append(value)
        return kind(*values), at

    return unpack
