"""One frozen type per event, with the fields of its schema in the same order.

What belongs here: the body of every event. A type here and its `.avsc` say the same thing twice on purpose: the schema outlives
this code, the type is what the code is checked against, and `events.check` holds the two together. Handles are 16 bytes,
digests 32 bytes, times aware and in UTC.

What does not: encoding (`events.codec`), circumstances (`events.envelope`), what an event leads to (whoever folds it).

Never: give an event behaviour, a default that depends on the clock, or a field that its schema lacks.
"""

from events.records.accesses import ContentAccessed, LogReplayed
from events.records.attestation import Attestation, Command
from events.records.erasures import (
    ErasureApproved,
    ErasureEffective,
    ErasureFenced,
    ErasureRefused,
    ErasureRequested,
    ErasureStopped,
)
from events.records.generations import (
    CancellationRequested,
    GenerationCancelled,
    GenerationCompleted,
    GenerationFailed,
    GenerationStarted,
    PromptSubmitted,
    WidthRun,
)
from events.records.quarantine import RecordQuarantined
from events.records.registry import (
    CredentialIssued,
    CredentialRevoked,
    ModelRegistered,
    SubjectRegistered,
    TenantCreated,
)

EventBody = (
    PromptSubmitted
    | CancellationRequested
    | GenerationStarted
    | GenerationCompleted
    | GenerationFailed
    | GenerationCancelled
    | ContentAccessed
    | LogReplayed
    | ErasureRequested
    | ErasureApproved
    | ErasureRefused
    | ErasureFenced
    | ErasureEffective
    | ErasureStopped
    | TenantCreated
    | SubjectRegistered
    | CredentialIssued
    | CredentialRevoked
    | ModelRegistered
    | RecordQuarantined
)

__all__ = [
    "Attestation",
    "CancellationRequested",
    "Command",
    "ContentAccessed",
    "CredentialIssued",
    "CredentialRevoked",
    "ErasureApproved",
    "ErasureEffective",
    "ErasureFenced",
    "ErasureRefused",
    "ErasureRequested",
    "ErasureStopped",
    "EventBody",
    "GenerationCancelled",
    "GenerationCompleted",
    "GenerationFailed",
    "GenerationStarted",
    "LogReplayed",
    "ModelRegistered",
    "PromptSubmitted",
    "RecordQuarantined",
    "SubjectRegistered",
    "TenantCreated",
    "WidthRun",
]
