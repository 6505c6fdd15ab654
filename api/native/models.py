"""Models: their files by digest, and the registration that gives a manifest a name."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, get, post, put

from api.commands import attest, command
from api.native.generations import time_text
from api.parts import ApiParts
from api.principal import CLIENT, OPERATOR
from api.problems import Invalid
from api.submission import find_model
from events.identifiers import PLATFORM
from events.records import ModelRegistered
from keys.objects import model_file_path, model_manifest_path
from projections import registry
from projections.registry import ModelRow


class NewModel(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/models: `manifest` is the canonical text whose SHA-256 is the model's digest."""

    alias: str
    adapter: str
    manifest: str


class ManifestFile(msgspec.Struct):
    """One file of a manifest."""

    path: str
    sha256: str
    size_bytes: int


class ManifestText(msgspec.Struct):
    """What a manifest says."""

    files: list[ManifestFile]
    adapter: str


@put("/v1/models/files/{digest:str}", status_code=200, opt={"roles": (OPERATOR,)}, request_max_body_size=None)
async def put_file(request: Request[Any, Any, Any], digest: str) -> dict[str, Any]:
    """Stores a file under its digest; bytes with another digest are refused and not kept."""
    parts: ApiParts = request.app.state.parts
    try:
        sha256 = bytes.fromhex(digest)
    except ValueError:
        sha256 = b""
    if len(sha256) != hashlib.sha256().digest_size:
        raise Invalid("a file is named by the 64 hex digits of its SHA-256", "digest")
    path = model_file_path(sha256)
    if await parts.objects.exists(path):
        return {"sha256": digest, "stored": False}
    await parts.objects.put(path, _checked(request.stream(), sha256))
    return {"sha256": digest, "stored": True}


async def _checked(chunks: AsyncIterator[bytes], sha256: bytes) -> AsyncIterator[bytes]:
    """The chunks, with an error at their end if they were not what their name says: then the store keeps nothing."""
    found = hashlib.sha256()
    async for chunk in chunks:
        found.update(chunk)
        yield chunk
    if found.digest() != sha256:
        raise Invalid("the bytes have another SHA-256 than their name", "digest")


@post("/v1/models", status_code=201, opt={"roles": (OPERATOR,)})
async def register_model(request: Request[Any, Any, Any], data: NewModel) -> dict[str, Any]:
    """Registers a model whose files are all in the store."""
    parts, principal = request.app.state.parts, request.user
    if not data.alias.isprintable() or not 1 <= len(data.alias) <= 100:
        raise Invalid("alias has to have 1 to 100 printable characters", "alias")
    encoded = data.manifest.encode()
    try:
        manifest = msgspec.json.decode(encoded, type=ManifestText)
        files = [(item.path, bytes.fromhex(item.sha256)) for item in manifest.files]
    except (msgspec.DecodeError, ValueError):
        raise Invalid("manifest is not one", "manifest") from None
    if json.dumps(json.loads(encoded), sort_keys=True, separators=(",", ":")).encode() != encoded:
        raise Invalid("manifest is not in canonical form", "manifest")
    for path, sha256 in files:
        if not await parts.objects.exists(model_file_path(sha256)):
            raise Invalid(f"file {path} is not in the store; upload it first", "manifest")
    digest = hashlib.sha256(encoded).digest()
    await parts.objects.put(model_manifest_path(digest), encoded)
    await attest(parts, principal)
    size_bytes = sum(item.size_bytes for item in manifest.files)
    body = ModelRegistered(digest, data.alias, manifest.adapter, size_bytes, principal.attestation)
    _, applied = await command(parts, principal, PLATFORM, body, purpose="administration")
    return {"id": data.alias, "digest": digest.hex(), "adapter": manifest.adapter, "applied": applied}


@get("/v1/models", opt={"roles": (CLIENT, OPERATOR)})
async def list_models(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The registered models, in the shape of OpenAI's list with ours added."""
    parts: ApiParts = request.app.state.parts
    async with parts.pool.connection() as connection:
        rows = await registry.models(connection)
    return {"object": "list", "data": [_describe(row) for row in rows]}


@get("/v1/models/{model:str}", opt={"roles": (CLIENT, OPERATOR)})
async def show_model(request: Request[Any, Any, Any], model: str) -> dict[str, Any]:
    """One registered model, by alias or digest."""
    return _describe(await find_model(request.app.state.parts, model))


def _describe(row: ModelRow) -> dict[str, Any]:
    return {
        "id": row.alias, "object": "model", "created": int(row.registered_at.timestamp()), "owned_by": "operator",
        "alias": row.alias, "digest": row.model_digest.hex(), "adapter": row.adapter, "size_bytes": row.size_bytes,
        "registered_at": time_text(row.registered_at),
    }  # fmt: skip
