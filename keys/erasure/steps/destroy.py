"""The act: a tombstone in place of the directory entry, then the one write that makes everything of the person unreadable.

The tombstone comes first, so that nobody registers the same person again between the two. The pages of a large blob go last:
without their head they are unreadable already.
"""

from datetime import UTC, datetime

from keys.blob import destroy_blob, read_blob, sweep_pages
from keys.directory import entomb
from keys.erasure.work import Erasure, Tools

_REMEMBER = "update erasure.erasures set directory_path = %s where erasure = %s"


async def destroy(work: Erasure, tools: Tools) -> None:
    """On return tombstone and destruction are durable in the key store. A blob that is gone already is a resumed erasure.

    Raises:
        VaultUnavailable: the key store is away; nothing or only the tombstone was written.
    """
    found = await read_blob(tools.vault, work.tenant, work.subject, work.lifecycle)
    if found is not None:
        work.directory_path = found[0].directory_path
        async with tools.pool.connection() as connection:
            await connection.execute(_REMEMBER, (work.directory_path, work.erasure))
        await entomb(tools.vault, work.directory_path, work.lifecycle, datetime.now(UTC))
        await destroy_blob(tools.vault, work.tenant, work.subject, work.lifecycle)
    await sweep_pages(tools.vault, work.tenant, work.subject, work.lifecycle, None)
    await tools.reach("after destruction before its event")
