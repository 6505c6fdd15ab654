"""Is this an order at all? Signatures of request and approval, two persons, both officers, and the plan that was approved."""

from events.codec import decode_value, encode_body_for_signing
from events.records import ErasureApproved, ErasureRequested
from keys.erasure.plan import Plan
from keys.erasure.work import Erasure, Stop, Tools
from keys.errors import SignatureInvalid


async def verify(work: Erasure, tools: Tools) -> None:
    """Returns if the erasure was ordered by two officers.

    Raises:
        Stop: it was not; nothing is destroyed.
        VaultUnavailable: the public key cannot be read now.
    """
    request, approval = decode_value(work.request), decode_value(work.approval)
    work.request_event = request.envelope.id
    if not isinstance(request.body, ErasureRequested) or not isinstance(approval.body, ErasureApproved):
        raise Stop("not-attested")
    for event in (request, approval):
        try:
            await tools.verifier.verify(encode_body_for_signing(event), event.body.signature)  # type: ignore[union-attr]
        except SignatureInvalid:
            raise Stop("signature-invalid") from None
    if request.body.attestation.role != "officer" or approval.body.attestation.role != "officer":
        raise Stop("not-attested")
    if request.envelope.tenant != work.tenant or approval.envelope.tenant != work.tenant:
        raise Stop("not-attested")
    if request.body.attestation.person == approval.body.attestation.person:
        raise Stop("same-person")
    plan = Plan(work.tenant, work.subject, work.lifecycle, request.body.ground)
    if not plan.digest == request.body.plan_digest == approval.body.plan_digest:
        raise Stop("plan-changed")
