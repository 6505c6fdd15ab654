"""From the object store to a verified directory on the worker's disk, by digest.

A file is used only after its SHA-256 was compared; a directory appears under its name only when it is whole. A digest that is
not in
the store fails: nothing is ever put in its place.
"""

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path

from inference.errors import ModelChanged
from inference.models.manifest import Manifest, decode_manifest, verify
from keys.objects import SealedObjects, model_file_path, model_manifest_path


async def fetch(objects: SealedObjects, digest: bytes, cache: Path) -> Path:
    """A directory that holds exactly the files of that model, all verified now.

    Raises:
        ModelChanged: what the store or the cache holds is not what the digest names.
        ObjectMissing: the store lacks the manifest or a file.
        ObjectsUnavailable: the store is away.
    """
    encoded = await objects.get(model_manifest_path(digest))
    if hashlib.sha256(encoded).digest() != digest:
        raise ModelChanged("manifest", "its bytes are not those that the model's digest names")
    manifest = decode_manifest(encoded)
    directory = cache / digest.hex()
    if not directory.is_dir():
        await _download(objects, manifest, directory)
    await asyncio.to_thread(verify, directory, manifest)
    return directory


async def _download(objects: SealedObjects, manifest: Manifest, directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=directory.parent, prefix="fetching-"))
    try:
        for item in manifest.files:
            path = temporary / item.path
            path.parent.mkdir(parents=True, exist_ok=True)
            content = await objects.get(model_file_path(item.sha256))
            if hashlib.sha256(content).digest() != item.sha256:
                raise ModelChanged(item.path, "the store holds other bytes under its digest")
            path.write_bytes(content)
        if not directory.exists():
            temporary.rename(directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
