"""The closed list of events: for each type its topic, the one process that may append it, its schema and the id of that schema.

An id is written into every record for ever: it is never reused and never changes its schema. The broker's permissions are made
from
the writers named here, so this list is also who can say what. Nothing outside the list can be encoded or decoded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from events import records
from events.schemas.schema import Definition, Schema, load_schemas
from events.topics import ACCESSES, ERASURES, GENERATIONS, QUARANTINE, REGISTRY, Topic


@dataclass(frozen=True, slots=True)
class EventType:
    """One type at one version. `schemas` are its revisions, oldest first: all are read, the last is written."""

    name: str
    topic: Topic
    writer: str
    body: type
    schemas: tuple[Schema, ...] = field(repr=False)
    version: int = 1

    @property
    def wire_name(self) -> str:
        """`intaglio.PromptSubmitted.v1`: the CloudEvents type."""
        return f"intaglio.{self.name}.v{self.version}"

    @property
    def schema_id(self) -> int:
        """The id under which it is written now."""
        return self.schemas[-1].schema_id

    @property
    def schema_sha256(self) -> bytes:
        """The identity of the schema under which it is written now."""
        return self.schemas[-1].sha256

    @property
    def schema(self) -> Definition:
        """The schema under which it is written now, as parsed JSON; not to be changed."""
        return self.schemas[-1].definition

    @property
    def subject(self) -> str:
        """The registry subject, the same for all revisions."""
        return self.schemas[-1].full_name


def _entry(body: type, topic: Topic, writer: str, *schema_ids: int) -> EventType:
    return EventType(body.__name__, topic, writer, body, load_schemas(body.__name__, 1, schema_ids))


EVENT_TYPES: tuple[EventType, ...] = (
    _entry(records.PromptSubmitted, GENERATIONS, "api", 100),
    _entry(records.CancellationRequested, GENERATIONS, "api", 101),
    _entry(records.GenerationStarted, GENERATIONS, "work", 102),
    _entry(records.GenerationCompleted, GENERATIONS, "work", 103),
    _entry(records.GenerationFailed, GENERATIONS, "work", 104),
    _entry(records.GenerationCancelled, GENERATIONS, "dispatch", 105),
    _entry(records.ContentAccessed, ACCESSES, "api", 200),
    _entry(records.LogReplayed, ACCESSES, "api", 201),
    _entry(records.ErasureRequested, ERASURES, "api", 300),
    _entry(records.ErasureApproved, ERASURES, "api", 301),
    _entry(records.ErasureRefused, ERASURES, "api", 302),
    _entry(records.ErasureFenced, ERASURES, "shred", 303),
    _entry(records.ErasureEffective, ERASURES, "shred", 304),
    _entry(records.ErasureStopped, ERASURES, "shred", 305),
    _entry(records.TenantCreated, REGISTRY, "api", 400),
    _entry(records.SubjectRegistered, REGISTRY, "api", 401),
    _entry(records.CredentialIssued, REGISTRY, "api", 402),
    _entry(records.CredentialRevoked, REGISTRY, "api", 403),
    _entry(records.ModelRegistered, REGISTRY, "api", 404),
    _entry(records.RecordQuarantined, QUARANTINE, "project", 500),
)

by_name: Mapping[str, EventType] = MappingProxyType({kind.name: kind for kind in EVENT_TYPES})
by_schema_id: Mapping[int, EventType] = MappingProxyType(
    {schema.schema_id: kind for kind in EVENT_TYPES for schema in kind.schemas}
)
_BY_BODY = {kind.body: kind for kind in EVENT_TYPES}


def of(body: records.EventBody) -> EventType:
    """The catalogue entry of a body."""
    return _BY_BODY[type(body)]
