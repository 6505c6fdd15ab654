"""The steps of an erasure on a person whose keys lie in pages: gone with the head, swept after it, and resumed after a crash."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from events.identifiers import ErasureId, SubjectHandle, TenantHandle
from keys.blob import TreeId, destroy_blob, list_pages, read_blob, read_tree, write_blob
from keys.coordinates import Purpose
from keys.directory import is_entombed, register
from keys.erasure.steps.destroy import destroy
from keys.erasure.steps.read_back import read_back
from keys.erasure.work import Erasure, Tools
from keys.errors import KeyMissing, VaultUnavailable
from keys.vault import Vault
from tests.keys.builders import NOVEMBER, wide
from tests.keys.conftest import NOW
from tests.services.fix_postgres import RunningPostgres

MIGRATION = Path(__file__).parents[2] / "keys" / "erasure" / "migrations" / "0001_erasure.sql"


async def reach(_point: str) -> None:
    """Nobody is killed here."""


@pytest.fixture
async def tools(postgres: RunningPostgres, shred_vault: Vault) -> AsyncIterator[Tools]:
    """What these two steps need of `shred`, on a database of its own."""
    name = sql.Identifier(f"erasure_{secrets.token_hex(6)}")
    async with await AsyncConnection.connect(postgres.dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("create database {}").format(name))
        dsn = make_conninfo(postgres.dsn, dbname=name.as_string().strip('"'))
        async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
            async with pool.connection() as connection:
                await connection.execute(MIGRATION.read_bytes())
            yield cast("Tools", SimpleNamespace(pool=pool, vault=shred_vault, reach=reach))
        await admin.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
async def erasure(api_vault: Vault, tenant: TenantHandle) -> Erasure:
    """Of a person with a month in pages, one for each purpose at least."""
    entry = (await register(api_vault, tenant, "somebody", NOW)).entry
    found = await read_blob(api_vault, tenant, entry.subject, entry.lifecycle)
    assert found is not None
    blob, version = found
    blob.trees.update({TreeId(NOVEMBER, 1, purpose): wide(8000, purpose) for purpose in Purpose})
    await write_blob(api_vault, tenant, entry.subject, entry.lifecycle, blob, version)
    return Erasure(ErasureId(uuid4()), tenant, entry.subject, entry.lifecycle, "fenced", b"", b"")


def whose(erasure: Erasure) -> tuple[TenantHandle, SubjectHandle, int]:
    """Whom it concerns."""
    return erasure.tenant, erasure.subject, erasure.lifecycle


async def test_nothing_is_left_of_head_pages_and_entry(tools: Tools, erasure: Erasure) -> None:
    """And the reading afterwards counts."""
    assert len(await list_pages(tools.vault, *whose(erasure))) > 2
    await destroy(erasure, tools)
    await read_back(erasure, tools)
    assert erasure.read_backs == 1
    assert await list_pages(tools.vault, *whose(erasure)) == []
    assert erasure.directory_path is not None
    assert await is_entombed(tools.vault, erasure.directory_path)
    with pytest.raises(KeyMissing):
        await read_tree(tools.vault, *whose(erasure), TreeId(NOVEMBER, 1, Purpose.MEDIA))


async def test_a_page_that_is_still_there_is_no_effective_erasure(tools: Tools, erasure: Erasure) -> None:
    """Destroyed, but not swept: the reading says so, and the steps run again."""
    await destroy_blob(tools.vault, *whose(erasure))
    with pytest.raises(VaultUnavailable, match="pages"):
        await read_back(erasure, tools)
    assert erasure.read_backs == 0


async def test_an_erasure_that_crashed_after_the_head_sweeps_the_pages(tools: Tools, erasure: Erasure) -> None:
    """The head is gone already, so nothing lists them any more."""
    await destroy_blob(tools.vault, *whose(erasure))
    await destroy(erasure, tools)
    await read_back(erasure, tools)
    assert erasure.read_backs == 1


async def test_destroying_again_changes_nothing(tools: Tools, erasure: Erasure) -> None:
    """Every step may run twice."""
    await destroy(erasure, tools)
    await destroy(erasure, tools)
    await read_back(erasure, tools)
    assert erasure.read_backs == 1
