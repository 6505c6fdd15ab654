"""The topics of the catalogue on a real broker, and clients of it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from events.append import Appender
from events.read import LogReader
from events.topics import ALL
from tests.services.fix_kafka import RunningKafka, running_kafka

_ALREADY_THERE = 36


async def make_topics(kafka: RunningKafka) -> None:
    """All topics of the log, with their settings; those that are there stay."""
    new = [NewTopic(topic.name, topic.partitions, 1, topic_configs=dict(topic.settings)) for topic in ALL]
    client = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap, **kafka.security.client_kwargs())
    await client.start()
    try:
        answer = await client.create_topics(new)
        assert {error[1] for error in answer.topic_errors} <= {0, _ALREADY_THERE}
        while len(await client.list_topics()) < len(ALL):  # noqa: ASYNC110  the broker tells nobody
            await asyncio.sleep(0.05)
    finally:
        await client.close()


@pytest.fixture(scope="session")
async def log(kafka: RunningKafka) -> RunningKafka:
    """The broker that tests share, with the topics of the log. Other tests append too: begin at the end."""
    await make_topics(kafka)
    return kafka


@pytest.fixture(scope="session")
async def own_log(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningKafka]:
    """A broker that tests may stop and freeze; each leaves it running."""
    async with running_kafka(tmp_path_factory.mktemp("own-kafka")) as running:
        await make_topics(running)
        yield running


@asynccontextmanager
async def frozen(kafka: RunningKafka) -> AsyncIterator[None]:
    """The broker stops in mid-flow, keeps its connections and answers nothing."""
    os.killpg(kafka.child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(kafka.child.pid, signal.SIGCONT)


@pytest.fixture
def reader(log: RunningKafka) -> LogReader:
    """A reader of the shared log."""
    return LogReader(bootstrap=log.bootstrap, security=log.security)


@pytest.fixture
async def appender(log: RunningKafka) -> AsyncIterator[Appender]:
    """The appender of `api` on the shared log."""
    made = Appender(bootstrap=log.bootstrap, security=log.security, process="api")
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
