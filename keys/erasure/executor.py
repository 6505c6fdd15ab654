"""Executes approved erasures from leased rows: a long one blocks nobody, a crashed one is taken over and resumed.

The lease is renewed while a step waits. Two executors at once do no harm: every step is idempotent and the fence is decided in
one
transaction.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import OperationalError
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout

from events.codec import Event
from events.errors import Corrupt, Pushback
from events.identifiers import ErasureId, SubjectHandle, TenantHandle
from events.records import ErasureStopped
from keys.erasure.steps import STEPS
from keys.erasure.work import Erasure, NotYet, Stop, Tools

_log = logging.getLogger(__name__)

IDLE_S = 0.1
RETRY_S = 1.0
ALARM_PAUSE_S = 30.0
LEASE_S = 15
RENEWAL_S = 4.0
AT_ONCE = 4

_TAKE = """
update erasure.erasures set owner = %(owner)s, leased_until = now() + make_interval(secs => %(lease_s)s)
where erasure = (
    select erasure from erasure.erasures
    where state in ('approved', 'fenced') and (leased_until is null or leased_until < now())
    order by requested_at limit 1 for update skip locked)
returning *
"""
_RENEW = """
update erasure.erasures set leased_until = now() + make_interval(secs => %s) where erasure = %s and owner = %s
"""
_RELEASE = "update erasure.erasures set leased_until = now() + make_interval(secs => %s) where erasure = %s and owner = %s"


class ErasureExecutor:
    """Runs until cancelled; at most `AT_ONCE` erasures side by side in one process."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._owner = secrets.token_hex(8)

    async def run(self) -> None:
        """Takes and executes erasures for ever."""
        async with asyncio.TaskGroup() as group:
            for number in range(AT_ONCE):
                group.create_task(self._lane(), name=f"erasures {number}")

    async def _lane(self) -> None:
        while True:
            try:
                work = await self._take()
            except (OperationalError, PoolTimeout) as away:
                _log.warning("PostgreSQL is away, waiting: %s", type(away).__name__)
                await asyncio.sleep(RETRY_S)
                continue
            if work is None:
                await asyncio.sleep(IDLE_S)
            else:
                await self._execute(work)

    async def _take(self) -> Erasure | None:
        async with self._tools.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_TAKE, {"owner": self._owner, "lease_s": LEASE_S})
            row = await cursor.fetchone()
        if row is None:
            return None
        return Erasure(
            ErasureId(row["erasure"]), TenantHandle(row["tenant"]), SubjectHandle(row["subject"]), row["lifecycle"],
            row["state"], row["request"], row["approval"], directory_path=row["directory_path"],
        )  # fmt: skip

    async def _execute(self, work: Erasure) -> None:
        try:
            async with self._renewing(work):
                for step in STEPS:
                    await step(work, self._tools)
        except Stop as stop:
            await self._stop(work, stop.reason)
        except NotYet:
            await self._release(work, IDLE_S)
        except (Pushback, OperationalError, PoolTimeout) as away:
            _log.warning("erasure %s waits: %s: %s", work.erasure, type(away).__name__, away)
            await self._release(work, RETRY_S)
        except Corrupt as alarm:
            # A damaged blob or a changed key: nobody may call that erased, and no other erasure may wait for it.
            _log.critical("erasure %s cannot go on: %s: %s", work.erasure, type(alarm).__name__, alarm)
            await self._release(work, ALARM_PAUSE_S)
        else:
            # The fold of ErasureEffective ends the row; until then nobody needs to take it again.
            await self._release(work, float(LEASE_S))

    async def _stop(self, work: Erasure, reason: str) -> None:
        _log.error("erasure %s is stopped: %s", work.erasure, reason)
        try:
            await self._tools.appender.append(Event(work.envelope(), ErasureStopped(work.erasure, reason)))
        except Pushback as away:
            _log.warning("erasure %s: its stop waits: %s", work.erasure, away)
            await self._release(work, RETRY_S)
        else:
            await self._release(work, float(LEASE_S))

    async def _release(self, work: Erasure, pause_s: float) -> None:
        try:
            async with self._tools.pool.connection() as connection:
                await connection.execute(_RELEASE, (pause_s, work.erasure, self._owner))
        except (OperationalError, PoolTimeout):
            _log.warning("erasure %s could not be released; its lease runs out", work.erasure)

    @asynccontextmanager
    async def _renewing(self, work: Erasure) -> AsyncIterator[None]:
        renewal = asyncio.create_task(self._renew(work), name=f"lease of erasure {work.erasure}")
        try:
            yield
        finally:
            renewal.cancel()

    async def _renew(self, work: Erasure) -> None:
        while True:
            await asyncio.sleep(RENEWAL_S)
            async with self._tools.pool.connection() as connection:
                await connection.execute(_RENEW, (LEASE_S, work.erasure, self._owner))
