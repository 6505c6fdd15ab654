"""A model is the digest of the list of its files: made, encoded and verified here.

The list is canonical JSON, so equal files give an equal digest on every machine. Files that could carry code are refused by name
before anything is loaded: pickles, Python, links, configurations that ask for remote code, classes of other libraries.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from inference.errors import ModelChanged, ModelRefused

LARGEST_PATH_SIZE_BYTES = 255
_ALLOWED_SUFFIXES = frozenset({".safetensors", ".json", ".txt", ".model", ".md", ".png", ".jpg"})
_ALLOWED_NAMES = frozenset({"LICENSE", "NOTICE", "README", ".gitattributes"})
_LIBRARIES = frozenset({"diffusers", "transformers"})
_REMOTE_CODE = ("auto_map", "custom_pipeline", "trust_remote_code")
_CHUNK_SIZE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class ModelFile:
    """One file: its path below the directory with forward slashes, digest and size."""

    path: str
    sha256: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a model in the order of their paths."""

    files: tuple[ModelFile, ...]
    adapter: str

    def encode(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, ASCII. Its SHA-256 is the model's digest."""
        files = [{"path": item.path, "sha256": item.sha256.hex(), "size_bytes": item.size_bytes} for item in self.files]
        return json.dumps({"adapter": self.adapter, "files": files, "format": 1}, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> bytes:
        """The model's identity."""
        return hashlib.sha256(self.encode()).digest()


def decode_manifest(encoded: bytes) -> Manifest:
    """The manifest of its bytes.

    Raises:
        ModelRefused: not a manifest in canonical form, or with a path that leaves the directory.
    """
    try:
        value = json.loads(encoded)
        files = tuple(
            ModelFile(_safe(item["path"]), bytes.fromhex(item["sha256"]), int(item["size_bytes"])) for item in value["files"]
        )
        manifest = Manifest(files, str(value["adapter"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefused("manifest", f"it cannot be read ({type(error).__name__})") from None
    if manifest.encode() != encoded or list(files) != sorted(files):
        raise ModelRefused("manifest", "it is not in canonical form")
    return manifest


def scan(directory: Path) -> Manifest:
    """The manifest of a local diffusers directory, after every check.

    Raises:
        ModelRefused: something in it must not be loaded; names the file.
    """
    if not (directory / "model_index.json").is_file():
        raise ModelRefused("model_index.json", f"{directory} is no diffusers pipeline: the file is missing")
    files = tuple(sorted(_checked(directory, path) for path in _walk(directory)))
    index = json.loads((directory / "model_index.json").read_text(encoding="utf-8"))
    return Manifest(files, f"diffusers.{_pipeline_class(index)}")


def verify(directory: Path, manifest: Manifest) -> None:
    """Compares every file of a directory with the manifest.

    Raises:
        ModelChanged: a file is missing, changed or extra; names it.
    """
    expected = {item.path: item for item in manifest.files}
    for path in _walk(directory):
        name = path.relative_to(directory).as_posix()
        if name not in expected:
            raise ModelChanged(name, "the manifest does not name it")
    for name, item in expected.items():
        path = directory / name
        if not path.is_file():
            raise ModelChanged(name, "it is missing")
        if path.stat().st_size != item.size_bytes or file_sha256(path) != item.sha256:
            raise ModelChanged(name, "its bytes are not those that the manifest names")


def file_sha256(path: Path) -> bytes:
    """The digest of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_SIZE_BYTES):
            digest.update(chunk)
    return digest.digest()


def _walk(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.rglob("*")):
        if path.is_symlink():
            raise ModelRefused(path.relative_to(directory).as_posix(), "links are refused; copy the file in its place")
        if path.is_file():
            yield path
        elif not path.is_dir():
            raise ModelRefused(path.relative_to(directory).as_posix(), "it is neither file nor folder")


def _checked(directory: Path, path: Path) -> ModelFile:
    name = _safe(path.relative_to(directory).as_posix())
    if path.suffix not in _ALLOWED_SUFFIXES and path.name not in _ALLOWED_NAMES:
        raise ModelRefused(name, "only safetensors, JSON and plain texts are loaded; pickles and code are refused")
    if path.suffix == ".json":
        _check_json(name, path)
    if path.suffix == ".safetensors":
        _check_safetensors(name, path)
    return ModelFile(name, file_sha256(path), path.stat().st_size)


def _safe(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\x00" in name:
        raise ModelRefused(name, "its path leaves the directory")
    if len(name.encode()) > LARGEST_PATH_SIZE_BYTES:
        raise ModelRefused(name[:40] + "…", "its path is too long")
    return name


def _check_json(name: str, path: Path) -> None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelRefused(name, "it is not valid JSON") from error
    if isinstance(value, dict):
        for key in _REMOTE_CODE:
            if value.get(key):
                raise ModelRefused(name, f"{key} asks for code from the model; it is refused")
    if name == "model_index.json":
        _check_index(name, value)


def _check_index(name: str, index: dict[str, Any]) -> None:
    _pipeline_class(index)
    for component, value in index.items():
        is_class = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
        if is_class and value[0] not in _LIBRARIES:
            raise ModelRefused(name, f"component {component} is of {value[0]}, which is neither diffusers nor transformers")


def _pipeline_class(index: dict[str, Any]) -> str:
    name = index.get("_class_name")
    if not isinstance(name, str) or not name.isidentifier():
        raise ModelRefused("model_index.json", "it names no pipeline class")
    return name


def _check_safetensors(name: str, path: Path) -> None:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = file.read(size) if size <= path.stat().st_size else b""
    try:
        json.loads(header)
    except ValueError as error:
        raise ModelRefused(name, "it is not a safetensors file") from error
