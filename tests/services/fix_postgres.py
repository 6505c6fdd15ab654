"""A real PostgreSQL for the whole run, started as the embedded platform starts it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.embedded.child import Child
from infra.embedded.postgres import admin_dsn, ensure_database, postgres_spec, prepare_postgres
from keys.secrets import Secret
from tests.services.ports import free_ports

PASSWORD = Secret("postgres-password-of-the-tests")


@dataclass(frozen=True)
class RunningPostgres:
    """A server and its superuser's way in."""

    port: int
    child: Child

    @property
    def dsn(self) -> str:
        """The superuser's connection string to the platform's database."""
        return admin_dsn(self.port, PASSWORD).reveal()

    async def restart(self) -> None:
        """Starts it again after it was stopped or killed; returns once it accepts connections."""
        await self.child.start()
        await self.child.wait_ready()


@asynccontextmanager
async def running_postgres(directory: Path) -> AsyncIterator[RunningPostgres]:
    """A server with its data in that directory."""
    (port,) = free_ports(1)
    prepare_postgres(directory, port=port, password=PASSWORD)
    spec = postgres_spec(directory, port=port, password=PASSWORD, log=directory / "postgres.log")
    postgres = RunningPostgres(port, Child(spec))
    await postgres.restart()
    try:
        await ensure_database(port, PASSWORD)
        yield postgres
    finally:
        await postgres.child.stop()


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningPostgres]:
    """The server that most tests share; each makes databases or schemas of its own."""
    async with running_postgres(tmp_path_factory.mktemp("postgres")) as running:
        yield running
