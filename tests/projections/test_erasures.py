"""What the log says about an erasure, as its state."""

from typing import Any

from psycopg import AsyncConnection

from events.records import ErasureRefused, ErasureStopped
from projections import erasures, fences
from tests.projections import builders as b
from tests.projections.test_generations import fold


async def state(connection: AsyncConnection[Any]) -> str:
    """The state of erasure 1."""
    found = await erasures.find(connection, b.tenant(1), b.erasure(1))
    assert found is not None
    return found.state


async def test_an_erasure_goes_from_requested_to_effective(connection: AsyncConnection[Any]) -> None:
    """Each event of the way moves the state by one."""
    seen = []
    for body in (b.erasure_requested(1), b.erasure_approved(1), b.erasure_fenced(1), b.erasure_effective(1)):
        await fold(connection, "erasures", b.event(body))
        seen.append(await state(connection))
    assert seen == ["requested", "approved", "fenced", "effective"]


async def test_a_refusal_and_a_stop_are_states(connection: AsyncConnection[Any]) -> None:
    """What ends without an erasure says why."""
    refusal = ErasureRefused(b.erasure(1), b"p" * 32, b.OFFICER, b"")
    await fold(connection, "erasures", b.event(b.erasure_requested(1)), b.event(refusal))
    assert await state(connection) == "refused"
    await fold(connection, "erasures", b.event(ErasureStopped(b.erasure(1), "plan-changed")))
    assert await state(connection) == "stopped"


async def test_an_erasure_is_seen_by_its_tenant_alone(connection: AsyncConnection[Any]) -> None:
    """Another tenant's officer learns nothing."""
    await fold(connection, "erasures", b.event(b.erasure_requested(1)))
    assert await erasures.find(connection, b.tenant(2), b.erasure(1)) is None
    assert [row.erasure for row in await erasures.page(connection, b.tenant(1), 5)] == [b.erasure(1)]


async def test_a_fence_stands_for_one_lifecycle(connection: AsyncConnection[Any]) -> None:
    """Who registers anew afterwards is not fenced."""
    await fold(connection, "erasures", b.event(b.erasure_fenced(1, lifecycle=1)))
    assert await fences.is_fenced(connection, b.tenant(1), b.subject(1), 1)
    assert not await fences.is_fenced(connection, b.tenant(1), b.subject(1), 2)
    assert not await fences.is_fenced(connection, b.tenant(2), b.subject(1), 1)


async def test_a_fence_becomes_effective(connection: AsyncConnection[Any]) -> None:
    """Both ends of an erasure are in the row of its fence."""
    await fold(connection, "erasures", b.event(b.erasure_fenced(1)), b.event(b.erasure_effective(1)))
    fence = await fences.find(connection, b.tenant(1), b.subject(1), 1)
    assert fence is not None
    assert fence.erasure == b.erasure(1)
    assert fence.effective_at is not None
