"""Leaves are handed out once, by however many processes, and cost one write for sixteen."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from events.identifiers import Month, SubjectHandle, TenantHandle, new_handle
from keys.allocation import LeafAllocator
from keys.blob import Blob, TreeId, blob_path, destroy_blob, list_pages, read_blob, read_tree, write_blob
from keys.coordinates import Coordinates, Purpose
from keys.errors import CasConflict, KeyMissing, VaultDenied
from keys.tree import LEAVES, fresh
from keys.vault import Vault
from tests.keys.builders import NOVEMBER, wide
from tests.keys.interposed import Interposed
from tests.services.fix_openbao import RunningOpenBao

DECEMBER = Month(NOVEMBER + 1)


def whose(person: Coordinates) -> tuple[TenantHandle, SubjectHandle, int]:
    """Whom coordinates belong to."""
    return person.tenant, person.subject, person.lifecycle


async def test_two_processes_at_once_never_hand_out_a_leaf_twice(
    openbao: RunningOpenBao, api_vault: Vault, person: Coordinates
) -> None:
    """Two keys for one leaf would be one erasure for two generations."""
    async with openbao.identity("api") as other_vault:
        allocators = [LeafAllocator(api_vault), LeafAllocator(other_vault)]
        reserving = [allocators[number % 2].reserve(*whose(person), NOVEMBER, 1 + number % 5) for number in range(60)]
        runs = await asyncio.gather(*reserving)
    counted = Counter(place for run in runs for place in run)
    assert len(counted) == sum(1 + number % 5 for number in range(60))
    assert set(counted.values()) == {1}
    # Leaf 0 belongs to the identity.
    assert person not in counted


async def test_sixteen_reservations_cost_one_write(api_vault: Vault, person: Coordinates) -> None:
    """The key store is not asked for every request."""
    vault = Interposed(api_vault)
    allocator = LeafAllocator(vault)
    places = [await allocator.reserve(*whose(person), NOVEMBER) for _ in range(16)]
    assert vault.paths_written == [blob_path(*whose(person))]
    assert [place.leaf for (place,) in places] == list(range(1, 17))
    await allocator.reserve(*whose(person), NOVEMBER)
    assert len(vault.paths_written) == 2


async def test_a_run_is_durable_before_its_first_leaf_is_handed_out(api_vault: Vault, person: Coordinates) -> None:
    """Whatever crashes after that, the leaf is taken."""
    (place,) = await LeafAllocator(api_vault).reserve(*whose(person), NOVEMBER)
    found = await read_blob(api_vault, *whose(person))
    assert found is not None
    assert found[0].cursors[NOVEMBER, 0] > place.leaf


async def test_the_rest_of_a_forgotten_run_is_never_used(api_vault: Vault, person: Coordinates) -> None:
    """A process that starts again cannot know which leaves the last one gave away."""
    (first,) = await LeafAllocator(api_vault).reserve(*whose(person), NOVEMBER)
    (second,) = await LeafAllocator(api_vault).reserve(*whose(person), NOVEMBER)
    assert (first.leaf, second.leaf) == (1, 17)


async def test_nothing_of_a_past_month_is_handed_out(api_vault: Vault, person: Coordinates) -> None:
    """The rest of November's run is forgotten when December is asked for."""
    allocator = LeafAllocator(api_vault)
    await allocator.reserve(*whose(person), NOVEMBER)
    december = [await allocator.reserve(*whose(person), DECEMBER) for _ in range(17)]
    assert {place.month for (place,) in december} == {DECEMBER}
    assert [place.leaf for (place,) in december] == list(range(17))


async def test_a_reservation_larger_than_a_run_is_one_run(api_vault: Vault, person: Coordinates) -> None:
    """A batch of many pictures."""
    places = await LeafAllocator(api_vault).reserve(*whose(person), NOVEMBER, 40)
    assert [place.leaf for place in places] == list(range(1, 41))


async def test_the_memory_of_runs_is_bounded(api_vault: Vault, tenant: TenantHandle) -> None:
    """Whoever was forgotten gets a new run; nobody gets a leaf again."""
    allocator = LeafAllocator(api_vault, capacity=2)
    people = [(tenant, SubjectHandle(new_handle()), 1) for _ in range(4)]
    for person in people:
        await write_blob(api_vault, *person, Blob("directory"), 0)
    taken = [(await allocator.reserve(*person, NOVEMBER))[0] for _ in range(2) for person in people]
    assert len(allocator._runs) == 2
    assert [place.leaf for place in taken] == [0] * 4 + [16] * 4


async def test_a_full_tree_goes_over_into_the_next(api_vault: Vault, person: Coordinates) -> None:
    """All three purposes get one, under the same number."""
    found = await read_blob(api_vault, *whose(person))
    assert found is not None
    full = replace(found[0], cursors={(NOVEMBER, 0): LEAVES - 4})
    await write_blob(api_vault, *whose(person), full, found[1])
    (place,) = await LeafAllocator(api_vault).reserve(*whose(person), NOVEMBER)
    assert (place.tree, place.leaf) == (1, 0)
    roots = [await read_tree(api_vault, *whose(person), TreeId(NOVEMBER, 1, purpose)) for purpose in Purpose]
    assert len({frontier[0].seed for frontier in roots if frontier}) == 3


async def test_a_blob_that_grows_too_large_is_split_on_the_way(
    api_vault: Vault, shred_vault: Vault, tenant: TenantHandle
) -> None:
    """The reservation that would have been one too many succeeds, and every old tree still opens."""
    person = tenant, SubjectHandle(new_handle()), 1
    old = {TreeId(Month(NOVEMBER - by), 0, Purpose.MEDIA): wide(3743, by) for by in (1, 2)}
    await write_blob(api_vault, *person, Blob("directory", 1, {}, old), 0)
    assert await list_pages(shred_vault, *person) == []
    (place,) = await LeafAllocator(api_vault).reserve(*person, NOVEMBER)
    assert place.leaf == 0
    assert len(await list_pages(shred_vault, *person)) == 1
    for tree, frontier in old.items():
        assert await read_tree(api_vault, *person, tree) == frontier


async def test_reserving_in_a_blob_with_pages_reads_the_head_alone(api_vault: Vault, tenant: TenantHandle) -> None:
    """However long a person's past is."""
    person = tenant, SubjectHandle(new_handle()), 1
    trees = {TreeId(Month(NOVEMBER - 1), 0, purpose): wide(8000) for purpose in Purpose}
    present = {TreeId(NOVEMBER, 0, purpose): fresh(bytes(32)) for purpose in Purpose}
    await write_blob(api_vault, *person, Blob("directory", 1, {(NOVEMBER, 0): 5}, trees | present), 0)
    vault = Interposed(api_vault)
    (place,) = await LeafAllocator(vault).reserve(*person, NOVEMBER)
    assert place.leaf == 5
    assert vault.paths_read == vault.paths_written == [blob_path(*person)]


async def test_whoever_has_no_blob_gets_no_leaf(api_vault: Vault, tenant: TenantHandle) -> None:
    """And none is made: only registration makes blobs."""
    person = tenant, SubjectHandle(new_handle()), 1
    with pytest.raises(KeyMissing):
        await LeafAllocator(api_vault).reserve(*person, NOVEMBER)
    assert await read_blob(api_vault, *person) is None


async def test_a_blob_destroyed_while_a_run_is_reserved_stays_destroyed(
    api_vault: Vault, shred_vault: Vault, person: Coordinates
) -> None:
    """The write finds nothing to replace; the next look says so."""

    async def erase(path: str) -> None:
        await destroy_blob(shred_vault, *whose(person))

    with pytest.raises(KeyMissing):
        await LeafAllocator(Interposed(api_vault, before_write=erase)).reserve(*whose(person), NOVEMBER)
    assert await read_blob(api_vault, *whose(person)) is None


async def test_gives_up_when_others_always_win(api_vault: Vault, person: Coordinates) -> None:
    """Bounded, and with an error that asks to come back."""

    async def conflict(path: str) -> None:
        raise CasConflict("planted by a test")

    with pytest.raises(CasConflict, match="too many"):
        await LeafAllocator(Interposed(api_vault, before_write=conflict)).reserve(*whose(person), NOVEMBER)


async def test_a_worker_can_not_reserve(work_vault: Vault, person: Coordinates) -> None:
    """Its identity opens and never writes."""
    with pytest.raises(VaultDenied):
        await LeafAllocator(work_vault).reserve(*whose(person), NOVEMBER)
