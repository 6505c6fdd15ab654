"""A process that folds until it kills itself at a named point; its work order comes as JSON on standard input."""

import asyncio
import json
import os
import signal
import sys

from psycopg_pool import AsyncConnectionPool

from events.positions import decoding
from events.positions.application import build_fold_app
from events.security import KafkaSecurity
from events.topics import KeyedBy, Topic
from tests.events.positions.harness import SeenFold, decode_text


async def run(order: dict[str, str]) -> None:
    """Folds the topic of the order until its point is reached."""

    async def die_at(point: str) -> None:
        if point == order["point"]:
            os.kill(os.getpid(), signal.SIGKILL)

    topic = Topic(order["topic"], int(order["partitions"]), KeyedBy.TENANT_AND_SUBJECT)
    async with AsyncConnectionPool(order["dsn"], min_size=1, open=False) as pool:
        app = build_fold_app(
            name=order["group"],
            process="project",
            bootstrap=order["bootstrap"],
            security=KafkaSecurity(order["protocol"], order["mechanism"], order["username"], order["password"]),
            pool=pool,
            schema=order["schema"],
            folds=[SeenFold(order["schema"], topic)],
            on_point=die_at,
        )
        async with app.running():
            await asyncio.sleep(60)


setattr(decoding, "decode_record", decode_text)  # noqa: B010  the name is not the module's own
asyncio.run(run(json.load(sys.stdin)))
