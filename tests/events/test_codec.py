"""Events to bytes and back: for anything that a schema lets be said, and for bytes that nobody should have written."""

import dataclasses
import io
from typing import Any
from uuid import UUID

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import records
from events.catalogue import EVENT_TYPES, EventType, by_schema_id
from events.codec import (
    COMMAND_LABEL,
    Event,
    decode,
    decode_value,
    encode,
    encode_body_for_signing,
    is_command,
    record_key,
    signed,
)
from events.errors import UndecodableRecord, UnencodableText, UnknownSchema
from events.identifiers import PLATFORM, EventId
from events.topics import ACCESSES, ERASURES, GENERATIONS, QUARANTINE, REGISTRY
from tests.events.strategies import event_of, events_of, values_of
from tests.events.vectors import EVENTS, SIGNATURE, SUBJECT, TENANT

EVENT = EVENTS["CancellationRequested"]
ENCODED = encode(EVENT)
BY_NAME = pytest.mark.parametrize("name", sorted(EVENTS))
BY_KIND = pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.name))
COMMANDS = sorted(name for name, event in EVENTS.items() if is_command(event.body))


@BY_KIND
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_event_comes_back(kind: EventType, data: st.DataObject) -> None:
    """Whatever its fields hold, and its headers agree with it."""
    event = data.draw(events_of(kind))
    encoded = encode(event)
    assert decode(encoded.value, encoded.headers) == event
    assert encode(event) == encoded
    assert encode(decode_value(encoded.value)).value == encoded.value


@BY_KIND
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_bytes_are_those_of_avros_own_library(kind: EventType, data: st.DataObject) -> None:
    """The log is written by hand for speed, and has to be Avro all the same."""
    value = data.draw(values_of(kind.schema))
    value["envelope"] |= {"type": kind.wire_name, "schema_sha256": kind.schema_sha256}
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(kind.schema), value)
    assert encode(event_of(kind, value)).value[5:] == buffer.getvalue()


@pytest.mark.parametrize("size_bytes", [0, 15, 17])
def test_a_handle_of_another_size_is_not_written(size_bytes: int) -> None:
    """Every byte after it would mean something else."""
    for field in ("tenant", "subject", "actor"):
        envelope = dataclasses.replace(EVENT.envelope, **{field: bytes(size_bytes)})  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"16|size"):
            encode(dataclasses.replace(EVENT, envelope=envelope))


def test_a_number_that_does_not_fit_is_not_written() -> None:
    """A reader in another language would read another one."""
    with pytest.raises((ValueError, OverflowError)):
        encode(dataclasses.replace(EVENT, envelope=dataclasses.replace(EVENT.envelope, lifecycle=2**63)))


def test_a_time_without_a_zone_is_not_written() -> None:
    """Nobody knows which moment it is."""
    envelope = dataclasses.replace(EVENT.envelope, time=EVENT.envelope.time.replace(tzinfo=None))
    with pytest.raises(TypeError):
        encode(dataclasses.replace(EVENT, envelope=envelope))


@BY_NAME
def test_the_framing_names_the_schema(name: str) -> None:
    """A zero byte, then the id, big endian: foreign deserializers begin with it."""
    encoded = encode(EVENTS[name])
    assert encoded.value[:1] == b"\x00"
    assert int.from_bytes(encoded.value[1:5], "big") == encoded.kind.schema_id


@pytest.mark.parametrize("schema_id", [0, 99, 900, 0xFFFFFFFF])
def test_an_unknown_schema_is_no_fault_of_the_record(schema_id: int) -> None:
    """A newer release wrote it: a reader waits, and never skips it. A content's id is unknown on a topic."""
    with pytest.raises(UnknownSchema, match=str(schema_id)) as caught:
        decode(b"\x00" + schema_id.to_bytes(4, "big") + ENCODED.value[5:], ENCODED.headers)
    assert caught.value.retriable


@BY_NAME
def test_trailing_bytes_are_refused(name: str) -> None:
    """They would be a place to hide something that no reader sees."""
    encoded = encode(EVENTS[name])
    with pytest.raises(UndecodableRecord, match="goes on"):
        decode(encoded.value + b"\x00", encoded.headers)


@pytest.mark.parametrize("magic", [1, 0xC3, 0x7B])
def test_another_magic_is_refused(magic: int) -> None:
    """A GUID framing, Avro's single objects and JSON are other formats."""
    with pytest.raises(UndecodableRecord, match="framing"):
        decode(bytes([magic]) + ENCODED.value[1:], ENCODED.headers)


@pytest.mark.parametrize("value", [None, b"", b"\x00", b"\x00\x00\x00\x00"], ids=["none", "empty", "magic", "no whole id"])
def test_a_record_that_is_too_short_is_refused(value: bytes | None) -> None:
    """A tombstone too: nothing in this log is ever deleted by writing nothing."""
    with pytest.raises(UndecodableRecord):
        decode(value, ENCODED.headers)


@BY_NAME
def test_a_record_cut_short_is_refused_wherever_it_is_cut(name: str) -> None:
    """At every byte: never an event with fewer fields, and never another error."""
    encoded = encode(EVENTS[name])
    for size_bytes in range(5, len(encoded.value)):
        with pytest.raises(UndecodableRecord):
            decode(encoded.value[:size_bytes], encoded.headers)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sorted(EVENTS)), place=st.integers(5, 600), flip=st.integers(1, 255))
def test_a_changed_byte_is_undecodable_or_gives_a_whole_event(name: str, place: int, flip: int) -> None:
    """Bytes from a broken disk never end a process with an error that nobody expects."""
    encoded = encode(EVENTS[name])
    place = 5 + (place - 5) % (len(encoded.value) - 5)
    broken = encoded.value[:place] + bytes([encoded.value[place] ^ flip]) + encoded.value[place + 1 :]
    try:
        found = decode_value(broken)
    except UndecodableRecord:
        return
    assert decode_value(encode(found).value) == found


def read_by_the_library(value: bytes) -> Event | None:
    """What Avro's own library makes of a record; None if it is not valid, or its envelope names another type."""
    kind = by_schema_id[int.from_bytes(value[1:5], "big")]
    buffer = io.BytesIO(value[5:])
    try:
        found: Any = fastavro.schemaless_reader(buffer, fastavro.parse_schema(kind.schema), None)
    except Exception:  # noqa: BLE001  it raises a dozen kinds for bad bytes
        return None
    envelope = found["envelope"]
    names_it = (envelope["type"], envelope["schema_sha256"]) == (kind.wire_name, kind.schema_sha256)
    return event_of(kind, found) if names_it and buffer.tell() == len(value) - 5 else None


@settings(max_examples=800, deadline=None)
@given(
    name=st.sampled_from(sorted(EVENTS)),
    where=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 3),
    put=st.one_of(st.binary(max_size=4), st.sampled_from([b"\x80", b"\x00", b"\x80\x00", b"\x01", b"A", b"\xff" * 9])),
)
def test_changed_bytes_are_read_as_avros_own_library_reads_them(name: str, where: float, length: int, put: bytes) -> None:
    """The log is read by hand for speed: no more than the library takes, no less, and nothing else out of it."""
    value = encode(EVENTS[name]).value
    place = 5 + int(where * (len(value) - 5))
    broken = value[:place] + put + value[place + length :]
    try:
        found = decode_value(broken)
    except UndecodableRecord:
        found = None
    assert found == read_by_the_library(broken)


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(EVENT_TYPES), body=st.binary(max_size=400))
def test_noise_is_undecodable(kind: EventType, body: bytes) -> None:
    """Under any known id: one family of errors for all of it."""
    with pytest.raises(UndecodableRecord):
        decode(b"\x00" + kind.schema_id.to_bytes(4, "big") + body, ENCODED.headers)


def test_a_huge_count_is_refused_without_being_believed() -> None:
    """Five bytes that announce 2^62 items must not ask for the memory for them."""
    fenced = encode(EVENTS["ErasureFenced"]).value
    count = fenced.rindex(b"\x04\x48")
    with pytest.raises(UndecodableRecord):
        decode_value(fenced[:count] + b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f" + fenced[count + 1 :])


@pytest.mark.parametrize("other", ["GenerationFailed", "TenantCreated"])
def test_an_envelope_that_names_another_schema_is_refused(other: str) -> None:
    """Framing and envelope must say the same, or one of them could be swapped unnoticed."""
    mine, theirs = ENCODED.kind, encode(EVENTS[other]).kind
    for ours, foreign in ((mine.schema_sha256, theirs.schema_sha256), (mine.wire_name.encode(), b"x" * len(mine.wire_name))):
        with pytest.raises(UndecodableRecord, match="does not name"):
            decode_value(ENCODED.value.replace(ours, foreign))


def test_errors_about_bytes_never_show_them() -> None:
    """A message ends in a log that outlives the key of its content."""
    encoded = encode(EVENTS["TenantCreated"])
    broken = encoded.value.replace("Süd".encode(), b"S\xff\xffd")
    with pytest.raises(UndecodableRecord) as caught:
        decode(broken, encoded.headers)
    assert "Werkstatt" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_lone_surrogate_in_clear_text_is_refused() -> None:
    """JSON may hold one and no encoding can; the error does not show the text."""
    event = dataclasses.replace(EVENT, envelope=dataclasses.replace(EVENT.envelope, purpose="secret\ud800"))
    with pytest.raises(UnencodableText) as caught:
        encode(event)
    assert "secret" not in str(caught.value)


def test_the_key_is_tenant_and_subject_or_tenant_or_nothing() -> None:
    """It decides the partition, and so the order."""
    about_nobody = EVENTS["TenantCreated"].envelope
    assert record_key(GENERATIONS, EVENT.envelope) == record_key(ACCESSES, EVENT.envelope) == TENANT + SUBJECT
    assert record_key(GENERATIONS, about_nobody) == TENANT + bytes(16)
    assert record_key(ERASURES, EVENT.envelope) == record_key(REGISTRY, about_nobody) == TENANT
    assert record_key(QUARANTINE, EVENT.envelope) is None


def test_the_size_counts_all_that_a_record_holds() -> None:
    """Key, names and values of headers, value."""
    assert ENCODED.size_bytes == len(ENCODED.value) + 32 + sum(len(name) + len(value) for name, value in ENCODED.headers)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_signature_covers_everything_but_itself(name: str) -> None:
    """Signed or not, the message is the same, so whoever holds the record can make it again."""
    event = EVENTS[name]
    message = encode_body_for_signing(event)
    assert message == encode_body_for_signing(signed(event, b""))
    assert message.startswith(COMMAND_LABEL + encode(event).topic.name.encode() + b"\x00" + encode(event).kind.schema_sha256)
    assert SIGNATURE not in message


@pytest.mark.parametrize("name", COMMANDS)
def test_every_change_of_a_command_changes_what_is_signed(name: str) -> None:
    """Envelope, attestation or order: nobody can move a signature to something else."""
    event = EVENTS[name]
    body: Any = event.body
    attestation = dataclasses.replace(body.attestation, role="operator")
    changed = [
        dataclasses.replace(event, envelope=dataclasses.replace(event.envelope, id=EventId(UUID(int=7)))),
        dataclasses.replace(event, envelope=dataclasses.replace(event.envelope, tenant=PLATFORM)),
        dataclasses.replace(event, body=dataclasses.replace(body, attestation=attestation)),
    ]
    messages = {encode_body_for_signing(one) for one in [event, *changed]}
    assert len(messages) == 4


def test_approval_and_refusal_of_one_plan_are_signed_differently() -> None:
    """They have the same fields; the schema's identity keeps them apart."""
    approved = EVENTS["ErasureApproved"]
    assert isinstance(approved.body, records.ErasureApproved)
    refused = records.ErasureRefused(approved.body.erasure, approved.body.plan_digest, approved.body.attestation)
    assert encode_body_for_signing(approved) != encode_body_for_signing(Event(approved.envelope, refused))


@BY_NAME
def test_commands_are_what_has_a_signature(name: str) -> None:
    """Everything else is a report and cannot be signed."""
    event = EVENTS[name]
    assert is_command(event.body) is hasattr(event.body, "signature")
    if not is_command(event.body):
        with pytest.raises(TypeError):
            signed(event, SIGNATURE)
