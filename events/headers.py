"""The record headers: CloudEvents 1.0 in binary mode, as its Kafka protocol binding spells them.

They let foreign software route without decoding. They repeat what the value says and must agree with it; a record whose headers
say
something else is undecodable, because headers that nobody compares would be an easy forgery.
"""

from collections.abc import Sequence
from datetime import datetime

from events.envelope import Envelope
from events.errors import HeaderMismatch

Headers = list[tuple[str, bytes]]

_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/avro")


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T00:12:05.123456Z`: UTC, always six digits. `moment` is aware and in UTC."""
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def headers_of(envelope: Envelope, wire_name: str) -> Headers:
    """The headers of an event, in their fixed order. `ce_subject` is the subject's handle in hex, if there is a subject."""
    headers = [
        _SPECVERSION,
        ("ce_id", str(envelope.id).encode()),
        ("ce_type", wire_name.encode()),
        ("ce_source", f"/intaglio/{envelope.source}".encode()),
        ("ce_time", rfc3339(envelope.time).encode()),
    ]
    if envelope.subject is not None:
        headers.append(("ce_subject", envelope.subject.hex().encode()))
    headers.append(_CONTENT_TYPE)
    return headers


def check_headers(found: Sequence[tuple[str, bytes]], envelope: Envelope, wire_name: str) -> None:
    """Compares a record's headers with its value.

    Raises:
        HeaderMismatch: one is missing, differs, is there twice or is none of ours; names it.
    """
    expected = headers_of(envelope, wire_name)
    if list(found) == expected:
        return
    given = dict(found)
    if len(given) != len(found):
        raise HeaderMismatch("a header is there twice")
    for name, value in expected:
        if given.pop(name, None) != value:
            raise HeaderMismatch(f"header {name} does not agree with the value")
    if given:
        raise HeaderMismatch(f"{len(given)} headers that no event has")
