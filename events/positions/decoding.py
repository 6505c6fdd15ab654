"""Bytes to events for a fold, and what may be quarantined.

Only bytes that no release could ever read under the schema that they name are passed over, as a pure function
of the record, and never on erasures or registry, where a record that is not understood could be an order. An
unknown schema waits for an upgrade.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from events.errors import UndecodableRecord, UnknownSchema
from events.positions.fold import FoldedRecord
from events.read import Record, decode_record
from events.topics import ERASURES, REGISTRY

NEVER_QUARANTINED = frozenset({ERASURES, REGISTRY})


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record whose event could not be read, and the stable code of why."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """A run up to its end, or up to the first record that may not be passed (`stopped_by`)."""

    batch: list[FoldedRecord]
    quarantined: list[Quarantined]
    stopped_by: UnknownSchema | UndecodableRecord | None


def decode_run(records: Sequence[Record]) -> Decoded:
    """Decodes up to the first record of an unknown schema, or an undecodable one that may not be passed."""
    batch: list[FoldedRecord] = []
    quarantined: list[Quarantined] = []
    for record in records:
        try:
            batch.append(FoldedRecord(record, decode_record(record)))
        except UndecodableRecord as error:
            if record.topic in NEVER_QUARANTINED:
                return Decoded(batch, quarantined, error)
            batch.append(FoldedRecord(record, None))
            quarantined.append(Quarantined(record, error.code))
        except UnknownSchema as error:
            return Decoded(batch, quarantined, error)
    return Decoded(batch, quarantined, None)
