"""`/v1/erasures`: plan, request, approve or refuse, look. Another person approves exactly the digest that was planned."""

import secrets
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post

from api.commands import attest, command
from api.native.generations import time_text
from api.parts import ApiParts
from api.principal import AUDITOR, OFFICER, Principal
from api.problems import Conflict, Forbidden, Invalid, NotAvailableYet, NotFound
from api.subjects import check_identifier
from api.waiting import until_end
from events.identifiers import ErasureId, SubjectHandle, new_uuid7
from events.records import ErasureApproved, ErasureRefused, ErasureRequested
from events.topics import ERASURES
from keys import directory
from keys.directory import DirectoryEntry
from keys.erasure.commitment import commitment, new_salt
from keys.erasure.grounds import ERASURE_GROUNDS, GROUNDS
from keys.erasure.plan import Plan
from projections import erasures
from projections.erasures import ErasureView

_LATEST = "select max(lifecycle) from read.subjects where tenant = %s and subject = %s"


class Scope(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be erased; only a subject for now."""

    subject: str | None = None
    generation: str | None = None
    month: dict[str, str] | None = None
    tenant: str | None = None


class PlanBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/erasures/plan."""

    scope: Scope
    ground: str


class RequestBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/erasures."""

    scope: Scope
    ground: str
    note: str | None = None


class DecisionBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an approval or a refusal."""

    plan_digest: str


@get("/v1/grounds", opt={"roles": ("client", AUDITOR, OFFICER, "operator")})
async def grounds() -> dict[str, Any]:
    """The closed list of reasons."""
    return {"data": [{"code": code, "meaning": meaning} for code, meaning in GROUNDS.items()]}


@post("/v1/erasures/plan", status_code=200, opt={"roles": (OFFICER,)})
async def plan_erasure(request: Request[Any, Any, Any], data: PlanBody) -> dict[str, Any]:
    """What an erasure would do, and the digest that an approval binds. Writes nothing."""
    plan = await _plan(request.app.state.parts, request.user, data.scope, data.ground)
    return {
        "digest": plan.digest.hex(),
        "scope": {"subject": f"handle:{plan.subject.hex()}", "lifecycle": plan.lifecycle},
        "ground": plan.ground,
        "holds": [],
        "exceptions": [],
        "erases": "every prompt, picture and record of this person becomes unreadable; pictures leave the object store",
        "stays": "the events, with handles, times and digests",
    }


@post("/v1/erasures", status_code=201, opt={"roles": (OFFICER,)})
async def request_erasure(request: Request[Any, Any, Any], data: RequestBody) -> dict[str, Any]:
    """Asks for an erasure; the salt is in this answer and nowhere else."""
    if data.note is not None:
        raise NotAvailableYet("note is not available yet")
    parts, principal = request.app.state.parts, request.user
    plan = await _plan(parts, principal, data.scope, data.ground)
    await attest(parts, principal)
    salt, identifier = new_salt(), data.scope.subject or ""
    body = ErasureRequested(
        erasure=ErasureId(new_uuid7()), scope_kind="subject", scope_subject=plan.subject, scope_lifecycle=plan.lifecycle,
        ground=plan.ground, plan_digest=plan.digest, salt_commitment=commitment(salt, identifier, plan.subject), note=None,
        attestation=principal.attestation,
    )  # fmt: skip
    _, applied = await command(
        parts, principal, principal.tenant, body, purpose="erasure", subject=plan.subject, lifecycle=plan.lifecycle
    )
    return {
        "id": str(body.erasure), "state": "requested", "plan_digest": plan.digest.hex(), "salt": salt.hex(),
        "applied": applied,
    }  # fmt: skip


@post("/v1/erasures/{identifier:str}/approval", status_code=200, opt={"roles": (OFFICER,)})
async def approve(request: Request[Any, Any, Any], identifier: str, data: DecisionBody) -> dict[str, Any]:
    """Approves the plan of an erasure that somebody else requested."""
    return await _decide(request, identifier, data, approves=True)


@post("/v1/erasures/{identifier:str}/refusal", status_code=200, opt={"roles": (OFFICER,)})
async def refuse(request: Request[Any, Any, Any], identifier: str, data: DecisionBody) -> dict[str, Any]:
    """Refuses an erasure that somebody else requested."""
    return await _decide(request, identifier, data, approves=False)


@get("/v1/erasures", opt={"roles": (OFFICER, AUDITOR)})
async def list_erasures(request: Request[Any, Any, Any], limit: int = 100) -> dict[str, Any]:
    """The erasures of the tenant."""
    parts: ApiParts = request.app.state.parts
    await until_end(parts, ERASURES)
    async with parts.pool.connection() as connection:
        rows = await erasures.page(connection, request.user.tenant, min(max(limit, 1), 200))
    return {"data": [describe(row) for row in rows]}


@get("/v1/erasures/{identifier:str}", opt={"roles": (OFFICER, AUDITOR)})
async def show_erasure(request: Request[Any, Any, Any], identifier: str) -> dict[str, Any]:
    """One erasure, as far as the log has come."""
    parts: ApiParts = request.app.state.parts
    await until_end(parts, ERASURES)
    return describe(await _find(parts, request.user, identifier))


@get("/v1/erasures/{identifier:str}/certificate", opt={"roles": (OFFICER, AUDITOR)})
async def certificate(identifier: str) -> None:  # noqa: ARG001  part of the route
    """Not there yet."""
    raise NotAvailableYet("certificates are not available yet")


def describe(row: ErasureView) -> dict[str, Any]:
    """An erasure for an officer."""
    return {
        "id": str(row.erasure),
        "state": row.state,
        "scope": {"subject": f"handle:{row.scope_subject.hex()}", "lifecycle": row.scope_lifecycle},
        "ground": row.ground,
        "plan_digest": row.plan_digest.hex(),
        "requested_by": row.requested_by.hex(),
        "requested_at": time_text(row.requested_at),
        "approved_at": time_text(row.approved_at),
        "fenced_at": time_text(row.fenced_at),
        "effective_at": time_text(row.effective_at),
        "stopped_reason": row.stopped_reason,
    }


async def _plan(parts: ApiParts, principal: Principal, scope: Scope, ground: str) -> Plan:
    if ground not in ERASURE_GROUNDS:
        raise Invalid("ground is not a code of GET /v1/grounds for an erasure", "ground")
    if scope.subject is None or any((scope.generation, scope.month, scope.tenant)):
        raise NotAvailableYet("an erasure of any scope but one subject is not available yet")
    entry = await _resolve(parts, principal, scope.subject)
    return Plan(principal.tenant, entry.subject, entry.lifecycle, ground)


async def _resolve(parts: ApiParts, principal: Principal, subject: str) -> DirectoryEntry:
    check_identifier(subject)
    if not subject.startswith("handle:"):
        entry = await directory.lookup(parts.vault, principal.tenant, subject)
        if entry is None:
            raise NotFound("there is no such subject")
        return entry
    try:
        handle = SubjectHandle(bytes.fromhex(subject.removeprefix("handle:")))
    except ValueError:
        raise Invalid("a handle is 32 hex digits", "subject") from None
    async with parts.pool.connection() as connection:
        cursor = await connection.execute(_LATEST, (principal.tenant, handle))
        row = await cursor.fetchone()
    if row is None or row[0] is None:
        raise NotFound("there is no such subject")
    return DirectoryEntry(handle, row[0])


async def _find(parts: ApiParts, principal: Principal, identifier: str) -> ErasureView:
    try:
        wanted = ErasureId(UUID(identifier))
    except ValueError:
        raise NotFound("there is no such erasure") from None
    async with parts.pool.connection() as connection:
        row = await erasures.find(connection, principal.tenant, wanted)
    if row is None:
        raise NotFound("there is no such erasure")
    return row


async def _decide(request: Request[Any, Any, Any], identifier: str, data: DecisionBody, *, approves: bool) -> dict[str, Any]:
    parts, principal = request.app.state.parts, request.user
    await attest(parts, principal)
    await until_end(parts, ERASURES)
    row = await _find(parts, principal, identifier)
    if row.requested_by == principal.person:
        raise Forbidden("another person than the one who asked has to decide")
    if row.state != "requested":
        raise Conflict(f"the erasure is {row.state} already")
    if not secrets.compare_digest(row.plan_digest.hex(), data.plan_digest):
        raise Conflict("the plan is another by now; look at it again")
    kind = ErasureApproved if approves else ErasureRefused
    body = kind(row.erasure, row.plan_digest, principal.attestation)
    _, applied = await command(
        parts, principal, principal.tenant, body, purpose="erasure", subject=row.scope_subject,
        lifecycle=row.scope_lifecycle,
    )  # fmt: skip
    return {"id": str(row.erasure), "state": "approved" if approves else "refused", "applied": applied}
