"""A real Apache Kafka for the whole run, started as the embedded platform starts it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from events.security import KafkaSecurity
from infra.embedded.child import Child
from infra.embedded.jars import class_path
from infra.embedded.kafka import ADMIN, kafka_spec, prepare_kafka, wait_for_broker
from keys.secrets import Secret
from tests.services.ports import free_ports

PASSWORD = Secret("kafka-password-of-the-tests")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "intaglio"


@dataclass(frozen=True)
class RunningKafka:
    """A broker that a test may use, with its administrator's rights; `start` and `child` are for those that stop it."""

    bootstrap: str
    security: KafkaSecurity
    child: Child

    async def restart(self) -> None:
        """Starts it again after it was stopped or killed; returns once it lets its administrator in."""
        await self.child.start()
        await self.child.wait_ready()
        await wait_for_broker(self.bootstrap, PASSWORD)


@asynccontextmanager
async def running_kafka(directory: Path) -> AsyncIterator[RunningKafka]:
    """A broker with its data in that directory."""
    port, controller_port = free_ports(2)
    prepare_kafka(directory, port=port, controller_port=controller_port, password=PASSWORD, class_path=class_path(CACHE))
    kafka = RunningKafka(
        f"127.0.0.1:{port}",
        KafkaSecurity.scram(ADMIN, PASSWORD.reveal()),
        Child(kafka_spec(directory, port=port, log=directory / "kafka.log")),
    )
    await kafka.restart()
    try:
        yield kafka
    finally:
        await kafka.child.stop()


@pytest.fixture(scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningKafka]:
    """The broker that most tests share; each makes topics of its own."""
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running
