"""The topics of the log: names, partition counts and settings, fixed for life.

Nothing is ever compacted or expires; a count never changes, because the order of every key would change with it. Erasures and
registry have one partition each, since their commands need one order, and every one of their records is flushed to disk at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType


class KeyedBy(Enum):
    """What the record key is made of."""

    TENANT_AND_SUBJECT = "tenant and subject"
    TENANT = "tenant"
    NOTHING = "nothing"


_FOR_EVER: Mapping[str, str] = MappingProxyType(
    {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "message.timestamp.type": "LogAppendTime",
    }
)
_FLUSHED: Mapping[str, str] = MappingProxyType({**_FOR_EVER, "flush.messages": "1"})


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `settings` are the broker's, as strings."""

    name: str
    partitions: int
    keyed_by: KeyedBy
    settings: Mapping[str, str] = field(default_factory=lambda: _FOR_EVER, hash=False, compare=False)


GENERATIONS = Topic("intaglio.generations.v1", 12, KeyedBy.TENANT_AND_SUBJECT)
ACCESSES = Topic("intaglio.accesses.v1", 12, KeyedBy.TENANT_AND_SUBJECT)
ERASURES = Topic("intaglio.erasures.v1", 1, KeyedBy.TENANT, _FLUSHED)
REGISTRY = Topic("intaglio.registry.v1", 1, KeyedBy.TENANT, _FLUSHED)
MARKS = Topic("intaglio.marks.v1", 1, KeyedBy.NOTHING)
CHECKPOINTS = Topic("intaglio.checkpoints.v1", 1, KeyedBy.NOTHING)
QUARANTINE = Topic("intaglio.quarantine.v1", 1, KeyedBy.NOTHING)

ALL = (GENERATIONS, ACCESSES, ERASURES, REGISTRY, MARKS, CHECKPOINTS, QUARANTINE)
