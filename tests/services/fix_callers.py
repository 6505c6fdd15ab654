"""Callers of a running platform, one a role, and a way to wait for what they asked for."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

Caller = Callable[[str], httpx.Client]


@pytest.fixture
def caller(running: Mapping[str, Any]) -> Iterator[Caller]:
    """An HTTP client with the credential of a role, or of nobody for `nobody`."""
    with ExitStack() as stack:

        def make(role: str) -> httpx.Client:
            headers = {}
            if role != "nobody":
                key = Path(running["credentials"][role]).read_text(encoding="utf-8").strip()
                headers["Authorization"] = f"Bearer {key}"
            return stack.enter_context(httpx.Client(base_url=running["api"], headers=headers, timeout=60.0))

        yield make


def wait_for(client: httpx.Client, path: str, field: str, values: set[str], timeout_s: float = 60.0) -> dict[str, Any]:
    """The answer of `path` once its `field` is one of `values`."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer: dict[str, Any] = client.get(path).raise_for_status().json()
        if answer[field] in values:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{field} is still {answer[field]}")
        time.sleep(0.1)
