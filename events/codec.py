"""An event and its bytes: key, headers, value; both ways, and nothing else.

Encoding is a function of the event, so the same event gives the same bytes for ever: a retry appends the same record, and a
signature can be checked years later. Decoding refuses bytes, headers, keys and topics that contradict each other.
`docs/formats.md`, sections 2 to 5, has every byte.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from events.avro.packing import Pack, event_packer, pack_text
from events.avro.unpacking import event_unpacker
from events.catalogue import EVENT_TYPES, EventType, by_schema_id, of
from events.envelope import Envelope
from events.errors import UndecodableRecord, UnencodableText
from events.framing import PREFIX_SIZE_BYTES, RecordFormat, formats_by_id, known_format, schema_id_of
from events.headers import Headers, check_headers, headers_of
from events.identifiers import NO_SUBJECT
from events.records import Command, EventBody
from events.topics import KeyedBy, Topic

COMMAND_LABEL = b"intaglio/v1/command\x00"
_FORMATS = {kind.body: RecordFormat(kind.body, kind.schemas) for kind in EVENT_TYPES}
_BY_ID = formats_by_id(_FORMATS.values())
_ENVELOPE_FIELDS = tuple(item.name for item in dataclasses.fields(Envelope))


def _packer_of(kind: EventType) -> Pack:
    framing = b"\x00" + kind.schema_id.to_bytes(4, "big")
    return event_packer(kind.schema, framing, {"type": kind.wire_name, "schema_sha256": kind.schema_sha256})


def _unpacker_of(kind: EventType) -> Callable[[bytes], tuple[Envelope, EventBody] | None]:
    constants = {"type": pack_text(kind.wire_name), "schema_sha256": kind.schema_sha256}
    return event_unpacker(kind.schema, PREFIX_SIZE_BYTES, constants, Envelope, kind.body)


_WRITING = {kind.body: (kind, kind.wire_name, _packer_of(kind)) for kind in EVENT_TYPES}
_READING = {kind.schema_id: _unpacker_of(kind) for kind in EVENT_TYPES}


@dataclass(frozen=True, slots=True)
class Event:
    """What is said (`body`) and its circumstances (`envelope`)."""

    envelope: Envelope
    body: EventBody


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """The exact bytes of one record, and what it takes to append them."""

    kind: EventType
    event_id: UUID
    key: bytes | None
    headers: Headers
    value: bytes

    @property
    def topic(self) -> Topic:
        """Where it belongs."""
        return self.kind.topic

    @property
    def size_bytes(self) -> int:
        """What the record occupies: key, headers (names and values) and value."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.key or b"") + headers + len(self.value)


def encode(event: Event) -> EncodedEvent:
    """The record of an event.

    Raises:
        UnencodableText: a text in clear holds a lone surrogate, which is no character.
    """
    envelope = event.envelope
    kind, wire_name, pack = _WRITING[type(event.body)]
    try:
        value = pack(event)
    except UnicodeEncodeError as error:
        # Not chained: the error holds the whole text.
        raise UnencodableText(f"character {error.start} of a text is a lone surrogate, which is no character") from None
    return EncodedEvent(kind, envelope.id, record_key(kind.topic, envelope), headers_of(envelope, wire_name), value)


def decode(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Event:
    """The event of a value and its headers. `events.read.decode_record` checks the key and the topic as well.

    Raises:
        UndecodableRecord: bytes that do not follow the schema that they name, or an envelope that names another.
        HeaderMismatch: headers that say something else than the value.
        UnknownSchema: a schema id that this release does not know.
    """
    if value is None:
        raise UndecodableRecord("a record without a value")
    event = decode_value(value)
    check_headers(headers, event.envelope, of(event.body).wire_name)
    return event


def decode_value(value: bytes) -> Event:
    """The event of a value alone, for whoever kept no headers; raises like `decode`, but for HeaderMismatch."""
    schema_id = schema_id_of(value)
    unpack = _READING.get(schema_id)
    found_at_once = None if unpack is None else unpack(value)
    if found_at_once is not None:
        return Event(*found_at_once)
    form = known_format(_BY_ID, schema_id)
    kind = by_schema_id[schema_id]
    decoded = form.unpack(schema_id, value)
    found = decoded["envelope"]
    if found["type"] != kind.wire_name or found["schema_sha256"] != form.sha256[schema_id]:
        raise UndecodableRecord(f"the envelope does not name the schema of {kind.name}")
    envelope = Envelope(**{name: found[name] for name in _ENVELOPE_FIELDS})
    return Event(envelope, form.from_avro(decoded))


def encode_body_for_signing(event: Event) -> bytes:
    """What a command's signature covers: label, topic, schema digest, and the value with an empty signature.

    A function of the event without its signature, so whoever holds the event computes the same bytes again.
    """
    encoded = encode(signed(event, b""))
    topic = encoded.topic.name.encode()
    return COMMAND_LABEL + topic + b"\x00" + encoded.kind.schema_sha256 + encoded.value


def signed(event: Event, signature: bytes) -> Event:
    """The command with its signature in place.

    Raises:
        TypeError: the event is no command and has no signature.
    """
    return dataclasses.replace(event, body=dataclasses.replace(event.body, signature=signature))  # type: ignore[arg-type]


def is_command(body: EventBody) -> bool:
    """Whether it orders something, and so carries an attestation and a signature that must be checked before it is acted upon."""
    return isinstance(body, Command)


def record_key(topic: Topic, envelope: Envelope) -> bytes | None:
    """The record key that an event of this envelope has on that topic."""
    if topic.keyed_by is KeyedBy.TENANT_AND_SUBJECT:
        return envelope.tenant + (NO_SUBJECT if envelope.subject is None else envelope.subject)
    return envelope.tenant if topic.keyed_by is KeyedBy.TENANT else None
