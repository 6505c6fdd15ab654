"""What an erasure would do, as a value with a digest: an approval binds exactly this. Pure.

The digest covers scope, ground, holds, exceptions and lifecycle and never counts, so that more content of the same person is no
other
plan, and a hold or another registration is.
"""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from events.identifiers import SubjectHandle, TenantHandle

_LABEL = b"intaglio/v1/erasure-plan\x00"


@dataclass(frozen=True, slots=True)
class Plan:
    """The scope (one subject's lifecycle), its ground, and what would be kept and why."""

    tenant: TenantHandle
    subject: SubjectHandle
    lifecycle: int
    ground: str
    holds: tuple[UUID, ...] = ()
    exceptions: tuple[UUID, ...] = ()

    @property
    def digest(self) -> bytes:
        """SHA-256 over a label and the canonical JSON of the plan."""
        value = {
            "exceptions": sorted(str(item) for item in self.exceptions),
            "ground": self.ground,
            "holds": sorted(str(item) for item in self.holds),
            "lifecycle": self.lifecycle,
            "scope": {"kind": "subject", "subject": self.subject.hex()},
            "tenant": self.tenant.hex(),
        }
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(_LABEL + text.encode()).digest()
