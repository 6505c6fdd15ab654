"""From coordinates to a key for a few seconds; and the four reasons why there is none, never one for another."""

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from events.identifiers import Month, SubjectHandle, TenantHandle, new_handle
from keys.blob import (
    MOUNT,
    Blob,
    TreeId,
    blob_path,
    destroy_blob,
    of_month,
    open_pages,
    puncture_leaf,
    read_blob,
    tenant_key,
    write_blob,
)
from keys.coordinates import Coordinates, Expectation, Kind, Purpose
from keys.directory import entomb, lookup, register
from keys.errors import KeyMissing, LeafExpired, SealedMismatch, SubjectErased, VaultUnavailable, WrongKey
from keys.leaf import Leaf
from keys.opening import open_leaf
from keys.sealed import seal, unseal
from keys.secrets import Secret
from keys.vault import Vault
from tests.keys.builders import NOVEMBER, OBJECT, wide
from tests.keys.conftest import NOW
from tests.services.fix_openbao import RunningOpenBao
from tests.services.ports import free_ports


async def key_of(vault: Vault, place: Coordinates, purpose: Purpose) -> bytes:
    """A copy of a leaf's key."""
    async with open_leaf(vault, place, purpose) as leaf:
        return bytes(leaf.key())


async def test_what_api_sealed_work_opens(api_vault: Vault, work_vault: Vault, person: Coordinates) -> None:
    """Two processes, two identities, one leaf."""
    expected = Expectation(person, Purpose.PROMPT, OBJECT, Kind.PROMPT)
    async with open_leaf(api_vault, person, Purpose.PROMPT) as leaf:
        sealed = seal(leaf, expected, b"a lighthouse")
    async with open_leaf(work_vault, person, Purpose.PROMPT) as leaf:
        assert unseal(leaf, expected, sealed) == b"a lighthouse"


async def test_purposes_leaves_and_people_have_different_keys(
    api_vault: Vault, tenant: TenantHandle, person: Coordinates
) -> None:
    """Each can be destroyed alone."""
    other = (await register(api_vault, tenant, "somebody else", NOW)).identity
    assert other is not None
    keys = [await key_of(api_vault, person, purpose) for purpose in Purpose]
    keys.append(await key_of(api_vault, replace(person, leaf=1), Purpose.PROMPT))
    keys.append(await key_of(api_vault, other, Purpose.PROMPT))
    assert len(set(keys)) == 5
    assert keys[0] == await key_of(api_vault, person, Purpose.PROMPT)


async def test_the_leaf_is_wiped_at_the_end_of_the_block(api_vault: Vault, person: Coordinates) -> None:
    """Whoever keeps it has nothing."""
    async with open_leaf(api_vault, person, Purpose.PROMPT) as leaf:
        buffer = leaf.key()
        assert any(buffer)
    assert not any(buffer)
    with pytest.raises(LeafExpired):
        leaf.key()


async def test_the_leaf_is_wiped_when_the_block_fails(api_vault: Vault, person: Coordinates) -> None:
    """An error must not be the way to a longer life."""
    kept: list[Leaf] = []

    async def fail() -> None:
        async with open_leaf(api_vault, person, Purpose.PROMPT) as leaf:
            kept.append(leaf)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    with pytest.raises(LeafExpired):
        kept[0].key()


async def test_a_leaf_held_for_too_long_is_refused(api_vault: Vault, person: Coordinates) -> None:
    """On the real clock."""
    async with open_leaf(api_vault, person, Purpose.PROMPT, key_life_s=0.05) as leaf:
        await asyncio.sleep(0.06)
        with pytest.raises(LeafExpired):
            seal(leaf, Expectation(person, Purpose.PROMPT, OBJECT, Kind.PROMPT), b"late")


async def test_nothing_is_kept_between_two_openings(api_vault: Vault, shred_vault: Vault, person: Coordinates) -> None:
    """The process that opened it a moment ago finds it gone as soon as it is destroyed."""
    await key_of(api_vault, person, Purpose.PROMPT)
    await destroy_blob(shred_vault, person.tenant, person.subject, person.lifecycle)
    with pytest.raises(KeyMissing):
        await key_of(api_vault, person, Purpose.PROMPT)


async def test_a_leaf_opened_before_the_erasure_ends_with_its_life(
    api_vault: Vault, shred_vault: Vault, person: Coordinates
) -> None:
    """Which is what an erasure waits for, and why nobody has to be told."""
    async with open_leaf(api_vault, person, Purpose.PROMPT, key_life_s=0.3) as leaf:
        await destroy_blob(shred_vault, person.tenant, person.subject, person.lifecycle)
        leaf.check()
        await asyncio.sleep(0.35)
        with pytest.raises(LeafExpired):
            leaf.check()


async def test_coordinates_of_nothing_are_a_missing_key(api_vault: Vault, person: Coordinates) -> None:
    """Unknown is not erased: only a fence or a tombstone may say that."""
    for nothing in (
        replace(person, tree=3),
        replace(person, month=Month(NOVEMBER + 1)),
        replace(person, lifecycle=2),
        replace(person, subject=SubjectHandle(new_handle())),
    ):
        with pytest.raises(KeyMissing):
            await key_of(api_vault, nothing, Purpose.PROMPT)


async def test_coordinates_of_another_tenant_open_nothing(openbao: RunningOpenBao, api_vault: Vault, person: Coordinates) -> None:
    """The path holds the tenant."""
    with pytest.raises(KeyMissing):
        await key_of(api_vault, replace(person, tenant=await openbao.new_tenant()), Purpose.PROMPT)


async def test_a_punctured_leaf_is_missing_in_its_purposes_only(api_vault: Vault, person: Coordinates) -> None:
    """One generation's prompt and media go, its record and its neighbours stay."""
    whose = person.tenant, person.subject, person.lifecycle
    found = await read_blob(api_vault, *whose)
    assert found is not None
    before = await key_of(api_vault, person, Purpose.RECORD)
    blob = puncture_leaf(found[0], NOVEMBER, 0, person.leaf, [Purpose.PROMPT, Purpose.MEDIA])
    await write_blob(api_vault, *whose, blob, found[1])
    for purpose in (Purpose.PROMPT, Purpose.MEDIA):
        with pytest.raises(KeyMissing):
            await key_of(api_vault, person, purpose)
        assert await key_of(api_vault, replace(person, leaf=person.leaf + 1), purpose)
    assert await key_of(api_vault, person, Purpose.RECORD) == before


async def test_a_leaf_in_a_page_opens(api_vault: Vault, work_vault: Vault, tenant: TenantHandle) -> None:
    """And says the same as before it went there."""
    whose = tenant, SubjectHandle(new_handle()), 1
    trees = {TreeId(NOVEMBER, 0, purpose): wide(7000, purpose) for purpose in Purpose}
    await write_blob(api_vault, *whose, Blob("directory", 1, {}, trees), 0)
    place = Coordinates(*whose, NOVEMBER, 0, 2 * 1234)
    for purpose in Purpose:
        assert await key_of(work_vault, place, purpose) == wide(7000, purpose)[1234].seed
    found = await read_blob(api_vault, *whose)
    assert found is not None
    everything = await open_pages(api_vault, *whose, found[0], of_month(NOVEMBER, None), whole=False)
    assert everything.trees == trees


class Outcomes:
    """One person's sealed prompt, and ways to lose it."""

    def __init__(self, api: Vault, shred: Vault, person: Coordinates, sealed: bytes) -> None:
        self.api, self.shred, self.place, self.sealed = api, shred, person, sealed
        self.expected = Expectation(person, Purpose.PROMPT, OBJECT, Kind.PROMPT)

    async def read(self, vault: Vault | None = None) -> bytes:
        """The prompt."""
        async with open_leaf(vault or self.api, self.place, Purpose.PROMPT) as leaf:
            return unseal(leaf, self.expected, self.sealed)


@pytest.fixture
async def outcomes(api_vault: Vault, shred_vault: Vault, person: Coordinates) -> Outcomes:
    """A prompt that can be read."""
    async with open_leaf(api_vault, person, Purpose.PROMPT) as leaf:
        sealed = seal(leaf, Expectation(person, Purpose.PROMPT, OBJECT, Kind.PROMPT), b"a lighthouse")
    outcomes = Outcomes(api_vault, shred_vault, person, sealed)
    assert await outcomes.read() == b"a lighthouse"
    return outcomes


async def test_erased_is_said_by_the_tombstone_alone(api_vault: Vault, shred_vault: Vault, tenant: TenantHandle) -> None:
    """The key itself is only missing; who asks the directory by name hears why."""
    name = f"person-{secrets.token_hex(8)}"
    made = await register(api_vault, tenant, name, NOW)
    assert made.identity is not None
    found = await read_blob(shred_vault, tenant, made.entry.subject, 1)
    assert found is not None
    await entomb(shred_vault, found[0].directory_path, 1, NOW)
    await destroy_blob(shred_vault, tenant, made.entry.subject, 1)
    with pytest.raises(KeyMissing):
        await key_of(api_vault, made.identity, Purpose.PROMPT)
    with pytest.raises(SubjectErased):
        await lookup(api_vault, tenant, name, NOW + timedelta(days=1))


async def test_a_blob_that_is_gone_without_a_fence_is_a_missing_key(outcomes: Outcomes) -> None:
    """Lost, restored wrongly or destroyed by hand: an alarm, not an erasure."""
    await outcomes.shred.kv_destroy(MOUNT, blob_path(outcomes.place.tenant, outcomes.place.subject, 1))
    with pytest.raises(KeyMissing):
        await outcomes.read()


async def test_a_tenant_whose_key_is_gone_is_a_missing_key(outcomes: Outcomes, openbao: RunningOpenBao) -> None:
    """The blob is there and nothing opens it; that a whole tenant was erased is for its fence to say."""
    key = f"transit/keys/{tenant_key(outcomes.place.tenant)}"
    async with httpx.AsyncClient(base_url=f"{openbao.address}/v1/", headers={"X-Vault-Token": openbao.root.reveal()}) as root:
        (await root.post(f"{key}/config", json={"deletion_allowed": True})).raise_for_status()
        (await root.delete(key)).raise_for_status()
    with pytest.raises(KeyMissing):
        await outcomes.read()


async def test_other_roots_at_the_same_place_are_a_wrong_key(outcomes: Outcomes) -> None:
    """A blob made anew, or restored from another world, does not quietly open something else."""
    whose = outcomes.place.tenant, outcomes.place.subject, 1
    found = await read_blob(outcomes.api, *whose)
    assert found is not None
    trees = {tree: wide(5) for tree in found[0].trees}
    await write_blob(outcomes.api, *whose, replace(found[0], trees=trees), found[1])
    with pytest.raises(WrongKey):
        await outcomes.read()


async def test_sealed_bytes_of_another_object_are_a_mismatch(outcomes: Outcomes) -> None:
    """The right key, and still not what was asked for."""
    outcomes.expected = replace(outcomes.expected, kind=Kind.NOTE)
    with pytest.raises(SealedMismatch):
        await outcomes.read()


async def test_a_key_store_that_is_away_decides_nothing(outcomes: Outcomes) -> None:
    """Neither missing nor erased: come back."""
    (port,) = free_ports(1)
    away = Vault(address=f"http://127.0.0.1:{port}", role_id="any", secret_id=Secret("any"))
    try:
        with pytest.raises(VaultUnavailable):
            await outcomes.read(away)
    finally:
        await away.stop()
