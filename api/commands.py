"""Turn a caller's decision into a signed command: attested against the registry as it is now, signed, appended, acknowledged."""

from datetime import UTC, datetime

from api.parts import ApiParts
from api.principal import Principal
from api.problems import Forbidden
from api.waiting import until_applied
from events.append import Coordinates as Appended
from events.codec import Event, encode_body_for_signing, signed
from events.envelope import new_envelope
from events.identifiers import SubjectHandle, TenantHandle
from events.read import decode_record
from events.records import CredentialIssued, CredentialRevoked, EventBody
from events.topics import REGISTRY
from keys.errors import SignatureInvalid
from keys.signing import CommandVerifier


async def attest(parts: ApiParts, principal: Principal) -> None:
    """Reads the registry itself to its end and finds the caller there: read models could have been changed by hand.

    Raises:
        Forbidden: no signed event issued this credential to this person in this role, or one revoked it.
        LogUnavailable, VaultUnavailable: log or key store is away.
    """
    ends = await parts.reader.end_offsets(REGISTRY)
    issued: Event | None = None
    async for record in parts.reader.read(REGISTRY, {partition: (0, end) for partition, end in ends.items()}):
        event = decode_record(record)
        if getattr(event.body, "credential", None) != principal.credential or not await _is_signed(parts, event):
            continue
        if isinstance(event.body, CredentialRevoked):
            raise Forbidden("the role of this credential does not allow it")
        if isinstance(event.body, CredentialIssued) and issued is None:
            issued = event
    if (
        issued is None
        or not isinstance(issued.body, CredentialIssued)
        or not _is_held(principal, issued.envelope.tenant, issued.body)
    ):
        raise Forbidden("the role of this credential does not allow it")


async def _is_signed(parts: ApiParts, event: Event) -> bool:
    body = event.body
    if not isinstance(body, CredentialIssued | CredentialRevoked):
        return False
    try:
        await CommandVerifier(parts.vault).verify(encode_body_for_signing(event), body.signature)
    except SignatureInvalid:
        return False
    return True


def _is_held(principal: Principal, tenant: TenantHandle, body: CredentialIssued) -> bool:
    expired = body.expires_at is not None and body.expires_at <= datetime.now(UTC)
    return not expired and (tenant, body.person, body.role) == (principal.tenant, principal.person, principal.role)


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
