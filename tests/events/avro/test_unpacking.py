"""The quick reader and the library: what the one reads, the other reads the same; what it does not, the library decides."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import codec
from events.catalogue import EVENT_TYPES, EventType
from events.codec import Event, decode_value, encode
from events.errors import UndecodableRecord, UnknownSchema
from tests.events.strategies import events_of
from tests.events.vectors import EVENTS

BY_KIND = pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.name))
PROMPT = encode(EVENTS["PromptSubmitted"]).value


def by_the_library(value: bytes) -> Event:
    """The event as it is read without the quick reader."""
    with patch.dict(codec._READING, clear=True):
        return decode_value(value)


def at_once(value: bytes) -> Event | None:
    """The event as the quick reader alone reads it."""
    found = codec._READING[int.from_bytes(value[1:5], "big")](value)
    return None if found is None else Event(*found)


@BY_KIND
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_both_readers_give_the_same_event(kind: EventType, data: st.DataObject) -> None:
    """Whatever the fields hold."""
    value = encode(data.draw(events_of(kind))).value
    quick = at_once(value)
    assert quick == by_the_library(value)
    assert [type(field) for field in _fields(quick)] == [type(field) for field in _fields(by_the_library(value))]


def test_the_quick_reader_is_the_one_that_reads_common_events() -> None:
    """It would be slow and right without it, so that nothing else would tell."""
    for event in EVENTS.values():
        assert at_once(encode(event).value) == event


@BY_KIND
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_bytes_that_were_changed_are_judged_by_the_library(kind: EventType, data: st.DataObject) -> None:
    """A byte changed, cut out or put in: the quick reader accepts nothing that the library refuses or reads in another way."""
    value = bytearray(encode(data.draw(events_of(kind))).value)
    at = data.draw(st.integers(5, len(value) - 1))
    value[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    quick = at_once(bytes(value))
    if quick is not None:
        assert quick == by_the_library(bytes(value))


@pytest.mark.parametrize(
    "text",
    [b"{00000000-0000-7000-8000-00000000000}", b"0000000000000-7000-8000-000000000001", b"00000000-0000-7000-8000+000000000001"],
)
def test_an_identifier_in_another_form_is_judged_by_the_library(text: bytes) -> None:
    """The library takes braces and any dashes; whether that stays so is not for a second reader to say."""
    value = PROMPT[:6] + text[:36] + PROMPT[42:]
    assert at_once(value) is None
    try:
        expected: Event | None = by_the_library(value)
    except (UndecodableRecord, UnknownSchema):
        expected = None
    try:
        found: Event | None = decode_value(value)
    except (UndecodableRecord, UnknownSchema):
        found = None
    assert found == expected


@pytest.mark.parametrize("size_bytes", range(5, len(PROMPT), 7))
def test_a_record_that_was_cut_is_undecodable(size_bytes: int) -> None:
    """Wherever it ends."""
    assert at_once(PROMPT[:size_bytes]) is None
    with pytest.raises(UndecodableRecord):
        decode_value(PROMPT[:size_bytes])


def _fields(event: Event | None) -> list[object]:
    assert event is not None
    return [getattr(part, name) for part in (event.envelope, event.body) for name in part.__slots__]
