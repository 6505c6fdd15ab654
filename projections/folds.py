"""The closed list of projections: one a topic."""

from events.errors import Refused
from events.topics import ACCESSES, ERASURES, GENERATIONS, REGISTRY
from projections import accesses, erasures, generations, registry
from projections.writing import ProjectionFold

SCHEMA = "read"

PROJECTIONS: tuple[ProjectionFold, ...] = (
    ProjectionFold("generations", GENERATIONS, generations.TABLES, generations.apply),
    ProjectionFold("accesses", ACCESSES, accesses.TABLES, accesses.apply),
    ProjectionFold("erasures", ERASURES, erasures.TABLES, erasures.apply),
    ProjectionFold("registry", REGISTRY, registry.TABLES, registry.apply),
)


class UnknownProjection(Refused):
    """A projection was named that does not exist."""

    code = "unknown-projection"


def projection(name: str) -> ProjectionFold:
    """The projection of that name.

    Raises:
        UnknownProjection: there is none; the message lists those that there are.
    """
    for fold in PROJECTIONS:
        if fold.projection == name:
            return fold
    known = ", ".join(fold.projection for fold in PROJECTIONS)
    raise UnknownProjection(f"there is no projection {name!r}; there are {known}")
