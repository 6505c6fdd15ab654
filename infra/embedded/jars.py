"""The jars of Apache Kafka, by a committed list of coordinates and SHA-256; fetched once into a cache of the user.

The list holds no address: `jgo` knows where Maven artefacts are. A jar whose digest differs is deleted and refused, so what runs
is
what was reviewed, wherever it came from.
"""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from events.errors import Misconfigured

_DOWNLOADS_AT_ONCE = 8


class JarRefused(Misconfigured):
    """A jar could not be fetched, or is not the one that the list names."""

    code = "jar-refused"


@dataclass(frozen=True, slots=True)
class Jar:
    """One artefact of the list."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name in the cache; the digest is part of it, so that two releases can share a cache."""
        return f"{self.artifact}-{self.version}-{self.sha256[:12]}.jar"


def locked_jars() -> list[Jar]:
    """The committed list."""
    text = resources.files("infra.embedded").joinpath("kafka-jars.lock").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return [Jar(*coordinate.split(":"), digest) for coordinate, digest in lines]  # type: ignore[call-arg]  # three parts


def class_path(cache: Path, announce: Callable[[str], None] = lambda _: None) -> str:
    """A Java class path of all jars, fetching those that the cache lacks.

    Raises:
        JarRefused: a jar cannot be had, or has another digest than the list says.
    """
    folder = cache / "kafka-jars"
    folder.mkdir(parents=True, exist_ok=True)
    jars = locked_jars()
    missing = [jar for jar in jars if not (folder / jar.file_name).is_file()]
    if missing:
        announce(f"fetching Apache Kafka ({len(missing)} jars, once)")
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
            list(pool.map(lambda jar: _fetch(jar, folder), missing))
    return os.pathsep.join(str(folder / jar.file_name) for jar in jars)


def _fetch(jar: Jar, folder: Path) -> None:
    from jgo.maven import MavenContext  # noqa: PLC0415  needed only where something is missing

    context = MavenContext(repo_cache=folder / "maven")
    try:
        artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact("", "jar").resolve()
    except Exception as error:
        raise JarRefused(f"{jar.group}:{jar.artifact}:{jar.version} cannot be fetched ({type(error).__name__})") from error
    found = hashlib.sha256(artifact.read_bytes()).hexdigest()
    if found != jar.sha256:
        artifact.unlink()
        raise JarRefused(f"{jar.group}:{jar.artifact}:{jar.version} has digest {found}, not the {jar.sha256} of the list")
    # A rename on one file system, so that nobody sees half a jar.
    artifact.replace(folder / jar.file_name)
