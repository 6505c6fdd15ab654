"""Who is calling: an API key becomes a person, a tenant and a role; and the guard whose default is refusal.

A route names the roles that may use it; one that names none is closed to everyone. What a wrong key and an unknown one get is
the same.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from api.parts import ApiParts
from api.problems import Forbidden, Unauthenticated
from events.identifiers import PLATFORM, CredentialHandle, PersonHandle, TenantHandle
from events.records import Attestation
from keys.credentials import credential_of, hash_api_key
from keys.secrets import Secret
from projections import credentials

ANYONE = "anyone"
CLIENT, AUDITOR, OFFICER, OPERATOR = "client", "auditor", "officer", "operator"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller."""

    credential: CredentialHandle
    person: PersonHandle
    tenant: TenantHandle
    role: str

    @property
    def is_platform(self) -> bool:
        """Whether the credential is the platform's and of no tenant."""
        return self.tenant == PLATFORM

    @property
    def attestation(self) -> Attestation:
        """The caller as it stands in a command."""
        return Attestation(self.credential, self.person, self.role)


async def authenticate(parts: ApiParts, header: str | None) -> Principal | None:
    """The caller of an Authorization header, or None if it opens nothing."""
    scheme, _, text = (header or "").partition(" ")
    key = Secret(text.strip())
    handle = credential_of(key) if scheme.lower() == "bearer" else None
    if handle is None:
        return None
    async with parts.pool.connection() as connection:
        row = await credentials.find(connection, handle)
    if row is None or not hmac.compare_digest(row.key_hash, hash_api_key(parts.pepper, key.reveal())):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= datetime.now(UTC)):
        return None
    return Principal(row.credential, row.person, row.tenant, row.role)


class Authentication(AbstractAuthenticationMiddleware):
    """Finds the caller of each request; a route that is open to anyone gets none."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Litestar's hook: the caller, or None; the guard decides what that means."""
        header = connection.headers.get("authorization")
        user = await authenticate(connection.app.state.parts, header) if header else None
        return AuthenticationResult(user=user, auth=None)


def require_role(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of every route.

    Raises:
        Unauthenticated: no valid credential.
        Forbidden: the role is not one of the route's; the sentence is the same for every route.
    """
    roles = handler.opt.get("roles", ())
    if ANYONE in roles:
        return
    if connection.user is None:
        raise Unauthenticated("this needs a valid API key: Authorization: Bearer …")
    if connection.user.role not in roles:
        raise Forbidden("the role of this credential does not allow it")
