"""What the log says about a generation, as its row and its status."""

from typing import Any

from psycopg import AsyncConnection

from projections import generations
from projections.folds import projection
from tests.projections import builders as b


async def fold(connection: AsyncConnection[Any], name: str, *events: Any) -> None:
    """Folds the events as one batch of that projection."""
    async with connection.transaction():
        await projection(name).write(connection, b.folded(events))


async def status(connection: AsyncConnection[Any], number: int) -> str:
    """The status of that generation of tenant 1."""
    found = await generations.find(connection, b.tenant(1), b.generation(number))
    assert found is not None
    return found.status


async def test_a_prompt_is_queued_then_running_then_completed(connection: AsyncConnection[Any]) -> None:
    """The life of most generations, event by event."""
    await fold(connection, "generations", b.event(b.prompt(1)))
    assert await status(connection, 1) == "queued"
    await fold(connection, "generations", b.event(b.started(1)))
    assert await status(connection, 1) == "running"
    await fold(connection, "generations", b.event(b.completed(1)))
    assert await status(connection, 1) == "completed"


async def test_every_field_of_the_events_is_in_the_row(connection: AsyncConnection[Any]) -> None:
    """What api needs to open prompt and picture comes from this row alone."""
    events = [b.event(b.prompt(1)), b.event(b.started(1)), b.event(b.completed(1, epoch=3))]
    await fold(connection, "generations", *events)
    row = await generations.find(connection, b.tenant(1), b.generation(1))
    assert row is not None
    assert (row.subject, row.lifecycle, row.month, row.tree, row.leaf) == (b.subject(1), 1, 24322, 0, 1)
    assert (row.prompt_sealed, row.outcome_sealed) == (b"sealed prompt", b"sealed outcome")
    assert (row.epoch, row.ciphertext_sha256, row.sealed_size_bytes) == (3, b"\x03" * 32, 4096)
    assert (row.submitted_by, row.correlation) == (b.ACTOR, events[0].envelope.correlation)
    assert (row.trace_widths, row.trace_steps, row.marks) == ([1, 2], [4, 6], [])
    assert row.depicts == [b.subject(77)]
    assert row.submitted_at == b.BEGIN


async def test_the_first_outcome_counts_and_later_ones_only_cost(connection: AsyncConnection[Any]) -> None:
    """A second worker's outcome changes no status; its device time is the operator's."""
    await fold(connection, "generations", b.event(b.prompt(1)), b.event(b.failed(1, epoch=1, device_ms=7)))
    await fold(connection, "generations", b.event(b.completed(1, epoch=2, device_ms=100)))
    row = await generations.find(connection, b.tenant(1), b.generation(1))
    assert row is not None
    assert (row.status, row.epoch, row.device_ms, row.media_type) == ("failed", 1, 7, None)
    usage = await generations.usage(connection, b.tenant(1))
    assert [(day.tenant_device_ms, day.operator_device_ms) for day in usage] == [(7, 107)]


async def test_the_first_prompt_of_an_id_counts(connection: AsyncConnection[Any]) -> None:
    """A prompt appended twice, by a retry after a lost acknowledgement, is one generation."""
    await fold(connection, "generations", b.event(b.prompt(1, b"first")), b.event(b.prompt(1, b"second")))
    await fold(connection, "generations", b.event(b.prompt(1, b"third")))
    row = await generations.find(connection, b.tenant(1), b.generation(1))
    assert row is not None
    assert row.prompt_sealed == b"first"


async def test_an_outcome_that_was_appended_twice_costs_once(connection: AsyncConnection[Any]) -> None:
    """A retried append repeats the event with its id."""
    outcome = b.event(b.completed(1))
    await fold(connection, "generations", b.event(b.prompt(1)), outcome, outcome)
    usage = await generations.usage(connection, b.tenant(1))
    assert [(day.tenant_device_ms, day.operator_device_ms) for day in usage] == [(100, 100)]


async def test_another_tenant_finds_nothing(connection: AsyncConnection[Any]) -> None:
    """Isolation is in the query: another tenant's id is as good as unknown."""
    await fold(connection, "generations", b.event(b.prompt(1)))
    assert await generations.find(connection, b.tenant(2), b.generation(1)) is None
    assert await generations.page(connection, b.tenant(2), 10) == []


async def test_pages_go_from_the_newest_down(connection: AsyncConnection[Any]) -> None:
    """A list is read in pages without repeating or missing one."""
    await fold(connection, "generations", *(b.event(b.prompt(number)) for number in range(1, 6)))
    first = await generations.page(connection, b.tenant(1), 2)
    second = await generations.page(connection, b.tenant(1), 10, after=first[-1].generation)
    assert [row.generation for row in first + second] == [b.generation(number) for number in (5, 4, 3, 2, 1)]


async def test_a_fence_makes_a_generation_erased_but_for_its_exceptions(
    connection: AsyncConnection[Any],
) -> None:
    """Erased from the fence on, before any key is gone; another lifecycle of the person is not touched."""
    await fold(
        connection,
        "generations",
        b.event(b.prompt(1)),
        b.event(b.completed(1)),
        b.event(b.prompt(2)),
        b.event(b.prompt(3), lifecycle=2),
    )
    await fold(connection, "erasures", b.event(b.erasure_fenced(1, exceptions=[2])))
    assert [await status(connection, number) for number in (1, 2, 3)] == ["erased", "queued", "queued"]


async def test_a_generation_without_subject_is_never_erased_by_a_fence(
    connection: AsyncConnection[Any],
) -> None:
    """Nobody's generation is in nobody's scope."""
    await fold(connection, "generations", b.event(b.prompt(1), of_subject=None))
    await fold(connection, "erasures", b.event(b.erasure_fenced(1)))
    assert await status(connection, 1) == "queued"


async def test_a_cancellation_request_alone_changes_no_status(connection: AsyncConnection[Any]) -> None:
    """Only the outcome says cancelled; the request is a wish."""
    await fold(connection, "generations", b.event(b.prompt(1)), b.event(b.cancellation(1)))
    row = await generations.find(connection, b.tenant(1), b.generation(1))
    assert row is not None
    assert row.status == "queued"
    assert row.cancel_requested_by == b.ACTOR
    await fold(connection, "generations", b.event(b.cancelled(1)))
    assert await status(connection, 1) == "cancelled"
