"""A real key store with somebody between: for answers that get lost, and for others who act between two requests of ours."""

from collections.abc import Awaitable, Callable

from keys.errors import VaultUnavailable
from keys.vault import KvEntry, Vault

Act = Callable[[str], Awaitable[None]]


async def nothing(_path: str) -> None:
    """Lets a request pass."""


class Interposed(Vault):
    """The same identity as `vault`; calls `before_read`, `before_write` and `after_write` with the path of each KV request."""

    def __init__(
        self, vault: Vault, *, before_read: Act = nothing, before_write: Act = nothing, after_write: Act = nothing
    ) -> None:
        self.__dict__.update(vault.__dict__)
        self._before_read, self._before_write, self._after_write = before_read, before_write, after_write
        self.paths_read: list[str] = []
        self.paths_written: list[str] = []

    async def kv_read(self, mount: str, path: str) -> KvEntry | None:
        """As the real one."""
        self.paths_read.append(path)
        await self._before_read(path)
        return await super().kv_read(mount, path)

    async def kv_write(self, mount: str, path: str, data: dict[str, str], cas: int) -> int:
        """As the real one."""
        self.paths_written.append(path)
        await self._before_write(path)
        version = await super().kv_write(mount, path, data, cas)
        await self._after_write(path)
        return version


async def lost_for_heads(path: str) -> None:
    """No answer for a head; pages pass."""
    if "/pages/" not in path:
        raise VaultUnavailable("planted by a test")
