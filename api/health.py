"""Whether this process lives, and whether it can do its work; for the operator's network."""

from typing import Any

from litestar import Request, Response, get
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from api.parts import ApiParts
from api.principal import ANYONE
from events.errors import LogUnavailable
from events.topics import REGISTRY


@get("/health/live", opt={"roles": (ANYONE,)})
async def live() -> dict[str, str]:
    """Answers as long as the process does."""
    return {"status": "live"}


@get("/health/ready", opt={"roles": (ANYONE,)})
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """200 if log, database and key store answer; else 503 with what does not."""
    parts: ApiParts = request.app.state.parts
    away = []
    try:
        await parts.reader.end_offsets(REGISTRY)
    except LogUnavailable:
        away.append("kafka")
    try:
        async with parts.pool.connection(timeout=2.0) as connection:
            await connection.execute("select 1")
    except (OperationalError, PoolTimeout):
        away.append("postgres")
    if not await parts.vault.is_ready():
        away.append("openbao")
    return Response({"status": "away" if away else "ready", "away": away}, status_code=503 if away else 200)
