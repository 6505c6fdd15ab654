"""The record headers: CloudEvents 1.0 in binary mode, as its Kafka protocol binding spells them.

They let foreign software route without decoding. They repeat what the value says and must agree with it; a record whose headers
say
something else is undecodable, because headers that nobody compares would be an easy forgery.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from events.avro.packing import uuid_text
from events.envelope import Envelope
from events.errors import HeaderMismatch

Headers = list[tuple[str, bytes]]

_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/avro")
_WORDS = 256


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T00:12:05.123456Z`: UTC, always six digits. `moment` is aware and in UTC."""
    # By hand, because `isoformat` takes longer, and each event has one.
    date = f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
    return f"{date}T{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}.{moment.microsecond:06d}Z"


def headers_of(envelope: Envelope, wire_name: str) -> Headers:
    """The headers of an event, in their fixed order. `ce_subject` is the subject's handle in hex, if there is a subject."""
    headers = [
        _SPECVERSION,
        ("ce_id", uuid_text(envelope.id)),
        _type_header(wire_name),
        _source_header(envelope.source),
        ("ce_time", rfc3339(envelope.time).encode()),
    ]
    if envelope.subject is not None:
        headers.append(("ce_subject", envelope.subject.hex().encode()))
    headers.append(_CONTENT_TYPE)
    return headers


@lru_cache(_WORDS)
def _type_header(wire_name: str) -> tuple[str, bytes]:
    return "ce_type", wire_name.encode()


@lru_cache(_WORDS)
def _source_header(source: str) -> tuple[str, bytes]:
    return "ce_source", f"/intaglio/{source}".encode()


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
