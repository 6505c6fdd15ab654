"""`log replay`: the read models as they were, folded on this machine from raw events, in a PostgreSQL that is dropped after.

Nothing that the platform's own tables say is believed: only the bytes of the log go in.
"""

import asyncio
import base64
import json
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from events.read import Record
from events.topics import ALL
from infra.cli.context import PlatformClient
from infra.cli.show import show_json, show_rows
from infra.embedded.child import Child
from infra.embedded.postgres import admin_dsn, ensure_database, postgres_spec, prepare_postgres
from keys.secrets import Secret
from projections.digest import digests
from projections.replay import replay as fold

_TOPICS = {topic.name: topic for topic in ALL}


def replay(client: PlatformClient, until: str, *, as_json: bool) -> int:
    """Fetches, folds, prints the prefix of each partition and the digest and size of each read model."""
    with client.stream("GET", "/v1/events", params={"raw": "1", "to": until}, timeout=None) as response:
        records = [_record(json.loads(line)) for line in response.iter_lines() if line]
    prefix: dict[str, int] = {}
    for record in records:
        place = f"{record.topic.name}[{record.partition}]"
        prefix[place] = max(prefix.get(place, 0), record.offset + 1)
    rows = asyncio.run(_fold(records))
    if as_json:
        show_json({"prefix": prefix, "projections": rows})
        return 0
    for place, end in sorted(prefix.items()):
        print(f"{place} 0..{end - 1}")
    show_rows(rows, ("name", "sha256"), as_json=False)
    return 0


def _record(line: dict[str, Any]) -> Record:
    return Record(
        _TOPICS[line["topic"]],
        line["partition"],
        line["offset"],
        datetime.fromisoformat(line["timestamp"]),
        _bytes(line["key"]),
        [(name, base64.b64decode(value)) for name, value in line["headers"]],
        _bytes(line["value"]),
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


async def _fold(records: Iterable[Record]) -> list[dict[str, Any]]:
    directory = Path(tempfile.mkdtemp(prefix="intaglio-replay-"))
    password = Secret(secrets.token_urlsafe(16))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = None
    try:
        await asyncio.to_thread(lambda: prepare_postgres(directory, port=port, password=password))
        child = Child(postgres_spec(directory, port=port, password=password, log=directory / "log"))
        await child.start()
        await child.wait_ready()
        await ensure_database(port, password)
        dsn = admin_dsn(port, password).reveal()
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await fold(connection, records)
            found = await digests(connection)
        return [{"name": item.name, "positions": item.positions, "sha256": item.sha256} for item in found]
    finally:
        if child is not None:
            await child.stop()
        shutil.rmtree(directory, ignore_errors=True)
