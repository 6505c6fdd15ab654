"""A bench for each test: its own topic, schema and consumer group on the shared services."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.events.positions.harness import Bench, Broker, decode_text, open_bench


@pytest.fixture
async def bench(kafka: Any, postgres: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """Folds text instead of events."""
    monkeypatch.setattr("events.positions.decoding.decode_record", decode_text)
    broker = Broker(kafka.bootstrap, kafka.security)
    async with open_bench(broker, postgres.dsn) as opened:
        yield opened
