"""A database of its own for each test, with schema `read` in it; copied from a template that is made once."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo

from projections.replay import migrations
from tests.events.positions.harness import Broker
from tests.projections.platform import Platform, open_platform


async def _run(dsn: str, statement: sql.Composed) -> None:
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(statement)


@pytest.fixture(scope="session")
async def template(postgres: Any) -> AsyncIterator[str]:
    """The name of a database that has the read models and no rows."""
    name = f"template_{secrets.token_hex(6)}"
    await _run(postgres.dsn, sql.SQL("create database {}").format(sql.Identifier(name)))
    async with await AsyncConnection.connect(make_conninfo(postgres.dsn, dbname=name), autocommit=True) as connection:
        for statement in migrations():
            await connection.execute(statement)
    yield name
    await _run(postgres.dsn, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
async def empty_dsn(postgres: Any) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"empty_{secrets.token_hex(6)}"
    await _run(postgres.dsn, sql.SQL("create database {}").format(sql.Identifier(name)))
    yield make_conninfo(postgres.dsn, dbname=name)
    await _run(postgres.dsn, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
async def read_dsn(postgres: Any, template: str) -> AsyncIterator[str]:
    """A database with empty read models."""
    name = f"read_{secrets.token_hex(6)}"
    create = sql.SQL("create database {} template {}")
    await _run(postgres.dsn, create.format(sql.Identifier(name), sql.Identifier(template)))
    yield make_conninfo(postgres.dsn, dbname=name)
    await _run(postgres.dsn, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
async def connection(read_dsn: str) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection to `read_dsn`, in autocommit."""
    async with await AsyncConnection.connect(read_dsn, autocommit=True) as opened:
        yield opened


@pytest.fixture
async def platform(kafka: Any, read_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """Read models over topics of the test's own."""
    async with open_platform(Broker(kafka.bootstrap, kafka.security), read_dsn, monkeypatch) as opened:
        yield opened
