"""Envelopes as processes make them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.envelope import new_envelope
from events.identifiers import CredentialHandle, SubjectHandle, TenantHandle, new_handle

TENANT = TenantHandle(bytes(range(16)))
CHAIN, CAUSE = UUID(int=1), UUID(int=2)


def test_a_new_envelope_begins_its_own_chain() -> None:
    """Nothing caused it, so it is the first of its correlation."""
    envelope = new_envelope(source="api", tenant=TENANT, purpose="generation")
    assert envelope.correlation == envelope.id
    assert envelope.causation is None
    assert (envelope.subject, envelope.lifecycle, envelope.actor) == (None, None, None)


def test_a_given_chain_is_kept() -> None:
    """What follows can be found from the first event."""
    envelope = new_envelope(source="work", tenant=TENANT, purpose="generation", correlation=CHAIN, causation=CAUSE)
    assert (envelope.correlation, envelope.causation) == (CHAIN, CAUSE)


def test_every_envelope_has_an_id_of_its_own() -> None:
    """Two events with one id could not be told apart."""
    made = {new_envelope(source="api", tenant=TENANT, purpose="access").id for _ in range(500)}
    assert len(made) == 500
    assert {identifier.version for identifier in made} == {7}


def test_the_time_is_now_in_utc() -> None:
    """Headers write `Z` behind it, so another zone would be a lie."""
    envelope = new_envelope(source="api", tenant=TENANT, purpose="access")
    assert envelope.time.tzinfo is UTC
    assert abs(datetime.now(UTC) - envelope.time) < timedelta(seconds=5)


def test_it_carries_what_it_was_given() -> None:
    """Each in its own field."""
    subject, actor = SubjectHandle(new_handle()), CredentialHandle(new_handle())
    envelope = new_envelope(source="api", tenant=TENANT, purpose="erasure", subject=subject, lifecycle=3, actor=actor)
    assert (envelope.source, envelope.tenant, envelope.purpose) == ("api", TENANT, "erasure")
    assert (envelope.subject, envelope.lifecycle, envelope.actor) == (subject, 3, actor)
