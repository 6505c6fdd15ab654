"""From a name to a handle: one handle a person, whoever races; no name anywhere; no return without being asked for."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

import httpx
import pytest

from events.identifiers import TenantHandle
from keys import blob
from keys.blob import list_pages, read_blob
from keys.coordinates import Purpose
from keys.directory import (
    MOUNT,
    SUPPRESSION_DAYS,
    DirectoryEntry,
    entomb,
    entry_path,
    is_entombed,
    lookup,
    register,
)
from keys.errors import CasConflict, KeyMissing, SubjectErased, VaultUnavailable
from keys.opening import open_leaf
from keys.vault import Vault
from tests.keys.conftest import NOW
from tests.keys.interposed import Interposed
from tests.services.fix_openbao import RunningOpenBao

NAME = "María Müller <maria@example.org>"
DURING = NOW + timedelta(days=SUPPRESSION_DAYS) - timedelta(seconds=1)
AFTER = NOW + timedelta(days=SUPPRESSION_DAYS)


async def blobs_of(vault: Vault, tenant: TenantHandle) -> set[str]:
    """The subject handles of a tenant that have a blob."""
    return {name.rstrip("/") for name in await vault.kv_list(blob.MOUNT, tenant.hex())}


async def test_nobody_is_found_before_they_are_registered(api_vault: Vault, tenant: TenantHandle) -> None:
    """Unknown is None: neither erased nor an error."""
    assert await lookup(api_vault, tenant, NAME) is None


async def test_a_registered_person_is_found_again(api_vault: Vault, tenant: TenantHandle) -> None:
    """With the same handle, and with a leaf for their identity that opens."""
    made = await register(api_vault, tenant, NAME, NOW)
    assert made.created
    assert made.entry.lifecycle == 1
    assert await lookup(api_vault, tenant, NAME) == made.entry
    assert made.identity is not None
    async with open_leaf(api_vault, made.identity, Purpose.RECORD) as leaf:
        assert len(leaf.key()) == 32


async def test_registering_again_makes_nothing(api_vault: Vault, shred_vault: Vault, tenant: TenantHandle) -> None:
    """First use of a known person: the same entry, no second blob."""
    first = await register(api_vault, tenant, NAME, NOW)
    again = await register(api_vault, tenant, NAME, NOW)
    assert (again.entry, again.created) == (first.entry, False)
    assert await blobs_of(shred_vault, tenant) == {first.entry.subject.hex()}


async def test_the_blob_knows_where_its_entry_lies(api_vault: Vault, tenant: TenantHandle) -> None:
    """An erasure has a handle only, and has to find the entry."""
    made = await register(api_vault, tenant, NAME, NOW)
    found = await read_blob(api_vault, tenant, made.entry.subject, 1)
    assert found is not None
    assert found[0].directory_path == await entry_path(api_vault, tenant, NAME)


async def test_of_many_who_register_at_once_one_wins_and_no_blob_is_left_over(
    openbao: RunningOpenBao, api_vault: Vault, shred_vault: Vault, tenant: TenantHandle
) -> None:
    """Who loses deletes its own fresh blob and nobody else's."""
    async with openbao.identity("api") as other:
        made = await asyncio.gather(*(register(vault, tenant, NAME, NOW) for vault in (api_vault, other) * 5))
    assert sum(registration.created for registration in made) == 1
    assert len({registration.entry for registration in made}) == 1
    assert await blobs_of(shred_vault, tenant) == {made[0].entry.subject.hex()}


async def test_a_blob_is_durable_before_its_entry(api_vault: Vault, shred_vault: Vault, tenant: TenantHandle) -> None:
    """A crash between the two leaves a blob that nobody knows, and never a person without keys."""

    async def away(path: str) -> None:
        if path.count("/") == 1:
            assert len(await blobs_of(shred_vault, tenant)) == 1
            raise VaultUnavailable("planted by a test")

    with pytest.raises(VaultUnavailable):
        await register(Interposed(api_vault, before_write=away), tenant, NAME, NOW)
    assert await lookup(api_vault, tenant, NAME) is None
    assert (await register(api_vault, tenant, NAME, NOW)).created


async def test_one_name_in_two_tenants_is_two_people(openbao: RunningOpenBao, api_vault: Vault, tenant: TenantHandle) -> None:
    """Nothing that lies in the directory joins them."""
    other = await openbao.new_tenant()
    here, there = await entry_path(api_vault, tenant, NAME), await entry_path(api_vault, other, NAME)
    assert here.split("/")[1] != there.split("/")[1]
    first = await register(api_vault, tenant, NAME, NOW)
    second = await register(api_vault, other, NAME, NOW)
    assert first.entry.subject != second.entry.subject


async def test_the_directory_holds_no_name_and_nothing_made_of_it_without_the_key(api_vault: Vault, tenant: TenantHandle) -> None:
    """A plain hash of a name is a name to whoever can guess it."""
    made = await register(api_vault, tenant, NAME, NOW)
    path = await entry_path(api_vault, tenant, NAME)
    entry = await api_vault.kv_read(MOUNT, path)
    assert entry is not None
    stored = f"{path} {entry.data}"
    assert "aria" not in stored
    assert hashlib.sha256(NAME.encode()).hexdigest() not in stored
    assert NAME.encode().hex() not in stored
    assert entry.data == {"kind": "entry", "handle": made.entry.subject.hex(), "lifecycle": "1"}


async def test_where_an_entry_lies_can_be_recomputed_with_the_tenants_key(openbao: RunningOpenBao, api_vault: Vault) -> None:
    """HMAC-SHA-256 of the identifier's UTF-8 bytes and of nothing else, as `docs/formats.md` says."""
    tenant = TenantHandle(secrets.token_bytes(16))
    key = f"directory-{tenant.hex()}"
    async with httpx.AsyncClient(base_url=f"{openbao.address}/v1/", headers={"X-Vault-Token": openbao.root.reveal()}) as root:
        made = await root.post(f"transit/keys/{key}", json={"type": "hmac", "key_size": 32, "exportable": True})
        made.raise_for_status()
        exported = (await root.get(f"transit/export/hmac-key/{key}/1")).raise_for_status().json()["data"]["keys"]["1"]
    tag = hmac.digest(base64.b64decode(exported), NAME.encode(), "sha256")
    assert await entry_path(api_vault, tenant, NAME) == f"{tenant.hex()}/{tag.hex()}"


async def test_a_handle_says_nothing_about_the_name(openbao: RunningOpenBao, api_vault: Vault) -> None:
    """It is random: the same name registered in fresh worlds has another handle each time."""
    tenants = [await openbao.new_tenant() for _ in range(3)]
    assert len({(await register(api_vault, tenant, NAME, NOW)).entry.subject for tenant in tenants}) == 3


class Erased:
    """A person whom an erasure has passed."""

    def __init__(self, api: Vault, shred: Vault, tenant: TenantHandle) -> None:
        self.api, self.shred, self.tenant = api, shred, tenant
        self.name = f"{NAME} {secrets.token_hex(4)}"

    async def erase(self, entry: DirectoryEntry) -> str:
        """Tombstone, then destruction; the path of the entry."""
        path = await entry_path(self.api, self.tenant, self.name)
        await entomb(self.shred, path, entry.lifecycle, NOW)
        await blob.destroy_blob(self.shred, self.tenant, entry.subject, entry.lifecycle)
        return path


@pytest.fixture
async def erased(api_vault: Vault, shred_vault: Vault, tenant: TenantHandle) -> Erased:
    """Registered once and erased."""
    person = Erased(api_vault, shred_vault, tenant)
    await person.erase((await register(api_vault, tenant, person.name, NOW)).entry)
    return person


async def test_a_tombstone_refuses_stragglers(erased: Erased) -> None:
    """A request that was on its way does not bring the person back."""
    with pytest.raises(SubjectErased):
        await lookup(erased.api, erased.tenant, erased.name, DURING)
    with pytest.raises(SubjectErased):
        await register(erased.api, erased.tenant, erased.name, DURING)
    assert await blobs_of(erased.shred, erased.tenant) == set()


async def test_a_tombstone_holds_no_handle(erased: Erased) -> None:
    """What joins name and record is gone."""
    path = await entry_path(erased.api, erased.tenant, erased.name)
    entry = await erased.api.kv_read(MOUNT, path)
    assert entry is not None
    assert entry.data.keys() == {"kind", "lifecycle", "until"}
    assert await is_entombed(erased.shred, path)


async def test_a_person_comes_back_when_asked_for(erased: Erased) -> None:
    """As the next registration of that person, under another handle."""
    made = await register(erased.api, erased.tenant, erased.name, NOW, anew=True)
    assert made.created
    assert made.entry.lifecycle == 2
    assert await lookup(erased.api, erased.tenant, erased.name, NOW) == made.entry
    assert await blobs_of(erased.shred, erased.tenant) == {made.entry.subject.hex()}


async def test_after_its_time_a_tombstone_says_nothing_and_first_use_registers(erased: Erased) -> None:
    """The suppression is for stragglers, not for ever."""
    assert await lookup(erased.api, erased.tenant, erased.name, AFTER) is None
    assert (await register(erased.api, erased.tenant, erased.name, AFTER)).entry.lifecycle == 2


async def test_a_second_erasure_counts_on(erased: Erased) -> None:
    """Each registration of a person is a lifecycle of its own."""
    second = (await register(erased.api, erased.tenant, erased.name, NOW, anew=True)).entry
    await erased.erase(second)
    third = (await register(erased.api, erased.tenant, erased.name, NOW, anew=True)).entry
    assert (second.lifecycle, third.lifecycle) == (2, 3)
    assert third.subject != second.subject


async def test_entombing_again_changes_nothing(erased: Erased) -> None:
    """A resumed erasure; the time of the first tombstone stays."""
    path = await entry_path(erased.api, erased.tenant, erased.name)
    before = await erased.api.kv_read(MOUNT, path)
    await entomb(erased.shred, path, 1, NOW + timedelta(days=3))
    assert await erased.api.kv_read(MOUNT, path) == before


async def test_who_registers_during_an_erasure_comes_too_late(api_vault: Vault, shred_vault: Vault, tenant: TenantHandle) -> None:
    """A first use that found nothing; then the person is registered and erased; then its write arrives: refused, no blob left."""

    async def act(path: str) -> None:
        if path.count("/") == 1:
            made = await register(api_vault, tenant, NAME, NOW)
            await entomb(shred_vault, await entry_path(api_vault, tenant, NAME), made.entry.lifecycle, NOW)
            await blob.destroy_blob(shred_vault, tenant, made.entry.subject, 1)

    with pytest.raises(SubjectErased):
        await register(Interposed(api_vault, before_write=act), tenant, NAME, NOW)
    assert await blobs_of(shred_vault, tenant) == set()


async def test_entombing_an_entry_that_changes_meanwhile_is_a_conflict(
    api_vault: Vault, shred_vault: Vault, tenant: TenantHandle
) -> None:
    """The erasure looks again rather than bury what it has not read."""
    made = await register(api_vault, tenant, NAME, NOW)
    path = await entry_path(api_vault, tenant, NAME)
    data = {"kind": "entry", "handle": made.entry.subject.hex(), "lifecycle": "1"}

    async def change(_path: str) -> None:
        await api_vault.kv_write(MOUNT, path, data, 1)

    with pytest.raises(CasConflict):
        await entomb(Interposed(shred_vault, before_write=change), path, 1, NOW)
    assert not await is_entombed(shred_vault, path)


async def test_a_tenant_without_keys_is_a_missing_key(api_vault: Vault) -> None:
    """Never an unknown person, who would be registered at once."""
    with pytest.raises(KeyMissing):
        await lookup(api_vault, TenantHandle(secrets.token_bytes(16)), NAME)


async def test_a_fresh_blob_has_no_pages(api_vault: Vault, shred_vault: Vault, tenant: TenantHandle) -> None:
    """Registration is two writes."""
    vault = Interposed(api_vault)
    made = await register(vault, tenant, NAME, NOW)
    assert len(vault.paths_written) == 2
    assert await list_pages(shred_vault, tenant, made.entry.subject, 1) == []
