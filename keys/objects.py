"""Where ciphertext lies: an object store by URL, written once per path, deleted by prefix.

Holds sealed objects and model files, never content in clear. Paths of a subject begin with tenant, subject and lifecycle, so
that a
sweep after an erasure is one prefix.
"""

import asyncio
from collections.abc import AsyncIterable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import from_url

from events.identifiers import SubjectHandle, TenantHandle, month_text
from keys.coordinates import Coordinates
from keys.errors import ObjectMissing, ObjectsUnavailable


def subject_prefix(tenant: TenantHandle, subject: SubjectHandle, lifecycle: int) -> str:
    """Below it lies everything of one registration of a person."""
    return f"{tenant.hex()}/{subject.hex()}/{lifecycle}"


def generation_prefix(place: Coordinates, generation: UUID) -> str:
    """Below it lie the objects of all epochs of one generation."""
    return f"{subject_prefix(place.tenant, place.subject, place.lifecycle)}/{month_text(place.month)}/{generation}"


def output_path(place: Coordinates, generation: UUID, epoch: int) -> str:
    """The sealed picture of one epoch."""
    return f"{generation_prefix(place, generation)}/{epoch}/output"


def model_file_path(sha256: bytes) -> str:
    """A model's file, by its digest."""
    return f"models/files/{sha256.hex()}"


def model_manifest_path(digest: bytes) -> str:
    """A model's manifest, by the model's digest."""
    return f"models/manifests/{digest.hex()}"


class SealedObjects:
    """An object store: `file:///…`, `s3://…`, `gs://…` or `az://…`."""

    def __init__(self, url: str) -> None:
        self._url = url
        if urlparse(url).scheme == "file":
            Path(urlparse(url).path).mkdir(parents=True, exist_ok=True)
        self._store = from_url(url)

    async def put(self, path: str, data: bytes | AsyncIterable[bytes]) -> bool:
        """Writes an object if there is none at that path, whole or not at all; False if one was there.

        Raises:
            ObjectsUnavailable: the store is away or full.
        """
        try:
            await obstore.put_async(self._store, path, data, mode="create")
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise self._unavailable("written", error) from error
        return True

    async def get(self, path: str) -> bytes:
        """A whole object. Raises ObjectMissing or ObjectsUnavailable."""
        return await self._reading(path, self._whole(path))

    async def get_range(self, path: str, start: int, end: int) -> bytes:
        """The bytes from start up to but not including end. Raises ObjectMissing or ObjectsUnavailable."""
        return await self._reading(path, self._part(path, start, end))

    async def exists(self, path: str) -> bool:
        """Whether an object lies at that path."""
        try:
            await obstore.head_async(self._store, path)
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise self._unavailable("read", error) from error
        return True

    async def list(self, prefix: str) -> list[str]:
        """The paths below a prefix."""
        try:
            listing = obstore.list(self._store, prefix)
            return [str(entry["path"]) async for batch in listing for entry in batch]
        except (BaseError, OSError) as error:
            raise self._unavailable("listed", error) from error

    async def delete(self, path: str) -> None:
        """Deletes one object; no error if it is gone already."""
        try:
            await obstore.delete_async(self._store, path)
        except (NotFoundError, FileNotFoundError):
            # Deleted by another sweep in the same moment, which is what was wanted.
            return
        except (BaseError, OSError) as error:
            raise self._unavailable("deleted", error) from error

    async def delete_prefix(self, prefix: str) -> int:
        """Deletes everything below a prefix; how many objects that were."""
        paths = await self.list(prefix)
        await asyncio.gather(*(self.delete(path) for path in paths))
        return len(paths)

    async def _whole(self, path: str) -> bytes:
        found = await obstore.get_async(self._store, path)
        return bytes(await found.bytes_async())

    async def _part(self, path: str, start: int, end: int) -> bytes:
        return bytes(await obstore.get_range_async(self._store, path, start=start, end=end))

    async def _reading(self, path: str, reading: Coroutine[Any, Any, bytes]) -> bytes:
        try:
            return await reading
        except (NotFoundError, FileNotFoundError):
            raise ObjectMissing(f"object {path} is not in the store") from None
        except (BaseError, OSError) as error:
            raise self._unavailable("read", error) from error

    def _unavailable(self, act: str, error: Exception) -> ObjectsUnavailable:
        return ObjectsUnavailable(f"the object store cannot be {act} now ({type(error).__name__}); check space and access")
