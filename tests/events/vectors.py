"""One fixed event of every type, and fixed contents, whose bytes are written down in `tests/golden/events`.

The values are chosen so that no two fields of one type look alike: a swapped field changes the bytes.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from events import records
from events.codec import Event
from events.contents import Content, IdentityContent, NoteContent, OutcomeContent, PromptContent
from events.envelope import Envelope
from events.identifiers import (
    PLATFORM,
    CredentialHandle,
    ErasureId,
    EventId,
    GenerationId,
    PersonHandle,
    SubjectHandle,
    TenantHandle,
)

TENANT = TenantHandle(bytes.fromhex("10112233445566778899aabbccddeeff"))
SUBJECT = SubjectHandle(bytes.fromhex("20112233445566778899aabbccddeeff"))
OTHER_SUBJECT = SubjectHandle(bytes.fromhex("21112233445566778899aabbccddeeff"))
CREDENTIAL = CredentialHandle(bytes.fromhex("40112233445566778899aabbccddeeff"))
PERSON = PersonHandle(bytes.fromhex("50112233445566778899aabbccddeeff"))
NEW_CREDENTIAL = CredentialHandle(bytes.fromhex("41112233445566778899aabbccddeeff"))
NEW_PERSON = PersonHandle(bytes.fromhex("51112233445566778899aabbccddeeff"))
GENERATION = GenerationId(UUID("01a20ae5-3c83-7a00-8000-0000000000a1"))
BATCH = UUID("01a20ae5-3c83-7b00-8000-0000000000b1")
ERASURE = ErasureId(UUID("01a20ae5-3c83-7e00-8000-0000000000e1"))
SESSION = UUID("01a20ae5-3c83-7c00-8000-0000000000c1")
EVENT = EventId(UUID("01a20ae5-3c83-7000-8000-000000000001"))
CAUSE = UUID("01a20ae5-3c83-7000-8000-000000000002")
FIRST = UUID("01a20ae5-3c83-7000-8000-000000000003")
TIME = datetime(2026, 11, 24, 0, 12, 5, 123456, tzinfo=UTC)
NOVEMBER = 2026 * 12 + 10
MODEL, PLAN, COMMITMENT, CIPHERTEXT, KEY_HASH = (bytes([number]) * 32 for number in (0x60, 0x61, 0x62, 0x63, 0x64))
SEALED = bytes.fromhex("5ea1ed5ea1ed")
SIGNATURE = bytes.fromhex("00000003") + bytes(range(64))
ATTESTATION = records.Attestation(CREDENTIAL, PERSON, "officer")


def about_subject(source: str, purpose: str) -> Envelope:
    """An envelope with every field set."""
    return Envelope(EVENT, source, TIME, TENANT, SUBJECT, 2, CREDENTIAL, FIRST, CAUSE, purpose)


def about_tenant(source: str, purpose: str) -> Envelope:
    """An envelope with no field that may be absent."""
    return Envelope(EVENT, source, TIME, TENANT, None, None, None, EVENT, None, purpose)


_PLATFORM = Envelope(EVENT, "project", TIME, PLATFORM, None, None, None, EVENT, None, "operation")

_ABOUT_SUBJECT: tuple[tuple[str, str, records.EventBody], ...] = (
    (
        "api",
        "generation",
        records.PromptSubmitted(
            GENERATION, BATCH, "image", MODEL, "flow", "512x512", NOVEMBER, 3, 16383, SEALED, (OTHER_SUBJECT,)
        ),
    ),
    ("api", "generation", records.CancellationRequested(GENERATION)),
    ("work", "generation", records.GenerationStarted(GENERATION, 1, "worker-7", MODEL)),
    (
        "work",
        "generation",
        records.GenerationCompleted(
            GENERATION, 2, MODEL, "flow", "env-1", (records.WidthRun(1, 3), records.WidthRun(4, 17)), "same-device",
            "512x512", 1234, "image/png", 65714, CIPHERTEXT, ("signed", "visible"), SEALED,
        ),
    ),
    ("work", "generation", records.GenerationFailed(GENERATION, 2, "engine-lost", 1234)),
    ("dispatch", "generation", records.GenerationCancelled(GENERATION, 2, "requested", 11, 1234)),
    (
        "api",
        "access",
        records.ContentAccessed(
            GENERATION, "media", CREDENTIAL, PERSON, "officer", "gdpr-15", TIME.replace(second=0, microsecond=0)
        ),
    ),
    (
        "api",
        "erasure",
        records.ErasureRequested(
            ERASURE, "subject", SUBJECT, 2, "gdpr-17-1-b", PLAN, COMMITMENT, SEALED, ATTESTATION, SIGNATURE
        ),
    ),
    ("shred", "erasure", records.ErasureFenced(ERASURE, "subject", SUBJECT, 2, (GENERATION, BATCH))),
    ("shred", "erasure", records.ErasureEffective(ERASURE, "subject", SUBJECT, 2, 2, 17, b"")),
    (
        "api",
        "administration",
        records.SubjectRegistered(NOVEMBER, 3, 0, SEALED, True, False, ATTESTATION, SIGNATURE),
    ),
)  # fmt: skip
_ABOUT_TENANT: tuple[tuple[str, str, records.EventBody], ...] = (
    ("api", "access", records.LogReplayed(SESSION, CREDENTIAL, PERSON, "auditor", raw=True)),
    ("api", "erasure", records.ErasureApproved(ERASURE, PLAN, ATTESTATION, SIGNATURE)),
    ("api", "erasure", records.ErasureRefused(ERASURE, PLAN, ATTESTATION, SIGNATURE)),
    ("shred", "erasure", records.ErasureStopped(ERASURE, "expired")),
    ("api", "administration", records.TenantCreated("Werkstatt Süd", True, ATTESTATION, SIGNATURE)),
    (
        "api",
        "administration",
        records.CredentialIssued(
            NEW_CREDENTIAL, NEW_PERSON, "client", KEY_HASH, TIME + timedelta(days=30), ATTESTATION, SIGNATURE
        ),
    ),
    ("api", "administration", records.CredentialRevoked(NEW_CREDENTIAL, ATTESTATION, SIGNATURE)),
    ("api", "administration", records.ModelRegistered(MODEL, "small", "flow", 5_000_000_000, ATTESTATION, SIGNATURE)),
)
_QUARANTINED = records.RecordQuarantined("intaglio.generations.v1", 11, 4_294_967_296, PLAN, COMMITMENT, "undecodable-record")

EVENTS: dict[str, Event] = {
    type(event.body).__name__: event
    for event in (
        *(Event(about_subject(source, purpose), body) for source, purpose, body in _ABOUT_SUBJECT),
        *(Event(about_tenant(source, purpose), body) for source, purpose, body in _ABOUT_TENANT),
        Event(_PLATFORM, _QUARANTINED),
    )
}

# A compressor may choose other bytes for the same text, so these are short enough not to be compressed.
CONTENTS: dict[str, Content] = {
    "PromptContent": PromptContent("A lighthouse at night", 512, 768, 20, 42, "fog"),
    "OutcomeContent": OutcomeContent(123456, "image/png", 512, 768, 42, bytes(range(32)), bytes(range(32, 64))),
    "IdentityContent": IdentityContent("maria@example.org"),
    "NoteContent": NoteContent("Asked by letter."),
}

# Forms 1 and 2 are compressed: their bytes are read for ever, but another compressor may write others.
# In form 3 every byte is fixed: 100 different ideographs that follow no order.
TEXTS: dict[str, str] = {
    "0": "Süden",
    "1": "one more time, " * 40,
    "2": "".join(chr(0x4E00 + place % 7) for place in range(300)),
    "3": "".join(chr(0x4E00 + place * 7919 % 20_000) for place in range(100)),
}
