"""The fold of generations into jobs: the first prompt of an id is admitted, the first end in the log counts."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from events.identifiers import NO_SUBJECT
from events.positions.fold import FoldedRecord
from events.records import (
    CancellationRequested,
    GenerationCancelled,
    GenerationCompleted,
    GenerationFailed,
    PromptSubmitted,
)
from events.topics import GENERATIONS

_ADMIT = """
insert into work.jobs (generation, tenant, subject, lifecycle, month, tree, leaf, model_digest, adapter, shape_bucket,
    sealed, submitted_at, submitted_event, correlation)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (generation) do nothing
"""
_CANCEL = "update work.jobs set cancel_requested = true where generation = %s and state <> 'done'"
_END = """
update work.jobs set
    outcome = coalesce(outcome, %(outcome)s),
    outcome_epoch = case when outcome is null then %(epoch)s else outcome_epoch end,
    state = 'done', sealed = null, owner = null, leased_until = null, sweep_due = %(at)s
where generation = %(generation)s
"""
_OUTCOMES = {GenerationCompleted: "completed", GenerationFailed: "failed", GenerationCancelled: "cancelled"}


class JobFold:
    """Satisfies `events.positions.fold.Fold`."""

    projection = "jobs"
    topic = GENERATIONS

    async def write(self, connection: AsyncConnection[Any], batch: Sequence[FoldedRecord]) -> None:
        """Admits, marks and ends jobs; durable when the caller commits."""
        for folded in batch:
            if folded.event is None:
                continue
            body = folded.event.body
            if isinstance(body, PromptSubmitted):
                await connection.execute(_ADMIT, _row(folded))
            elif isinstance(body, CancellationRequested):
                await connection.execute(_CANCEL, (body.generation,))
            elif isinstance(body, GenerationCompleted | GenerationFailed | GenerationCancelled):
                end = {
                    "generation": body.generation,
                    "outcome": _OUTCOMES[type(body)],
                    "epoch": body.epoch,
                    "at": folded.record.timestamp,
                }
                await connection.execute(_END, end)


def _row(folded: FoldedRecord) -> tuple[Any, ...]:
    if folded.event is None or not isinstance(folded.event.body, PromptSubmitted):
        raise TypeError("only a submitted prompt is a job")
    envelope, body = folded.event.envelope, folded.event.body
    return (
        body.generation, envelope.tenant, envelope.subject or NO_SUBJECT, envelope.lifecycle or 0, body.month, body.tree,
        body.leaf, body.model_digest, body.adapter, body.shape_bucket, body.sealed, folded.record.timestamp, envelope.id,
        envelope.correlation,
    )  # fmt: skip
