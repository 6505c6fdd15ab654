"""What the log says about tenants, subjects, credentials and models."""

from typing import Any

from psycopg import AsyncConnection

from events.identifiers import CredentialHandle
from events.records import CredentialRevoked
from projections import credentials, registry
from tests.projections import builders as b
from tests.projections.test_generations import fold


async def test_a_tenant_is_found_by_handle_and_by_name(connection: AsyncConnection[Any]) -> None:
    """The first that takes a name keeps it."""
    await fold(connection, "registry", b.event(b.tenant_created("demo"), 1), b.event(b.tenant_created("demo"), 2))
    by_name = await registry.tenant_by_name(connection, "demo")
    assert by_name is not None
    assert by_name == await registry.tenant(connection, b.tenant(1))
    assert by_name.tenant == b.tenant(1)
    assert len(await registry.tenants(connection)) == 2


async def test_a_subject_has_a_row_for_each_lifecycle(connection: AsyncConnection[Any]) -> None:
    """Registered anew is another person's worth of keys."""
    await fold(
        connection,
        "registry",
        b.event(b.subject_registered(), lifecycle=1),
        b.event(b.subject_registered(anew=True), lifecycle=2),
    )
    found = await registry.subject(connection, b.tenant(1), b.subject(1), 2)
    assert found is not None
    assert found.anew
    assert await registry.subject(connection, b.tenant(2), b.subject(1), 2) is None


async def test_a_revoked_credential_says_when(connection: AsyncConnection[Any]) -> None:
    """The row never vanishes; who asks decides."""
    handle = CredentialHandle((5).to_bytes(16, "big"))
    await fold(connection, "registry", b.event(b.credential_issued(5, "officer")))
    before = await credentials.find(connection, handle)
    assert before is not None
    assert (before.role, before.revoked_at) == ("officer", None)
    await fold(connection, "registry", b.event(CredentialRevoked(handle, b.OFFICER)))
    after = await credentials.find(connection, handle)
    assert after is not None
    assert after.revoked_at is not None
    assert [row.credential for row in await credentials.page(connection, b.tenant(1), 5)] == [handle]


async def test_an_alias_names_the_model_registered_last(connection: AsyncConnection[Any]) -> None:
    """A name moves, a digest does not."""
    await fold(
        connection,
        "registry",
        b.event(b.model_registered("tiny", b"1" * 32)),
        b.event(b.model_registered("big", b"2" * 32)),
    )
    await fold(connection, "registry", b.event(b.model_registered("tiny", b"2" * 32)))
    tiny = await registry.model_by_alias(connection, "tiny")
    assert tiny is not None
    assert tiny.model_digest == b"2" * 32
    assert [model.alias for model in await registry.models(connection)] == ["big", "tiny"]
    assert await registry.model_by_alias(connection, "none") is None
