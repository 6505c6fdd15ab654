"""Avro's binary form of typed records, straight from their attributes: a plan is made once from each schema.

The library's writer looks at each value anew to find the branch of its union, and wants dictionaries first; that was a third of
the time of an append. This one writes what the schemas of the log use and refuses any other construct when the plan is made.
The bytes are the library's, which still reads all of them. Avro 1.12, section Binary Encoding.
"""

import operator
import struct
from binascii import hexlify
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from events.schemas.schema import Definition

Pack = Callable[[Any], bytes]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UUID_GROUPS = struct.Struct("8s4s4s4s12s")
_LONG_LIMIT = 1 << 63


def event_packer(schema: Definition, ahead: bytes, constants: Mapping[str, Any]) -> Pack:
    """The writer of events of one type, from `event.envelope` and `event.body`; `ahead` comes before the first byte.

    `constants` are the envelope's fields that the object does not have. The writer raises ValueError, TypeError or
    UnicodeEncodeError for a value that the schema does not allow.

    Raises:
        ValueError: the schema uses a construct that no schema of the log uses.
    """
    plan = _Plan()
    envelope, *body = schema["fields"]
    fields = [(f"envelope.{item['name']}", item["type"]) for item in envelope["type"]["fields"]]
    fields += [(f"body.{item['name']}", item["type"]) for item in body]
    names: list[str] = []
    packs: list[Pack] = []
    for name, avro_type in fields:
        pack = plan.of(avro_type)
        constant = constants.get(name.removeprefix("envelope."))
        if constant is not None:
            ahead += pack(constant)
            continue
        names.append(name)
        # A constant costs nothing of its own: it goes out with the field after it.
        packs.append(_after(ahead, pack) if ahead else pack)
        ahead = b""
    return _attributes(names, packs)


def uuid_text(value: UUID) -> bytes:
    """`str(value)` in ASCII, sooner."""
    return b"-".join(_UUID_GROUPS.unpack(hexlify(value.int.to_bytes(16, "big"))))


def _pack_long(number: int) -> bytes:
    """Zigzag, then seven bits a byte from the low end."""
    if 0 <= number < _SMALL_LIMIT:
        return _SMALL[number]
    if not -_LONG_LIMIT <= number < _LONG_LIMIT:
        raise ValueError("an integer does not fit 64 bits")
    return _varint(number << 1 ^ number >> 63)


def _varint(rest: int) -> bytes:
    if 1 << 14 <= rest < 1 << 21:
        return bytes((rest & 0x7F | 0x80, rest >> 7 & 0x7F | 0x80, rest >> 14))
    if 1 << 49 <= rest < 1 << 56:
        # Every time of this century is here, eight bytes long.
        return bytes((
            rest & 0x7F | 0x80, rest >> 7 & 0x7F | 0x80, rest >> 14 & 0x7F | 0x80, rest >> 21 & 0x7F | 0x80,
            rest >> 28 & 0x7F | 0x80, rest >> 35 & 0x7F | 0x80, rest >> 42 & 0x7F | 0x80, rest >> 49,
        ))  # fmt: skip
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


_SMALL_LIMIT = 4096
_SMALL = tuple(_varint(number << 1) for number in range(_SMALL_LIMIT))


def _pack_uuid(value: UUID) -> bytes:
    # The letter is the length, 36, as a long.
    return b"H" + b"-".join(_UUID_GROUPS.unpack(hexlify(value.int.to_bytes(16, "big"))))


def _pack_moment(value: datetime) -> bytes:
    past = value - _EPOCH
    unix_us = (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds
    return _varint(unix_us << 1) if unix_us > 0 else _pack_long(unix_us)


def _pack_bytes(value: bytes) -> bytes:
    size = len(value)
    return (_SMALL[size] if size < _SMALL_LIMIT else _pack_long(size)) + value


def pack_text(value: str) -> bytes:
    """A string: its length in bytes, then UTF-8."""
    return _pack_bytes(value.encode())


def _pack_boolean(value: bool) -> bytes:  # noqa: FBT001  the value itself
    return b"\x01" if value else b"\x00"


_PLAIN: Mapping[str, Pack] = {
    "int": _pack_long,
    "long": _pack_long,
    "string": pack_text,
    "bytes": _pack_bytes,
    "boolean": _pack_boolean,
    "uuid": _pack_uuid,
    "timestamp-micros": _pack_moment,
}


class _Plan:
    """The writers of one schema; a named type is known from its first mention on."""

    def __init__(self) -> None:
        self._named: dict[str, Pack] = {}

    def of(self, schema: Any) -> Pack:
        """The writer of a type."""
        if isinstance(schema, list):
            return self._optional(schema)
        if isinstance(schema, str):
            return self._known(schema)
        kind = schema["type"]
        if kind == "array":
            return _array(self.of(schema["items"]))
        if kind not in {"record", "fixed"}:
            return self._known(schema.get("logicalType", kind))
        made = self._record(schema["fields"]) if kind == "record" else _fixed(schema["size"])
        self._named[f"{schema['namespace']}.{schema['name']}"] = made
        return made

    def _known(self, name: str) -> Pack:
        found = self._named.get(name) or _PLAIN.get(name)
        if found is None:
            raise ValueError(f"no schema of the log uses {name}")
        return found

    def _optional(self, branches: Sequence[Any]) -> Pack:
        if len(branches) != 2 or branches[0] != "null":
            raise ValueError("a union of the log is of null and one other type")
        pack = self.of(branches[1])
        return lambda value: b"\x00" if value is None else b"\x02" + pack(value)

    def _record(self, fields: Sequence[Mapping[str, Any]]) -> Pack:
        return _attributes([item["name"] for item in fields], [self.of(item["type"]) for item in fields])


def _after(ahead: bytes, pack: Pack) -> Pack:
    return lambda value: ahead + pack(value)


def _attributes(names: Sequence[str], packs: Sequence[Pack]) -> Pack:
    if len(names) == 1:
        (name,), (pack,) = names, packs
        return lambda record: pack(getattr(record, name))
    get = operator.attrgetter(*names)
    return lambda record: b"".join(map(operator.call, packs, get(record)))


def _array(pack: Pack) -> Pack:
    return lambda rows: _pack_long(len(rows)) + b"".join(map(pack, rows)) + b"\x00" if rows else b"\x00"


def _fixed(size_bytes: int) -> Pack:
    def pack(value: bytes) -> bytes:
        if len(value) != size_bytes:
            raise ValueError(f"a value of {len(value)} bytes is not one of {size_bytes}")
        return value

    return pack
