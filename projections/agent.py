"""The live projector: a fold app over every projection, which alone announces what it could not decode."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from psycopg_pool import AsyncConnectionPool

from events.append import Appender
from events.codec import Event
from events.envelope import new_envelope
from events.identifiers import PLATFORM
from events.positions.application import FoldApp, build_fold_app
from events.positions.folder import OnPoint
from events.read import Record
from events.records import RecordQuarantined
from events.security import KafkaSecurity
from projections.folds import PROJECTIONS, SCHEMA

PROCESS = "project"
GROUP = "intaglio-project"


def build_projector(
    *,
    bootstrap: str,
    security: KafkaSecurity,
    pool: AsyncConnectionPool[Any],
    appender: Appender,
    on_point: OnPoint | None = None,
    session_timeout_s: float = 6.0,
) -> FoldApp:
    """The fold app of `project`.

    `pool` logs in as a role that may write schema `read`, `appender` is a started one of `project`.
    """
    return build_fold_app(
        name=GROUP,
        process=PROCESS,
        bootstrap=bootstrap,
        security=security,
        pool=pool,
        schema=SCHEMA,
        folds=PROJECTIONS,
        on_quarantine=announce_with(appender),
        on_point=on_point,
        session_timeout_s=session_timeout_s,
    )


def announce_with(appender: Appender) -> Callable[[Record, str], Awaitable[None]]:
    """Appends RecordQuarantined and returns once the broker has it.

    Coordinates and digests, never the bytes.
    """

    async def announce(record: Record, reason: str) -> None:
        body = RecordQuarantined(
            source_topic=record.topic.name,
            source_partition=record.partition,
            source_offset=record.offset,
            key_sha256=hashlib.sha256(record.key or b"").digest(),
            value_sha256=hashlib.sha256(record.value or b"").digest(),
            reason=reason,
        )
        await appender.append(Event(new_envelope(source=PROCESS, tenant=PLATFORM, purpose="operation"), body))

    return announce
