"""The root of all errors, in five families that say what a caller can do.

A message names what went wrong, where, and what to do; it never carries content or a key. `code` is stable and public: it becomes
the `type` of an HTTP problem. Lower layers know nothing of HTTP; `api.problems` holds the one table.

    PlatformError
    ├── Refused         the request is wrong; asking again changes nothing
    ├── Shredded        it was there and was erased; a normal outcome
    ├── Pushback        not now; wait and try again (retriable)
    ├── Corrupt         bytes or records that must not exist; stop, never skip
    └── Misconfigured   this process cannot start as it is
"""

from typing import ClassVar


class PlatformError(Exception):
    """The root; never raised itself."""

    code: ClassVar[str] = "platform-error"
    retriable: ClassVar[bool] = False


class Refused(PlatformError):
    """The caller asked for something that is not possible or not allowed."""

    code = "refused"


class Shredded(PlatformError):
    """The content existed and its keys were destroyed."""

    code = "erased"


class Pushback(PlatformError):
    """A service is away or busy; the same call may succeed in `retry_after_s`."""

    code = "unavailable"
    retriable = True
    retry_after_s: ClassVar[int] = 2


class Corrupt(PlatformError):
    """Bytes or state that must never exist: stop and tell a person."""

    code = "corrupt"


class Misconfigured(PlatformError):
    """The process was given settings with which it must not run."""

    code = "misconfigured"


class AppendNotAcknowledged(Pushback):
    """The log did not confirm an event in time; it may or may not be there, and the same event may be sent again."""

    code = "append-not-acknowledged"


class LogUnavailable(Pushback):
    """The log cannot be read now."""

    code = "log-unavailable"


class UnknownSchema(Pushback):
    """A record names a schema that this release does not know: an upgrade is needed, so a consumer waits and never skips."""

    code = "unknown-schema"
    retry_after_s = 30


class EventTooLarge(Refused):
    """An event would pass the size that every consumer is promised."""

    code = "event-too-large"


class UnencodableText(Refused):
    """A text holds something that is no character (a lone surrogate), so no encoding can carry it."""

    code = "text-not-encodable"


class UndecodableRecord(Corrupt):
    """Bytes that no release can read under the schema that they name; a pure function of the record."""

    code = "undecodable-record"


class HeaderMismatch(UndecodableRecord):
    """Headers that say something else than the value."""

    code = "header-mismatch"


class LogTruncated(Corrupt):
    """The log ends before, begins after, or differs at a position that was already folded."""

    code = "log-truncated"


class LogHole(Corrupt):
    """An offset is missing between two records of a topic that never loses one."""

    code = "log-hole"
