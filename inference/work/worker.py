"""The worker's loop: lease a job, draw it, bring it to its end; one at a time, one device.

A service that is away makes it wait or give the job back, never lose it: the lease runs out by itself if the worker dies, and
the next
one begins a new epoch. The heartbeat looks at cancellation and fence once a second, and the engine stops between two steps.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from events.append import Appender
from events.codec import Event
from events.contents import PromptContent, decode_content
from events.errors import Corrupt, Pushback, Refused
from events.records import GenerationFailed, GenerationStarted
from inference.engine.process import Engine
from inference.engine.protocol import Draw
from inference.errors import EngineDied, EngineStopped, ModelChanged
from inference.models.store import fetch
from inference.work.lease import MOST_ATTEMPTS, Lease, extend, give_back, stopped, take
from inference.work.output import Point, deliver, envelope_of
from keys.coordinates import Expectation, Kind, Purpose
from keys.errors import KeyMissing
from keys.objects import SealedObjects
from keys.opening import open_leaf
from keys.sealed import unseal
from keys.vault import Vault

_log = logging.getLogger(__name__)

IDLE_S = 0.1
HEARTBEAT_S = 1.0
AWAY_S = 1.0


async def _no_point(_name: str) -> None:
    return


@dataclass(slots=True)
class _Progress:
    """What the heartbeat writes and the engine reads."""

    done: int = 0
    total: int = 0
    must_stop: bool = field(default=False)


class Worker:
    """One device's worker. `run` until cancelled."""

    def __init__(
        self,
        *,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        appender: Appender,
        vault: Vault,
        objects: SealedObjects,
        engine: Engine,
        cache: Path,
        key_life_s: float,
        reach: Point = _no_point,
    ) -> None:
        self._pool, self._appender, self._vault, self._objects = pool, appender, vault, objects
        self._engine, self._cache, self._key_life_s, self._reach = engine, cache, key_life_s, reach
        self.name = f"{socket.gethostname()}-{secrets.token_hex(4)}"

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    lease = await take(connection, self.name)
            except (OperationalError, PoolTimeout) as away:
                _log.warning("PostgreSQL is away, waiting: %s", type(away).__name__)
                await asyncio.sleep(AWAY_S)
                continue
            if lease is None:
                await asyncio.sleep(IDLE_S)
            else:
                await self._guarded(lease)

    async def _guarded(self, lease: Lease) -> None:
        """Does one job; whatever is away gives it back, whatever cannot be done ends it."""
        try:
            if lease.attempts > MOST_ATTEMPTS:
                await self._fail(lease, "abandoned")
            else:
                await self._do(lease)
        except EngineDied as died:
            _log.warning("generation %s: %s", lease.generation, died)
            await self._give_back(lease, count_attempt=True)
        except (Pushback, OperationalError, PoolTimeout) as away:
            _log.warning("generation %s waits: %s: %s", lease.generation, type(away).__name__, away)
            await self._give_back(lease, count_attempt=False)

    async def _do(self, lease: Lease) -> None:
        async with self._heartbeat(lease) as progress:
            try:
                await self._appender.append(
                    Event(
                        envelope_of(lease),
                        GenerationStarted(lease.generation, lease.epoch, self.name, lease.model_digest),
                    )
                )
                await self._draw_and_deliver(lease, progress)
            except EngineStopped as end:
                await self._leave_receipt(lease, end.steps_done, end.device_ms)
            except KeyMissing:
                if await self._may_go_on(lease, progress):
                    # No fence says why: an alarm, and never called an erasure.
                    _log.error("generation %s: its key is missing although nothing was erased", lease.generation)
                    await self._fail(lease, "key-missing")
                else:
                    await self._leave_receipt(lease, progress.done, 0)
            except (ModelChanged, Corrupt, Refused) as impossible:
                _log.error("generation %s: %s", lease.generation, impossible)
                await self._fail(lease, impossible.code)

    async def _draw_and_deliver(self, lease: Lease, progress: _Progress) -> None:
        model = await fetch(self._objects, lease.model_digest, self._cache)
        content = await self._open_prompt(lease)
        progress.total = content.steps
        request = Draw(
            str(model), lease.model_digest, content.prompt, content.negative_prompt, content.width_px,
            content.height_px, content.steps, content.seed,
        )  # fmt: skip

        async def on_step(done: int, _total: int) -> None:
            progress.done = done

        drawn = await self._engine.draw(request, on_step, lambda: progress.must_stop)
        delivered = await deliver(
            lease,
            drawn,
            content.seed,
            vault=self._vault,
            objects=self._objects,
            appender=self._appender,
            environment=self._engine.environment,
            key_life_s=self._key_life_s,
            may_go_on=lambda: self._may_go_on(lease, progress),
            reach=self._reach,
        )
        if not delivered:
            await self._leave_receipt(lease, drawn.steps, drawn.device_ms)

    async def _open_prompt(self, lease: Lease) -> PromptContent:
        expectation = Expectation(lease.place, Purpose.PROMPT, lease.generation, Kind.PROMPT)
        async with open_leaf(self._vault, lease.place, Purpose.PROMPT, self._key_life_s) as leaf:
            return decode_content(unseal(leaf, expectation, lease.sealed), PromptContent)

    @asynccontextmanager
    async def _heartbeat(self, lease: Lease) -> AsyncIterator[_Progress]:
        progress = _Progress()
        beating = asyncio.create_task(self._beat(lease, progress), name=f"heartbeat {lease.generation}")
        try:
            yield progress
        finally:
            beating.cancel()

    async def _beat(self, lease: Lease, progress: _Progress) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                progress.must_stop |= not await self._may_go_on(lease, progress)
            except (OperationalError, PoolTimeout):
                # Without PostgreSQL nobody can know whether the lease still stands, so the picture stops.
                progress.must_stop = True

    async def _may_go_on(self, lease: Lease, progress: _Progress) -> bool:
        async with self._pool.connection() as connection:
            return await extend(connection, lease, progress.done, progress.total)

    async def _leave_receipt(self, lease: Lease, steps_done: int, device_ms: int) -> None:
        async with self._pool.connection() as connection:
            await stopped(connection, lease, steps_done, device_ms)

    async def _fail(self, lease: Lease, reason: str) -> None:
        body = GenerationFailed(lease.generation, lease.epoch, reason, 0)
        await self._appender.append(Event(envelope_of(lease), body))

    async def _give_back(self, lease: Lease, *, count_attempt: bool) -> None:
        try:
            async with self._pool.connection() as connection:
                await give_back(connection, lease, count_attempt=count_attempt)
        except (OperationalError, PoolTimeout):
            # The lease runs out by itself, which gives the job back a little later.
            _log.warning("generation %s could not be given back; its lease runs out", lease.generation)
