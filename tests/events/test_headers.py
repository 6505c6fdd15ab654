"""Headers repeat the value and are compared with it: a forged one is refused."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from events.codec import decode, encode
from events.errors import HeaderMismatch, UndecodableRecord
from events.headers import Headers, check_headers, headers_of, rfc3339
from tests.events.vectors import EVENTS, SUBJECT

EVENT = EVENTS["CancellationRequested"]
WIRE_NAME = "intaglio.CancellationRequested.v1"
ENCODED = encode(EVENT)
NAMES = [name for name, _ in ENCODED.headers]


def test_the_headers_are_those_of_cloud_events() -> None:
    """In binary mode, so that foreign software can route without decoding."""
    assert NAMES == ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "content-type"]
    assert dict(ENCODED.headers)["ce_subject"] == SUBJECT.hex().encode()


def test_an_event_about_nobody_has_no_subject() -> None:
    """An empty header would be a subject too."""
    headers = encode(EVENTS["TenantCreated"]).headers
    assert "ce_subject" not in dict(headers)
    assert decode(encode(EVENTS["TenantCreated"]).value, headers) == EVENTS["TenantCreated"]


def test_times_always_have_six_digits() -> None:
    """One moment has one text."""
    assert rfc3339(datetime(2026, 11, 24, tzinfo=UTC)) == "2026-11-24T00:00:00.000000Z"
    assert rfc3339(datetime(2026, 11, 24, 0, 0, 0, 7, tzinfo=UTC)) == "2026-11-24T00:00:00.000007Z"


@pytest.mark.parametrize("name", NAMES)
def test_a_header_that_disagrees_is_refused(name: str) -> None:
    """Each of them; the error names it."""
    forged = [(found, value + b"0" if found == name else value) for found, value in ENCODED.headers]
    with pytest.raises(HeaderMismatch, match=name):
        decode(ENCODED.value, forged)


@pytest.mark.parametrize("name", NAMES)
def test_a_header_that_is_missing_is_refused(name: str) -> None:
    """Whoever leaves one out hides something."""
    with pytest.raises(HeaderMismatch, match=name):
        decode(ENCODED.value, [header for header in ENCODED.headers if header[0] != name])


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: [*headers, headers[0]],
        lambda headers: [*headers, ("ce_subject", b"another")],
        lambda headers: [*headers, ("traceparent", b"00")],
        lambda _: [],
    ],
    ids=["twice", "twice with another value", "unknown", "none at all"],
)
def test_other_headers_are_refused(change: Callable[[Headers], Headers]) -> None:
    """Two readers that pick another one of two would see two events."""
    with pytest.raises(HeaderMismatch):
        decode(ENCODED.value, change(ENCODED.headers))


def test_a_subject_header_on_an_event_about_nobody_is_refused() -> None:
    """It would route a record to a person whom it does not concern."""
    encoded = encode(EVENTS["TenantCreated"])
    with pytest.raises(HeaderMismatch):
        decode(encoded.value, [*encoded.headers, ("ce_subject", SUBJECT.hex().encode())])


def test_the_order_of_headers_does_not_matter() -> None:
    """Other software that copies records may sort them."""
    assert decode(ENCODED.value, sorted(ENCODED.headers)) == EVENT
    check_headers(list(reversed(headers_of(EVENT.envelope, WIRE_NAME))), EVENT.envelope, WIRE_NAME)


def test_a_mismatch_is_an_undecodable_record() -> None:
    """So it is quarantined or stops, like every other record that contradicts itself."""
    assert issubclass(HeaderMismatch, UndecodableRecord)
