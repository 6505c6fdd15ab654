"""`/v1/events`: the log as an auditor sees it, one JSON object a line; the reading itself is recorded first.

Sealed fields appear as size and digest of the ciphertext. A tenant's auditor sees that tenant, the platform's all.
"""

import base64
import dataclasses
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import Parameter
from litestar.response import Stream

from api.native.generations import time_text
from api.parts import ApiParts
from api.principal import AUDITOR, Principal
from api.problems import Invalid, NotAvailableYet
from events.catalogue import by_name, of
from events.codec import Event
from events.envelope import new_envelope
from events.errors import UndecodableRecord
from events.identifiers import new_uuid7
from events.read import Record, decode_record
from events.records import LogReplayed
from events.topics import ALL, Topic


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """Which events are wanted."""

    tenant: bytes | None
    subject: bytes | None
    type: str | None
    generation: UUID | None

    def match(self, event: Event) -> bool:
        """Whether an event is wanted."""
        return (
            self.tenant in {None, event.envelope.tenant}
            and self.subject in {None, event.envelope.subject}
            and self.type in {None, type(event.body).__name__}
            and self.generation in {None, getattr(event.body, "generation", None)}
        )


@get("/v1/events", opt={"roles": (AUDITOR,)}, media_type="application/x-ndjson")
async def read_events(
    request: Request[Any, Any, Any],
    tenant: str | None = None,
    subject: str | None = None,
    type_name: Annotated[str | None, Parameter(query="type")] = None,
    generation: UUID | None = None,
    first: Annotated[datetime | None, Parameter(query="from")] = None,
    last: Annotated[datetime | None, Parameter(query="to")] = None,
    raw: int = 0,
    follow: int = 0,
    after: str | None = None,
) -> Stream:
    """Streams events; LogReplayed is acknowledged before the first line."""
    if follow or after:
        raise NotAvailableYet("follow and after are not available yet; use from")
    principal: Principal = request.user
    if type_name is not None and type_name not in by_name:
        raise Invalid("type is not the name of an event", "type")
    own = None if principal.is_platform else principal.tenant
    filters = Filters(own or _handle(tenant, "tenant"), _handle(subject, "subject"), type_name, generation)
    parts: ApiParts = request.app.state.parts
    ranges = {topic: await _range(parts, topic, first, last) for topic in ALL}
    body = LogReplayed(new_uuid7(), principal.credential, principal.person, principal.role, bool(raw))
    envelope = new_envelope(source="api", tenant=principal.tenant, actor=principal.credential, purpose="access")
    await parts.appender.append(Event(envelope, body))
    return Stream(_lines(parts, ranges, filters, is_raw=bool(raw)), media_type="application/x-ndjson")


async def _range(parts: ApiParts, topic: Topic, first: datetime | None, last: datetime | None) -> dict[int, tuple[int, int]]:
    begins = await (parts.reader.begin_offsets(topic) if first is None else parts.reader.offsets_at(topic, first))
    ends = await (parts.reader.end_offsets(topic) if last is None else parts.reader.offsets_at(topic, last))
    return {partition: (begins[partition], end) for partition, end in ends.items()}


async def _lines(
    parts: ApiParts, ranges: dict[Topic, dict[int, tuple[int, int]]], filters: Filters, *, is_raw: bool
) -> AsyncIterator[bytes]:
    for topic, spans in ranges.items():
        async for record in parts.reader.read(topic, spans):
            line = _line(record, filters, is_raw=is_raw)
            if line is not None:
                yield json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _line(record: Record, filters: Filters, *, is_raw: bool) -> dict[str, Any] | None:
    place = {
        "topic": record.topic.name, "partition": record.partition, "offset": record.offset,
        "timestamp": time_text(record.timestamp),
    }  # fmt: skip
    try:
        event = decode_record(record)
    except UndecodableRecord as error:
        return {**place, "undecodable": error.code} if filters == Filters(None, None, None, None) else None
    if not filters.match(event):
        return None
    if is_raw:
        return {
            **place,
            "key": _base64(record.key),
            "headers": [[name, _base64(value)] for name, value in record.headers],
            "value": _base64(record.value),
        }
    return {**place, **describe(event)}


def describe(event: Event) -> dict[str, Any]:
    """An event for a person: names, handles in hex, sealed fields as size and digest."""
    kind = of(event.body)
    sealed = {field["name"] for field in kind.schema["fields"] if field["classification"] == "sealed"}
    body = {
        item.name: _sealed(getattr(event.body, item.name)) if item.name in sealed else _plain(getattr(event.body, item.name))
        for item in dataclasses.fields(event.body)
    }
    envelope = {item.name: _plain(getattr(event.envelope, item.name)) for item in dataclasses.fields(event.envelope)}
    return {"type": kind.name, **envelope, "body": body}


def _sealed(value: bytes | None) -> dict[str, Any] | None:
    return None if value is None else {"size_bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, UUID):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _handle(text: str | None, param: str) -> bytes | None:
    if text is None:
        return None
    try:
        return bytes.fromhex(text.removeprefix("handle:"))
    except ValueError:
        raise Invalid(f"{param} is a handle of 32 hex digits", param) from None
