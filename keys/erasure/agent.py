"""The fold of erasure events into the rows that the executor leases. Pure: it checks no signature and decides nothing.

The first request of an id counts, the first decision of another event counts; later ones change nothing.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from events.positions.fold import FoldedRecord
from events.records import (
    ErasureApproved,
    ErasureEffective,
    ErasureFenced,
    ErasureRefused,
    ErasureRequested,
    ErasureStopped,
)
from events.topics import ERASURES

_REQUEST = """
insert into erasure.erasures (erasure, tenant, subject, lifecycle, request, requested_at)
values (%s, %s, %s, %s, %s, %s) on conflict (erasure) do nothing
"""
_APPROVE = "update erasure.erasures set state = 'approved', approval = %s where erasure = %s and state = 'requested'"
_REFUSE = "update erasure.erasures set state = 'refused' where erasure = %s and state = 'requested'"
_STOP = "update erasure.erasures set state = 'stopped' where erasure = %s and state in ('requested', 'approved')"
_FENCE = """
update erasure.erasures set state = 'fenced', fence_offset = coalesce(fence_offset, %s)
where erasure = %s and state = 'approved'
"""
_FENCE_SCOPE = "insert into erasure.fences (tenant, subject, lifecycle, erasure) values (%s, %s, %s, %s) on conflict do nothing"
_EFFECTIVE = "update erasure.erasures set state = 'effective', owner = null where erasure = %s and state = 'fenced'"


class ErasureFold:
    """Satisfies `events.positions.fold.Fold`."""

    projection = "erasure-work"
    topic = ERASURES

    async def write(self, connection: AsyncConnection[Any], batch: Sequence[FoldedRecord]) -> None:
        """Moves rows from state to state; durable when the caller commits."""
        for folded in batch:
            if folded.event is not None:
                for statement, values in _changes(folded):
                    await connection.execute(statement, values)


def _changes(folded: FoldedRecord) -> list[tuple[str, tuple[Any, ...]]]:
    event = folded.event
    if event is None:
        return []
    tenant, value = event.envelope.tenant, folded.record.value
    changes: list[tuple[str, tuple[Any, ...]]] = []
    match event.body:
        case ErasureRequested() as body:
            scope = (body.scope_subject, body.scope_lifecycle)
            changes = [(_REQUEST, (body.erasure, tenant, *scope, value, folded.record.timestamp))]
        case ErasureApproved() as body:
            changes = [(_APPROVE, (value, body.erasure))]
        case ErasureRefused() as body:
            changes = [(_REFUSE, (body.erasure,))]
        case ErasureStopped() as body:
            changes = [(_STOP, (body.erasure,))]
        case ErasureFenced() as body:
            scope = (body.scope_subject, body.scope_lifecycle)
            changes = [(_FENCE, (folded.record.offset, body.erasure)), (_FENCE_SCOPE, (tenant, *scope, body.erasure))]
        case ErasureEffective() as body:
            changes = [(_EFFECTIVE, (body.erasure,))]
        case _:
            pass
    return changes
