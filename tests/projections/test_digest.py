"""The digest of a read model: the same for the same rows, whatever else differs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection

from events.positions.store import PositionStore, StoredPosition
from projections.digest import digest, digests
from projections.folds import UnknownProjection
from tests.projections import builders as b
from tests.projections.test_generations import fold

ROOT = Path(__file__).parents[2]
DIGEST_AGAIN = """
import asyncio, sys
from psycopg import AsyncConnection
from projections.digest import digests
async def main():
    async with await AsyncConnection.connect(sys.argv[1], autocommit=True) as connection:
        print(*[found.sha256 for found in await digests(connection)])
asyncio.run(main())
"""


async def fill(connection: AsyncConnection[Any]) -> None:
    """Some rows in every projection."""
    await fold(connection, "generations", b.event(b.prompt(1)), b.event(b.completed(1)), b.event(b.prompt(2)))
    await fold(connection, "accesses", b.event(b.accessed(1)))
    await fold(connection, "erasures", b.event(b.erasure_requested(1)), b.event(b.erasure_fenced(1)))
    await fold(connection, "registry", b.event(b.tenant_created("Ä")), b.event(b.model_registered("z", b"1" * 32)))


async def test_no_rows_have_a_digest_of_their_own(connection: AsyncConnection[Any]) -> None:
    """Four empty projections are four different things."""
    found = await digests(connection)
    assert len({each.sha256 for each in found}) == len(found) == 4


async def test_one_changed_value_changes_the_digest(connection: AsyncConnection[Any]) -> None:
    """A tampered row shows."""
    await fill(connection)
    before = await digest(connection, "generations")
    await connection.execute("update read.generations set adapter = 'other' where leaf = 1")
    assert (await digest(connection, "generations")).sha256 != before.sha256


async def test_order_of_writing_and_updates_leave_no_trace(connection: AsyncConnection[Any]) -> None:
    """Where PostgreSQL keeps a row says nothing about it."""
    await fill(connection)
    before = await digests(connection)
    await connection.execute("update read.generations set adapter = adapter where leaf = 1")
    await connection.execute("cluster read.generations using generations_by_tenant")
    assert await digests(connection) == before


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/St_Johns"])
async def test_time_zone_and_hash_seed_have_no_part(connection: AsyncConnection[Any], read_dsn: str, zone: str) -> None:
    """Another machine, another locale, the same number."""
    await fill(connection)
    expected = [found.sha256 for found in await digests(connection)]
    env = {
        "PYTHONPATH": str(ROOT),
        "PATH": os.defpath,
        "PGTZ": zone,
        "TZ": zone,
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
    }
    again = subprocess.run(  # noqa: ASYNC221, S603  a second interpreter is the point, and argv is ours
        [sys.executable, "-c", DIGEST_AGAIN, read_dsn],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.split() == expected


async def test_the_order_of_declared_columns_has_no_part(connection: AsyncConnection[Any]) -> None:
    """A column that was dropped and added again is last in the table and where it was in the digest."""
    await fill(connection)
    before = await digest(connection, "registry")
    await connection.execute("alter table read.tenants rename column name to was")
    await connection.execute("alter table read.tenants add column name text")
    await connection.execute("update read.tenants set name = was")
    assert (await digest(connection, "registry")).sha256 == before.sha256


async def test_says_for_which_positions_it_holds(connection: AsyncConnection[Any]) -> None:
    """A digest without its place in the log could not be compared with anything."""
    store, place = PositionStore("read"), "intaglio.registry.v1"
    async with connection.transaction():
        stored = await store.lock(connection, "registry", place, [0])
        await store.advance(connection, "registry", place, {0: (stored[0], StoredPosition(41, b"d" * 32))})
    assert (await digest(connection, "registry")).positions == {0: 41}


async def test_an_unknown_projection_is_named(connection: AsyncConnection[Any]) -> None:
    """The error says which ones there are."""
    with pytest.raises(UnknownProjection, match="there are generations"):
        await digest(connection, "nonsense")
