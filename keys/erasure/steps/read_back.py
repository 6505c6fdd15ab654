"""Look again: are blob and pages gone, and no handle left in the directory? And wait out the keys that were opened before.

A leaf lives for `key_life_s` on a clock that runs while a process is stopped; so after that time nobody anywhere holds one.
"""

import asyncio
import time

from keys.blob import MOUNT, blob_path, list_pages
from keys.directory import is_entombed
from keys.erasure.work import Erasure, Tools
from keys.errors import VaultUnavailable


async def read_back(work: Erasure, tools: Tools) -> None:
    """Counts one reading that found nothing.

    Raises:
        VaultUnavailable: the key store is away, or still shows something; it is read again later.
    """
    if await tools.vault.kv_read(MOUNT, blob_path(work.tenant, work.subject, work.lifecycle)) is not None:
        raise VaultUnavailable("the key store still shows a blob that was destroyed")
    if await list_pages(tools.vault, work.tenant, work.subject, work.lifecycle):
        raise VaultUnavailable("the key store still shows pages of a blob that was destroyed")
    if work.directory_path is not None and not await is_entombed(tools.vault, work.directory_path):
        raise VaultUnavailable("the directory still shows a handle that was entombed")
    work.read_backs += 1


async def wait_key_life(_work: Erasure, tools: Tools) -> None:
    """Returns after the life of a key, by the clock that keys use."""
    until_s = time.clock_gettime(time.CLOCK_BOOTTIME) + tools.key_life_s
    while (left_s := until_s - time.clock_gettime(time.CLOCK_BOOTTIME)) > 0:  # noqa: ASYNC110  a clock, no event
        await asyncio.sleep(left_s)
