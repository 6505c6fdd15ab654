"""What every bench has: the report of the run, an empty log under the topics' own names, and read models of its own."""

import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo

from events.topics import GENERATIONS, Topic
from projections.replay import migrations
from tests.bench.ratios import Report
from tests.events.positions.harness import Broker
from tests.services.fix_kafka import RunningKafka
from tests.services.fix_postgres import RunningPostgres

REPORT = Path(__file__).parents[2] / "bench.json"


@pytest.fixture(scope="session")
def report() -> Iterator[Report]:
    """Prints each finding and writes all of them to `bench.json` beside the Makefile."""

    def say(line: str) -> None:
        sys.stdout.write(f"\n{line}")
        sys.stdout.flush()

    made = Report(say)
    yield made
    made.write(REPORT)
    say(f"written to {REPORT.name}\n")


@pytest.fixture(scope="session")
async def broker(kafka: RunningKafka) -> Broker:
    """The broker of the run."""
    return Broker(kafka.bootstrap, kafka.security)


@pytest.fixture
async def log(broker: Broker) -> AsyncIterator[Topic]:
    """The topic of generations under its own name, as appender and decoder want it; empty at first and gone after."""
    await broker.create(GENERATIONS)
    yield GENERATIONS
    async with broker.admin() as admin:
        await admin.delete_topics([GENERATIONS.name])


@pytest.fixture
async def read_models(postgres: RunningPostgres) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection in autocommit to a database with empty read models."""
    name = f"bench_{secrets.token_hex(6)}"
    async with await AsyncConnection.connect(postgres.dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        async with await AsyncConnection.connect(make_conninfo(postgres.dsn, dbname=name), autocommit=True) as connection:
            for statement in migrations():
                await connection.execute(statement)
            yield connection
        await admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
