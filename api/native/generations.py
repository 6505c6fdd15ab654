"""`/v1/generations`: ask for a picture, follow it, fetch it, stop it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import Parameter

from api.disclosure import Disclosure
from api.lookups import Found, find_generation
from api.parts import ApiParts
from api.principal import CLIENT, OFFICER
from api.problems import Conflict, Invalid, NotAvailableYet
from api.submission import Wanted, submit
from api.waiting import until_applied
from events.codec import Event
from events.envelope import new_envelope
from events.identifiers import GenerationId
from events.records import CancellationRequested
from projections import generations
from projections.generations import GenerationView

OVER = frozenset({"completed", "failed", "cancelled", "refused", "expired", "erased"})
_MOST_LIMIT = 200


class NewGeneration(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/generations."""

    prompt: str
    kind: str = "image"
    model: str | None = None
    size: str | None = None
    steps: int | None = None
    seed: int | None = None
    subject: str | None = None
    negative_prompt: str = ""
    depicts: list[str] = []


@post("/v1/generations", status_code=202, opt={"roles": (CLIENT,)})
async def submit_generation(
    request: Request[Any, Any, Any],
    data: NewGeneration,
    idempotency_key: Annotated[str | None, Parameter(header="Idempotency-Key", required=False, max_length=255)] = None,
) -> dict[str, Any]:
    """Asks for a picture; answered once the log has the request."""
    if data.kind != "image":
        raise NotAvailableYet(f"kind {data.kind[:20]} is not available yet; image is")
    if data.depicts:
        raise NotAvailableYet("depicts is not available yet")
    wanted = Wanted(data.prompt, data.model, data.size, data.steps, data.seed, data.subject, data.negative_prompt)
    submitted = await submit(request.app.state.parts, request.user, wanted, idempotency_key)
    return {"id": str(submitted.generations[0]), "status": "queued"}


@get("/v1/generations", opt={"roles": (CLIENT,)})
async def list_generations(request: Request[Any, Any, Any], limit: int = 50, after: UUID | None = None) -> dict[str, Any]:
    """The newest generations of the tenant, those after `after` if it is given."""
    if not 1 <= limit <= _MOST_LIMIT:
        raise Invalid(f"limit has to be from 1 to {_MOST_LIMIT}", "limit")
    parts: ApiParts = request.app.state.parts
    async with parts.pool.connection() as connection:
        rows = await generations.page(connection, request.user.tenant, limit, None if after is None else GenerationId(after))
    return {"data": [describe(Found(row, None)) for row in rows], "has_more": len(rows) == limit}


@get("/v1/generations/{identifier:str}", opt={"roles": (CLIENT,)})
async def show_generation(request: Request[Any, Any, Any], identifier: str) -> dict[str, Any]:
    """One generation; a read after a write sees the write."""
    return describe(await find_generation(request.app.state.parts, request.user, identifier))


@get("/v1/generations/{identifier:str}/content", opt={"roles": (CLIENT, OFFICER)})
async def content(
    request: Request[Any, Any, Any],
    identifier: str,
    ground: Annotated[str | None, Parameter(header="Intaglio-Ground", required=False)] = None,
    range_header: Annotated[str | None, Parameter(header="Range", required=False)] = None,
) -> Response[bytes]:
    """The picture's bytes, after the access was recorded; honours one byte range."""
    found = await find_generation(request.app.state.parts, request.user, identifier)
    disclosure: Disclosure = request.app.state.disclosure
    file = await disclosure.media(request.user, found.view, ground)
    headers = {"accept-ranges": "bytes", "cache-control": "no-store"}
    media_type = found.view.media_type or "application/octet-stream"
    if range_header is None:
        return Response(file, media_type=media_type, headers=headers)
    span = parse_range(range_header, len(file))
    if span is None:
        return Response(b"", status_code=416, headers={**headers, "content-range": f"bytes */{len(file)}"})
    first, last = span
    headers["content-range"] = f"bytes {first}-{last}/{len(file)}"
    return Response(file[first : last + 1], status_code=206, media_type=media_type, headers=headers)


@get("/v1/generations/{identifier:str}/prompt", opt={"roles": (CLIENT, OFFICER)})
async def prompt(
    request: Request[Any, Any, Any],
    identifier: str,
    ground: Annotated[str | None, Parameter(header="Intaglio-Ground", required=False)] = None,
) -> dict[str, Any]:
    """What was asked for, after the access was recorded."""
    found = await find_generation(request.app.state.parts, request.user, identifier)
    disclosure: Disclosure = request.app.state.disclosure
    asked = await disclosure.prompt(request.user, found.view, ground)
    return {
        "prompt": asked.prompt, "negative_prompt": asked.negative_prompt, "size": f"{asked.width_px}x{asked.height_px}",
        "steps": asked.steps, "seed": asked.seed,
    }  # fmt: skip


@post("/v1/generations/{identifier:str}/cancellation", status_code=202, opt={"roles": (CLIENT,)})
async def cancel(request: Request[Any, Any, Any], identifier: str) -> dict[str, Any]:
    """Asks to stop a generation that has not ended."""
    parts: ApiParts = request.app.state.parts
    view = (await find_generation(parts, request.user, identifier)).view
    if view.status in OVER:
        raise Conflict(f"the generation is {view.status} already")
    envelope = new_envelope(
        source="api", tenant=view.tenant, subject=view.subject, lifecycle=view.lifecycle,
        actor=request.user.credential, correlation=view.correlation, purpose="generation",
    )  # fmt: skip
    appended = await parts.appender.append(Event(envelope, CancellationRequested(view.generation)))
    await until_applied(parts, appended)
    return {"id": str(view.generation), "status": view.status, "cancellation": "requested"}


def describe(found: Found) -> dict[str, Any]:
    """A generation for its client."""
    view, progress = found.view, found.progress or {}
    shown: dict[str, Any] = {
        "id": str(view.generation),
        "status": _status(view, progress),
        "batch": str(view.batch),
        "kind": view.kind,
        "model": view.model_digest.hex(),
        "subject": None if view.subject is None else f"handle:{view.subject.hex()}",
        "created_at": time_text(view.submitted_at),
        "ended_at": time_text(view.outcome_at),
        "reason": view.reason,
        "marks": list(view.marks or []),
        "device_ms": view.device_ms,
        "steps_done": progress.get("steps_done"),
        "steps_total": progress.get("steps_total"),
    }
    return shown


def _status(view: GenerationView, progress: Mapping[str, Any]) -> str:
    if view.status == "queued" and progress.get("state") == "running":
        return "running"
    return view.status


def time_text(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with microseconds, or nothing."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range (RFC 9110, 14.2), or None if it cannot be satisfied."""
    unit, _, text = header.partition("=")
    first_text, dash, last_text = text.strip().partition("-")
    if unit.strip() != "bytes" or not dash or not all(part == "" or part.isdigit() for part in (first_text, last_text)):
        return None
    if first_text == "":
        length = int(last_text or 0)
        return (max(size - length, 0), size - 1) if length and size else None
    first, last = int(first_text), min(int(last_text or size - 1), size - 1)
    return (first, last) if first <= last else None
