"""Who, about whom, when and why: what every event carries in clear beside its own fields.

Never content: everything personal in an event is a sealed `bytes` field of its body. The event's type and the digest of its
schema
are written by the codec, because only it knows them for sure.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from events.identifiers import (
    CredentialHandle,
    EventId,
    SubjectHandle,
    TenantHandle,
    new_uuid7,
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """`lifecycle` is the subject's, counted up at each registration anew; `causation` is the event that led to this one."""

    id: EventId
    source: str
    time: datetime
    tenant: TenantHandle
    subject: SubjectHandle | None
    lifecycle: int | None
    actor: CredentialHandle | None
    correlation: UUID
    causation: UUID | None
    purpose: str


def new_envelope(
    *,
    source: str,
    tenant: TenantHandle,
    purpose: str,
    subject: SubjectHandle | None = None,
    lifecycle: int | None = None,
    actor: CredentialHandle | None = None,
    correlation: UUID | None = None,
    causation: UUID | None = None,
) -> Envelope:
    """An envelope with a fresh id and the present time (microseconds, UTC); it begins its own correlation if given none."""
    identifier = new_uuid7()
    return Envelope(
        id=EventId(identifier),
        source=source,
        time=datetime.now(UTC),
        tenant=tenant,
        subject=subject,
        lifecycle=lifecycle,
        actor=actor,
        correlation=correlation or identifier,
        causation=causation,
        purpose=purpose,
    )
