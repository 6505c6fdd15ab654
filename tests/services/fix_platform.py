"""A whole embedded platform for the whole run, as `intaglio up` starts it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from infra.embedded.platform import running_platform
from tests.services.fix_kafka import CACHE


@pytest.fixture(scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mapping[str, Any]]:
    """What is in its `run.json`."""
    root = tmp_path_factory.mktemp("platform")
    async with running_platform(root, api_port=0, cache=CACHE, announce=lambda _: None) as run:
        yield run
