"""Reserve leaves: runs of sixteen by compare-and-swap in the blob, handed out one by one from a bounded memory.

A leaf is handed out at most once, whatever crashes: the run is durable before its first leaf is used, and the rest of a run that
is
forgotten is never used. Nothing of a past month is handed out.
"""

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from events.identifiers import Month, SubjectHandle, TenantHandle
from keys.blob import read_blob, with_run, write_blob
from keys.coordinates import Coordinates, Purpose
from keys.errors import CasConflict, KeyMissing
from keys.tree import SEED_SIZE_BYTES
from keys.vault import Vault

_ATTEMPTS = 20
_Subject = tuple[TenantHandle, SubjectHandle, int]


@dataclass(slots=True)
class _Run:
    month: Month
    free: list[Coordinates] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class LeafAllocator:
    """The allocator of one `api` process; several processes share blobs by compare-and-swap."""

    def __init__(self, vault: Vault, run: int = 16, capacity: int = 1024) -> None:
        self._vault, self._run, self._capacity = vault, run, capacity
        self._runs: OrderedDict[_Subject, _Run] = OrderedDict()

    async def reserve(
        self, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int, month: Month, count: int = 1
    ) -> list[Coordinates]:
        """Fresh coordinates in the given month, which must be the present one.

        Raises:
            KeyMissing: the subject has no blob.
            VaultUnavailable: the key store is away.
            CasConflict: too many others reserve for the same subject.
        """
        run = self._of((tenant, subject, lifecycle), month)
        async with run.lock:
            if run.month != month:
                run.month, run.free = month, []
            if len(run.free) < count:
                run.free = await self._reserve_run(tenant, subject, lifecycle, month, max(self._run, count))
            taken, run.free = run.free[:count], run.free[count:]
            return taken

    def _of(self, key: _Subject, month: Month) -> _Run:
        run = self._runs.setdefault(key, _Run(month))
        self._runs.move_to_end(key)
        while len(self._runs) > self._capacity:
            self._runs.popitem(last=False)
        return run

    async def _reserve_run(
        self, tenant: TenantHandle, subject: SubjectHandle, lifecycle: int, month: Month, count: int
    ) -> list[Coordinates]:
        for attempt in range(_ATTEMPTS):
            found = await read_blob(self._vault, tenant, subject, lifecycle)
            if found is None:
                raise KeyMissing("the keys of a subject are not in the key store")
            roots = [secrets.token_bytes(SEED_SIZE_BYTES) for _ in Purpose]
            blob, number, first = with_run(found[0], month, count, roots)
            try:
                await write_blob(self._vault, tenant, subject, lifecycle, blob, found[1])
            except CasConflict:
                # Somebody else reserved first; wait a moment that differs between us, then read again.
                await asyncio.sleep(secrets.randbelow(10 * (attempt + 1)) / 1000)
                continue
            return [Coordinates(tenant, subject, lifecycle, month, number, leaf) for leaf in range(first, first + count)]
        raise CasConflict("too many requests reserve keys for one subject at once; try again")
