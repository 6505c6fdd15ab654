"""Turn a caller's decision into a signed command: attested against the registry as it is now, signed, appended, acknowledged."""

from api.parts import ApiParts
from api.principal import Principal
from api.problems import Forbidden
from api.waiting import until_applied, until_end
from events.append import Coordinates as Appended
from events.codec import Event, encode_body_for_signing, signed
from events.envelope import new_envelope
from events.identifiers import SubjectHandle, TenantHandle
from events.records import EventBody
from events.topics import REGISTRY
from projections import credentials


async def attest(parts: ApiParts, principal: Principal) -> None:
    """Reads the registry to its end and looks the caller up again.

    Raises:
        Forbidden: the credential was revoked or changed meanwhile.
        ServiceAway: the read models are behind.
    """
    await until_end(parts, REGISTRY)
    async with parts.pool.connection() as connection:
        row = await credentials.find(connection, principal.credential)
    if row is None or row.revoked_at is not None or row.role != principal.role or row.person != principal.person:
        raise Forbidden("the role of this credential does not allow it")


async def command(
    parts: ApiParts,
    principal: Principal,
    tenant: TenantHandle,
    body: EventBody,
    *,
    purpose: str,
    subject: SubjectHandle | None = None,
    lifecycle: int | None = None,
) -> tuple[Appended, bool]:
    """Signs and appends a command; where it lies, and whether the read models have it already.

    Raises:
        VaultUnavailable, AppendNotAcknowledged: nothing may be assumed; the same command may be given again.
    """
    envelope = new_envelope(
        source="api", tenant=tenant, purpose=purpose, subject=subject, lifecycle=lifecycle, actor=principal.credential
    )
    event = Event(envelope, body)
    signature = await parts.signer.sign(encode_body_for_signing(event))
    appended = await parts.appender.append(signed(event, signature))
    return appended, await until_applied(parts, appended)
