"""Run as a process of its own: puts an object into a store on a disk that takes no more than so many bytes a file.

The limit is the kernel's (RLIMIT_FSIZE), so the write fails in the middle of the file, as on a full disk. Prints what came of it.
"""

import asyncio
import resource
import sys

from keys.errors import ObjectsUnavailable
from keys.objects import SealedObjects


async def put(url: str, limit: int, size: int) -> str:
    """`unavailable` or `written`."""
    objects = SealedObjects(url)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        await objects.put("a/b/output", bytes(size))
    except ObjectsUnavailable:
        return "unavailable"
    return "written"


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(put(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
