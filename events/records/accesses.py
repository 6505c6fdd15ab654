"""Who read what: appended and acknowledged before the first byte leaves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from events.identifiers import CredentialHandle, GenerationId, PersonHandle


@dataclass(frozen=True, slots=True)
class ContentAccessed:
    """One credential read one object within one minute; `content` is `prompt` or `media`, `ground` a code or nothing."""

    generation: GenerationId
    content: str
    credential: CredentialHandle
    person: PersonHandle
    role: str
    ground: str | None
    minute: datetime


@dataclass(frozen=True, slots=True)
class LogReplayed:
    """An auditor read the log, once per session; `raw` if with the exact bytes."""

    session: UUID
    credential: CredentialHandle
    person: PersonHandle
    role: str
    raw: bool
