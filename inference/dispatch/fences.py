"""The fold of erasures into fences: what a worker looks at before it opens, uploads or reports anything."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from events.positions.fold import FoldedRecord
from events.records import ErasureFenced
from events.topics import ERASURES

_FENCE = "insert into work.fences (tenant, subject, lifecycle, erasure) values (%s, %s, %s, %s) on conflict do nothing"


class FenceFold:
    """Satisfies `events.positions.fold.Fold`."""

    projection = "job-fences"
    topic = ERASURES

    async def write(self, connection: AsyncConnection[Any], batch: Sequence[FoldedRecord]) -> None:
        """Notes fences; durable when the caller commits."""
        for folded in batch:
            if folded.event is not None and isinstance(folded.event.body, ErasureFenced):
                body = folded.event.body
                place = (folded.event.envelope.tenant, body.scope_subject, body.scope_lifecycle, body.erasure)
                await connection.execute(_FENCE, place)
