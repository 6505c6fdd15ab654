"""Blobs and pages on a real key store: one act decides, and whatever is cut short leaves the old or the new, never a mixture."""

import base64
from dataclasses import replace

import pytest

from events.identifiers import Month, SubjectHandle, TenantHandle, new_handle
from keys.blob import (
    MOUNT,
    Blob,
    TreeId,
    absorb,
    blob_path,
    destroy_blob,
    list_pages,
    of_leaf,
    open_pages,
    puncture_leaf,
    read_blob,
    read_tree,
    sweep_pages,
    write_blob,
)
from keys.blob.changes import LARGEST_SIZE_BYTES
from keys.blob.contents import encode_blob
from keys.coordinates import Purpose
from keys.errors import CasConflict, KeyMissing, VaultUnavailable, WrongKey
from keys.tree import derive, fresh, puncture
from keys.vault import Vault
from tests.keys.builders import NOVEMBER, wide
from tests.keys.interposed import Interposed, lost_for_heads
from tests.services.fix_openbao import RunningOpenBao

OLD, LATER = Month(NOVEMBER - 2), Month(NOVEMBER - 1)
LARGE = {TreeId(month, 0, Purpose.MEDIA): wide(7600, month) for month in (OLD, LATER)}
NEW = {TreeId(NOVEMBER, 0, purpose): fresh(bytes([purpose]) * 32) for purpose in Purpose}
PAGED = TreeId(OLD, 0, Purpose.MEDIA)
LEAF = 2 * 77


class Person:
    """One blob of one person, as three processes see it."""

    def __init__(self, tenant: TenantHandle, api: Vault, work: Vault, shred: Vault) -> None:
        self.api, self.work, self.shred = api, work, shred
        self.place = (tenant, SubjectHandle(new_handle()), 1)
        self.path = blob_path(*self.place)

    async def head(self) -> tuple[Blob, int]:
        """The present head."""
        found = await read_blob(self.api, *self.place)
        assert found is not None
        return found

    async def puncture(self, vault: Vault, leaf: int = LEAF) -> None:
        """One generation's leaf in a tree that lies in a page."""
        head, version = await self.head()
        scope = of_leaf(OLD, 0, [Purpose.MEDIA])
        opened = await open_pages(vault, *self.place, head, scope, whole=False)
        await write_blob(vault, *self.place, puncture_leaf(opened, OLD, 0, leaf, [Purpose.MEDIA]), version)

    async def pages(self) -> set[bytes]:
        """All pages there are."""
        return set(await list_pages(self.shred, *self.place))

    async def listed(self) -> set[bytes]:
        """The pages that the head lists."""
        return {page.id for page in (await self.head())[0].pages}

    async def check(self) -> None:
        """Every tree is what it was."""
        for tree, frontier in (LARGE | NEW).items():
            assert await read_tree(self.work, *self.place, tree) == frontier


@pytest.fixture
async def small(tenant: TenantHandle, api_vault: Vault, work_vault: Vault, shred_vault: Vault) -> Person:
    """A person with one month."""
    person = Person(tenant, api_vault, work_vault, shred_vault)
    await write_blob(api_vault, *person.place, Blob("directory", 1, {(NOVEMBER, 0): 16}, dict(NEW)), 0)
    return person


@pytest.fixture
async def paged(tenant: TenantHandle, api_vault: Vault, work_vault: Vault, shred_vault: Vault) -> Person:
    """A person whose past months lie in pages."""
    person = Person(tenant, api_vault, work_vault, shred_vault)
    cursors = {(month, 0): 16000 for month in (OLD, LATER, NOVEMBER)}
    await write_blob(api_vault, *person.place, Blob("directory", 1, cursors, LARGE | NEW), 0)
    return person


async def test_a_small_blob_is_one_entry(small: Person) -> None:
    """Nearly everybody: one read, no page."""
    assert await small.head() == (Blob("directory", 1, {(NOVEMBER, 0): 16}, NEW), 1)
    assert await small.pages() == set()


async def test_a_large_blob_lies_in_pages_and_every_tree_is_found(paged: Person) -> None:
    """The head holds the present month and the keys of the pages; the pages hold the rest."""
    head, _ = await paged.head()
    assert head.trees == NEW
    assert {tree for page in head.pages for tree in page.trees} == LARGE.keys()
    assert len(encode_blob(head)) < LARGEST_SIZE_BYTES
    assert await paged.pages() == await paged.listed()
    await paged.check()


async def test_a_tree_that_the_head_names_nowhere_is_none(paged: Person) -> None:
    """What that means is for the caller to find out."""
    assert await read_tree(paged.work, *paged.place, TreeId(NOVEMBER, 9, Purpose.MEDIA)) is None


async def test_opening_reads_the_head_and_one_page(paged: Person) -> None:
    """Whatever the number of pages."""
    vault = Interposed(paged.work)
    await read_tree(vault, *paged.place, PAGED)
    assert [path.count("/pages/") for path in vault.paths_read] == [0, 1]
    vault = Interposed(paged.work)
    await read_tree(vault, *paged.place, next(iter(NEW)))
    assert vault.paths_read == [paged.path]


async def test_a_change_writes_a_new_page_then_the_head_and_removes_the_old_page(paged: Person) -> None:
    """In this order; and afterwards only the new pages are there."""
    before = await paged.listed()
    vault = Interposed(paged.api)
    await paged.puncture(vault)
    after = await paged.listed()
    assert vault.paths_written[-1] == paged.path
    assert all("/pages/" in path for path in vault.paths_written[:-1])
    assert before - after
    assert after - before
    assert await paged.pages() == after


async def test_a_punctured_leaf_in_a_page_is_gone_and_its_neighbours_are_not(paged: Person) -> None:
    """Through the key store, not only in the pure function."""
    await paged.puncture(paged.api)
    frontier = await read_tree(paged.work, *paged.place, PAGED)
    assert frontier == puncture(LARGE[PAGED], LEAF)
    assert frontier is not None
    assert derive(frontier, LEAF) is None
    assert derive(frontier, LEAF + 2) == derive(LARGE[PAGED], LEAF + 2)


async def test_the_key_of_a_replaced_page_is_in_no_head(paged: Person) -> None:
    """An old page that somebody kept opens with nothing that is left."""
    old, _ = await paged.head()
    await paged.puncture(paged.api)
    new, _ = await paged.head()
    held = bytes(encode_blob(new))
    gone = [page for page in old.pages if page.id not in {page.id for page in new.pages}]
    assert gone
    assert not any(page.key in held for page in gone)


async def test_a_crash_before_the_head_leaves_the_old_state_and_an_orphan(paged: Person) -> None:
    """Pages whose keys no head ever held; the next change and a sweep leave nothing of them."""
    before = await paged.listed()
    with pytest.raises(VaultUnavailable):
        await paged.puncture(Interposed(paged.api, before_write=lost_for_heads))
    orphans = await paged.pages() - before
    assert orphans
    assert await paged.listed() == before
    await paged.check()
    await paged.puncture(paged.api)
    head, _ = await paged.head()
    assert await sweep_pages(paged.shred, *paged.place, head) == len(orphans)
    assert await paged.pages() == await paged.listed()


async def test_a_lost_answer_to_a_head_that_was_written_loses_no_page(paged: Person) -> None:
    """Nobody may tidy up after a write of which nothing is known."""
    with pytest.raises(VaultUnavailable):
        await paged.puncture(Interposed(paged.api, after_write=lost_for_heads))
    assert await paged.listed() <= await paged.pages()
    assert await read_tree(paged.work, *paged.place, PAGED) == puncture(LARGE[PAGED], LEAF)
    head, _ = await paged.head()
    await sweep_pages(paged.shred, *paged.place, head)
    assert await paged.pages() == await paged.listed()


async def test_who_loses_the_race_for_a_head_takes_its_pages_away(paged: Person) -> None:
    """And touches nothing of the winner."""
    head, version = await paged.head()
    opened = await open_pages(paged.api, *paged.place, head, of_leaf(OLD, 0), whole=False)
    await paged.puncture(paged.api, LEAF + 2)
    with pytest.raises(CasConflict):
        await write_blob(paged.api, *paged.place, puncture_leaf(opened, OLD, 0, LEAF), version)
    assert await paged.pages() == await paged.listed()
    assert await read_tree(paged.work, *paged.place, PAGED) == puncture(LARGE[PAGED], LEAF + 2)


async def test_opening_pages_of_a_head_that_was_replaced_is_a_conflict(paged: Person) -> None:
    """Its pages are gone because somebody else wrote, which is no loss: read again."""
    head, _ = await paged.head()
    await paged.puncture(paged.api)
    with pytest.raises(CasConflict):
        await open_pages(paged.api, *paged.place, head, of_leaf(OLD, 0), whole=False)


async def test_a_reader_whose_page_is_replaced_under_its_hands_reads_again(paged: Person) -> None:
    """Head read, page replaced, page read: the key is there all the time, so this is no missing key."""
    done = False

    async def replace_page(path: str) -> None:
        nonlocal done
        if "/pages/" in path and not done:
            done = True
            await paged.puncture(paged.api)

    vault = Interposed(paged.work, before_read=replace_page)
    assert await read_tree(vault, *paged.place, PAGED) == puncture(LARGE[PAGED], LEAF)
    assert done


async def test_a_reader_overtaken_by_every_write_is_told_to_come_back(paged: Person) -> None:
    """Bounded: neither for ever nor an alarm."""
    leaf = LEAF

    async def replace_page(path: str) -> None:
        nonlocal leaf
        if "/pages/" in path:
            leaf += 2
            await paged.puncture(paged.api, leaf)

    with pytest.raises(VaultUnavailable, match="too fast"):
        await read_tree(Interposed(paged.work, before_read=replace_page), *paged.place, PAGED)


async def test_a_missing_page_is_a_missing_key(paged: Person) -> None:
    """Never an erasure; and the trees that do not lie in it still open."""
    head, _ = await paged.head()
    page = head.page_of(PAGED)
    assert page is not None
    await paged.shred.kv_destroy(MOUNT, f"{paged.path}/pages/{page.id.hex()}")
    with pytest.raises(KeyMissing):
        await read_tree(paged.work, *paged.place, PAGED)
    with pytest.raises(KeyMissing):
        await open_pages(paged.api, *paged.place, head, of_leaf(OLD, 0), whole=False)
    assert await read_tree(paged.work, *paged.place, next(iter(NEW))) == NEW[next(iter(NEW))]


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", None])
async def test_a_page_with_other_bytes_is_a_wrong_key(paged: Person, text: str | None) -> None:
    """Whatever somebody put there."""
    head, _ = await paged.head()
    page = head.page_of(PAGED)
    assert page is not None
    data = {"other": "field"} if text is None else {"page": text}
    await paged.api.kv_write(MOUNT, f"{paged.path}/pages/{page.id.hex()}", data, 1)
    with pytest.raises(WrongKey):
        await read_tree(paged.work, *paged.place, PAGED)


async def test_the_destroyed_head_ends_all_pages(paged: Person) -> None:
    """One delete; the pages that are left for a moment open for nobody."""
    await destroy_blob(paged.shred, *paged.place)
    with pytest.raises(KeyMissing):
        await read_tree(paged.work, *paged.place, PAGED)
    assert await read_blob(paged.work, *paged.place) is None
    assert await paged.pages()
    assert await sweep_pages(paged.shred, *paged.place, None) > 0
    assert await paged.pages() == set()


async def test_a_late_write_does_not_revive_an_erased_blob(paged: Person) -> None:
    """A process that had read the head before the erasure writes after it: refused, and nothing of it is left."""
    head, version = await paged.head()
    late = absorb(head, head.pages[0], {TreeId(OLD, 1, Purpose.MEDIA): wide(8000)})
    await destroy_blob(paged.shred, *paged.place)
    await sweep_pages(paged.shred, *paged.place, None)
    with pytest.raises(CasConflict):
        await write_blob(paged.api, *paged.place, replace(late, generation=2), version)
    assert await read_blob(paged.api, *paged.place) is None
    assert await paged.pages() == set()


async def test_a_sweep_leaves_the_pages_of_a_write_that_is_under_way(paged: Person) -> None:
    """Removing one would make a head that lists a page which is not there: the person's keys would be lost."""

    async def sweep(path: str) -> None:
        if "/pages/" not in path:
            assert await sweep_pages(paged.shred, *paged.place, (await paged.head())[0]) == 0

    await paged.puncture(Interposed(paged.api, before_write=sweep))
    assert await paged.pages() == await paged.listed()
    assert await read_tree(paged.work, *paged.place, PAGED) == puncture(LARGE[PAGED], LEAF)


async def test_only_one_of_two_creates_a_blob(small: Person) -> None:
    """`cas=0` against what is there."""
    with pytest.raises(CasConflict):
        await write_blob(small.api, *small.place, Blob("mine", 1), 0)
    assert (await small.head())[0].directory_path == "directory"


async def test_a_blob_moved_to_another_name_is_a_wrong_key(small: Person) -> None:
    """The path is the context of the seal: nobody opens one person's keys as another's."""
    entry = await small.api.kv_read(MOUNT, small.path)
    assert entry is not None
    other = SubjectHandle(new_handle())
    await small.api.kv_write(MOUNT, blob_path(small.place[0], other, 1), entry.data, 0)
    with pytest.raises(WrongKey):
        await read_blob(small.api, small.place[0], other, 1)


async def test_a_blob_moved_to_another_tenant_is_a_wrong_key(small: Person, openbao: RunningOpenBao) -> None:
    """Another tenant's key opens nothing of this one."""
    entry = await small.api.kv_read(MOUNT, small.path)
    assert entry is not None
    other = (await openbao.new_tenant(), *small.place[1:])
    await small.api.kv_write(MOUNT, blob_path(*other), entry.data, 0)
    with pytest.raises(WrongKey):
        await read_blob(small.api, *other)


@pytest.mark.parametrize("text", ["", "vault:v1:", "vault:v1:AAAA", "vault:v7:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_damaged_entry_is_a_wrong_key(small: Person, text: str) -> None:
    """Also when it is no ciphertext at all."""
    await small.api.kv_write(MOUNT, small.path, {"blob": text}, 1)
    with pytest.raises(WrongKey):
        await read_blob(small.work, *small.place)


async def test_an_entry_that_is_no_blob_is_a_missing_key(small: Person) -> None:
    """Something else lies at its path."""
    await small.api.kv_write(MOUNT, small.path, {"other": "field"}, 1)
    with pytest.raises(KeyMissing):
        await read_blob(small.work, *small.place)


async def test_a_head_that_even_pages_cannot_save_is_refused_and_not_written(small: Person) -> None:
    """Millions of generations of one person in one tenant; the old head stays as it is."""
    cursors = {(Month(month), number): 1 for month in range(220) for number in range(200)}
    with pytest.raises(VaultUnavailable, match="has grown"):
        await write_blob(small.api, *small.place, Blob("directory", 2, cursors, NEW), 1)
    assert (await small.head())[1] == 1


async def test_neither_head_nor_page_holds_a_seed_in_clear(paged: Person) -> None:
    """What lies in KV is ciphertext: whoever reads it without transit learns nothing."""
    head, _ = await paged.head()
    for path in (paged.path, *(f"{paged.path}/pages/{page.id.hex()}" for page in head.pages)):
        entry = await paged.api.kv_read(MOUNT, path)
        assert entry is not None
        stored = base64.b64decode("".join(entry.data.values()).removeprefix("vault:v1:"), validate=True)
        assert len(stored) > 100
        for node in (NEW[next(iter(NEW))][0], LARGE[PAGED][5]):
            assert node.seed not in stored
