"""The one table from an error to an answer: RFC 9457 problems on native routes, OpenAI's shape on its façade.

An answer never repeats what was sent: no content, no URL, no query. What was not foreseen is a 500 with a number that the log
has too.
"""

import logging
import uuid
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from events.errors import EventTooLarge, PlatformError, Pushback, Refused, Shredded

_log = logging.getLogger(__name__)

OPENAI_PATHS = ("/v1/images", "/v1/models")
_TITLES = {400: "Bad request", 401: "Not authenticated", 403: "Forbidden", 404: "Not found", 405: "Method not allowed",
           409: "Conflict", 410: "Erased", 413: "Too large", 422: "Not valid", 429: "Too many", 500: "Internal error",
           501: "Not available yet", 503: "Unavailable"}  # fmt: skip


class Unauthenticated(Refused):
    """No credential, or one that is not valid."""

    code = "unauthenticated"


class Forbidden(Refused):
    """The credential's role may not do this."""

    code = "forbidden"


class NotFound(Refused):
    """There is no such thing for this caller."""

    code = "not-found"


class Conflict(Refused):
    """The thing is in another state than the request needs."""

    code = "conflict"


class Invalid(Refused):
    """A field of the request cannot be accepted; `param` names it."""

    code = "invalid"

    def __init__(self, sentence: str, param: str | None = None) -> None:
        super().__init__(sentence)
        self.param = param


class ModelNotFound(NotFound):
    """No registered model has that name or digest."""

    code = "model_not_found"


class QueueFull(Pushback):
    """Too much is waiting already."""

    code = "queue-full"
    retry_after_s = 5


class NotAvailableYet(Refused):
    """Promised, and not built yet."""

    code = "not-available-yet"


class ServiceAway(Pushback):
    """PostgreSQL or something else that is needed does not answer."""

    code = "service-away"


_STATUS: dict[type[PlatformError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Shredded: 410,
    EventTooLarge: 413,
    NotAvailableYet: 501,
    QueueFull: 429,
    Refused: 422,
    Pushback: 503,
}


def status_of(error: PlatformError) -> int:
    """The status of an error: that of the nearest class in the table, 500 for what must not happen."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return 500


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to an error that left a route."""
    if isinstance(error, OperationalError | PoolTimeout):
        error = ServiceAway("a database does not answer now; try again")
    if isinstance(error, PlatformError):
        status, code, sentence = status_of(error), error.code, str(error)
        if status == 500:
            sentence = _incident(error)
        return _response(request, status, code, sentence, error)
    if isinstance(error, HTTPException):
        title = _TITLES.get(error.status_code, "Error")
        sentence = _validation_sentence(error) if error.status_code in {400, 413} else title
        return _response(request, error.status_code, title.lower().replace(" ", "-"), sentence, error)
    return _response(request, 500, "internal-error", _incident(error), error)


def _validation_sentence(error: HTTPException) -> str:
    """Names the fields that are wrong, never their values."""
    extra = error.extra if isinstance(error.extra, list) else []
    fields = [str(item.get("key")) for item in extra if isinstance(item, dict) and item.get("key")]
    if error.status_code == 413:
        return "the body is larger than this route accepts"
    return f"these fields are not valid: {', '.join(fields)}" if fields else "the body cannot be read as this route expects it"


def _incident(error: Exception) -> str:
    number = uuid.uuid4()
    # The trace, not the message: a message could quote what was sent.
    _log.error("incident %s: %s", number, type(error).__name__, exc_info=error)
    return f"something went wrong here; tell the operator incident {number}"


def _response(request: Request[Any, Any, Any], status: int, code: str, sentence: str, error: Exception) -> Response[bytes]:
    headers = {"x-request-id": str(request.scope.get("request_id", ""))}
    if isinstance(error, Pushback) or status in {429, 503}:
        headers["retry-after"] = str(getattr(error, "retry_after_s", 2))
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    is_openai = request.scope["path"].startswith(OPENAI_PATHS)
    if is_openai and status in {409, 410}:
        headers["x-should-retry"] = "false"
    param = getattr(error, "param", None)
    if is_openai:
        kind = "invalid_request_error" if status < 500 and status != 429 else "server_error"
        body: dict[str, Any] = {"error": {"message": sentence, "type": kind, "param": param, "code": code.replace("-", "_")}}
        # OpenAI's clients treat 400 as a wrong request; 422 is another class of error to them.
        return Response(msgspec.json.encode(body), status_code=400 if status == 422 else status, headers=headers,
                        media_type="application/json")  # fmt: skip
    body = {"type": f"urn:intaglio:problem:{code}", "title": _TITLES.get(status, "Error"), "status": status, "detail": sentence}
    if param:
        body["param"] = param
    return Response(msgspec.json.encode(body), status_code=status, headers=headers, media_type="application/problem+json")
