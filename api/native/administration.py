"""Subjects, credentials, tenants and projections: the small routes of officers and operators."""

from typing import Any

import msgspec
from litestar import Request, get, post

from api.commands import attest, command
from api.native.generations import time_text
from api.parts import ApiParts
from api.principal import AUDITOR, OFFICER, OPERATOR
from api.problems import Invalid, NotFound
from api.subjects import check_identifier, register
from events.identifiers import PLATFORM, CredentialHandle, PersonHandle, TenantHandle, new_handle
from events.records import CredentialIssued, CredentialRevoked
from events.topics import ALL
from keys.credentials import hash_api_key, new_api_key
from projections import credentials, registry
from projections.positions import positions

_ROLES = frozenset({"client", "auditor", "officer", "operator"})


class NewSubject(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/subjects."""

    subject: str
    anew: bool = False


class NewCredential(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/credentials."""

    role: str
    person: str | None = None
    tenant: str | None = None


@post("/v1/subjects", status_code=201, opt={"roles": (OFFICER,)})
async def register_subject(request: Request[Any, Any, Any], data: NewSubject) -> dict[str, Any]:
    """Registers a person; anew after an erasure only if asked to."""
    parts, principal = request.app.state.parts, request.user
    await attest(parts, principal)
    made = await register(parts, principal, check_identifier(data.subject), anew=data.anew)
    return {
        "subject": f"handle:{made.entry.subject.hex()}", "lifecycle": made.entry.lifecycle, "created": made.created,
    }  # fmt: skip


@post("/v1/credentials", status_code=201, opt={"roles": (OPERATOR,)})
async def issue_credential(request: Request[Any, Any, Any], data: NewCredential) -> dict[str, Any]:
    """Issues an API key, shown in this answer and never again."""
    parts, principal = request.app.state.parts, request.user
    if data.role not in _ROLES:
        raise Invalid(f"role has to be one of {', '.join(sorted(_ROLES))}", "role")
    tenant = await _tenant(parts, data.tenant)
    person = _handle(data.person, "person") if data.person else new_handle()
    await attest(parts, principal)
    credential = CredentialHandle(new_handle())
    key = new_api_key(credential)
    body = CredentialIssued(
        credential, PersonHandle(person), data.role, hash_api_key(parts.pepper, key.reveal()), None, principal.attestation
    )
    _, applied = await command(parts, principal, tenant, body, purpose="administration")
    return {
        "credential": credential.hex(), "person": person.hex(), "role": data.role, "api_key": key.reveal(),
        "applied": applied,
    }  # fmt: skip


@post("/v1/credentials/{credential:str}/revocation", status_code=200, opt={"roles": (OPERATOR,)})
async def revoke_credential(request: Request[Any, Any, Any], credential: str) -> dict[str, Any]:
    """Ends a credential."""
    parts, principal = request.app.state.parts, request.user
    handle = CredentialHandle(_handle(credential, "credential"))
    async with parts.pool.connection() as connection:
        row = await credentials.find(connection, handle)
    if row is None:
        raise NotFound("there is no such credential")
    await attest(parts, principal)
    body = CredentialRevoked(handle, principal.attestation)
    _, applied = await command(parts, principal, row.tenant, body, purpose="administration")
    return {"credential": credential, "applied": applied}


@get("/v1/credentials", opt={"roles": (OPERATOR,)})
async def list_credentials(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """All credentials of all tenants, never their keys."""
    parts: ApiParts = request.app.state.parts
    async with parts.pool.connection() as connection:
        tenants = await registry.tenants(connection)
        handles = [PLATFORM, *(row.tenant for row in tenants)]
        rows = [row for handle in handles for row in await credentials.page(connection, handle, 1000)]
    return {
        "data": [
            {
                "credential": row.credential.hex(),
                "person": row.person.hex(),
                "role": row.role,
                "tenant": row.tenant.hex(),
                "issued_at": time_text(row.issued_at),
                "revoked_at": time_text(row.revoked_at),
            }
            for row in rows
        ]
    }


@get("/v1/tenants", opt={"roles": (OPERATOR,)})
async def list_tenants(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """All tenants."""
    parts: ApiParts = request.app.state.parts
    async with parts.pool.connection() as connection:
        rows = await registry.tenants(connection)
    return {
        "data": [
            {
                "tenant": row.tenant.hex(),
                "name": row.name,
                "subject_required": row.subject_required,
                "created_at": time_text(row.created_at),
            }
            for row in rows
        ]
    }


@get("/v1/projections", opt={"roles": (OPERATOR, OFFICER, AUDITOR)})
async def list_projections(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """How far each projection is behind the log, in records."""
    parts: ApiParts = request.app.state.parts
    async with parts.pool.connection() as connection:
        stored = await positions(connection)
    lags: dict[tuple[str, str], int] = {}
    for topic in ALL:
        mine = [row for row in stored if row.topic == topic.name]
        for partition, end in (await parts.reader.end_offsets(topic)).items() if mine else ():
            done = {row.partition: row.last_offset for row in mine}
            name = (mine[0].projection, topic.name)
            lags[name] = lags.get(name, 0) + end - 1 - done.get(partition, -1)
    return {"data": [{"name": name, "topic": topic, "lag": lag} for (name, topic), lag in sorted(lags.items())]}


async def _tenant(parts: ApiParts, name: str | None) -> TenantHandle:
    if name is None:
        return PLATFORM
    async with parts.pool.connection() as connection:
        row = await registry.tenant_by_name(connection, name)
    if row is None:
        raise NotFound("there is no such tenant")
    return row.tenant


def _handle(text: str, param: str) -> bytes:
    try:
        handle = bytes.fromhex(text)
    except ValueError:
        handle = b""
    if len(handle) != 16:
        raise Invalid(f"{param} is a handle of 32 hex digits", param)
    return handle
