"""The ciphertext leaves the object store too: unreadable already, but no longer there to be argued about."""

from keys.erasure.work import Erasure, Tools
from keys.errors import ObjectsUnavailable
from keys.objects import subject_prefix


async def sweep(work: Erasure, tools: Tools) -> None:
    """On return nothing lies below the person's prefix.

    Raises:
        ObjectsUnavailable: the store is away, or something is still listed.
    """
    prefix = subject_prefix(work.tenant, work.subject, work.lifecycle)
    work.objects_swept += await tools.objects.delete_prefix(prefix)
    if await tools.objects.list(prefix):
        raise ObjectsUnavailable("the object store still lists objects that were deleted")
