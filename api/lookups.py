"""Find a generation for a caller: its row, its running detail, and the same 404 for another tenant's as for none."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from api.parts import ApiParts
from api.principal import Principal
from api.problems import NotFound
from api.waiting import until_end
from events.identifiers import GenerationId
from events.topics import GENERATIONS
from projections import generations
from projections.generations import GenerationView

_PROGRESS = "select steps_done, steps_total, state from work.progress where generation = %s"


@dataclass(frozen=True, slots=True)
class Found:
    """The read model's row and what the worker said last."""

    view: GenerationView
    progress: dict[str, Any] | None


async def find_generation(parts: ApiParts, principal: Principal, identifier: str) -> Found:
    """The generation of that id in the caller's tenant; a miss waits until the read models have caught up.

    Raises:
        NotFound: there is none in this tenant.
        ServiceAway: the read models are behind.
    """
    try:
        generation = GenerationId(UUID(identifier))
    except ValueError:
        raise NotFound("there is no such generation") from None
    found = await _look(parts, principal, generation)
    if found is None:
        await until_end(parts, GENERATIONS)
        found = await _look(parts, principal, generation)
    if found is None:
        raise NotFound("there is no such generation")
    return found


async def _look(parts: ApiParts, principal: Principal, generation: GenerationId) -> Found | None:
    async with parts.pool.connection() as connection:
        view = await generations.find(connection, principal.tenant, generation)
        if view is None:
            return None
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_PROGRESS, (generation,))
            return Found(view, await cursor.fetchone())
