"""Routes that are promised and not there yet: each says so, so that nobody takes a missing feature for a done one."""

from litestar import route

from api.principal import AUDITOR, CLIENT, OFFICER, OPERATOR
from api.problems import NotAvailableYet

_PATHS = [
    "/v1/generations/{identifier:str}/events",
    "/v1/generations/{identifier:str}/reproduction",
    "/v1/holds",
    "/v1/holds/{identifier:str}/release",
    "/v1/restrictions",
    "/v1/audit/{rest:path}",
    "/v1/detections",
    "/v1/images/edits",
]


@route(_PATHS, http_method=["GET", "POST"], opt={"roles": (CLIENT, AUDITOR, OFFICER, OPERATOR)})
async def not_available_yet() -> None:
    """Refuses with 501."""
    raise NotAvailableYet("this is not available yet")
