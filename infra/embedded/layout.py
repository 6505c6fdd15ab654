"""Where everything of a platform on one machine lies, under one data directory.

The directory holds the services' data, the ciphertext, the passwords that set-up made up, and the file by which others find the
running platform. A copy of the whole directory can read everything that was not yet erased when it was copied: key store and seal
key lie on one disk.
"""

import fcntl
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from events.errors import Refused
from infra.setup.passwords import PasswordDirectory, write_private

PORT_NAMES = ("kafka", "kafka-controller", "postgres", "openbao", "openbao-cluster", "api")


class DirectoryInUse(Refused):
    """Another platform runs on this data directory."""

    code = "directory-in-use"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The paths below one data directory; nothing is created by naming a path."""

    root: Path

    @property
    def passwords(self) -> PasswordDirectory:
        """What set-up made up, one secret a file."""
        return PasswordDirectory(self.root / "secrets")

    @property
    def run_file(self) -> Path:
        """`run.json`, there while the platform is ready."""
        return self.root / "run.json"

    @property
    def children_file(self) -> Path:
        """Which processes belong to the running platform, for whoever has to clean up after it."""
        return self.root / "children.json"

    def service(self, name: str) -> Path:
        """The data of Kafka, PostgreSQL or OpenBao."""
        return self.root / name

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.root / "logs" / f"{name}.log"

    def credential(self, name: str) -> Path:
        """The file that holds the API key of `client`, `auditor`, `officer`, `officer2` or `operator`."""
        return self.root / "credentials" / name

    def access(self, name: str) -> Path:
        """What opens a service to a person: Kafka properties, a passfile, a token."""
        return self.root / "access" / name

    @property
    def objects_url(self) -> str:
        """The object store, as a URL."""
        return (self.root / "objects").absolute().as_uri()

    @property
    def model_cache(self) -> Path:
        """Where workers keep verified model files."""
        return self.root / "model-cache"

    def create(self) -> None:
        """Makes the directory, readable by its owner only."""
        for path in (self.root, self.root / "logs", self.root / "credentials", self.root / "access", self.root / "objects"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def lock(self) -> IO[str]:
        """Takes the directory for this process until the returned file is closed or the process ends.

        Raises:
            DirectoryInUse: another process has it.
        """
        file = (self.root / "lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            file.close()
            raise DirectoryInUse(
                f"a platform already runs on {self.root}; stop it with `intaglio down --data {self.root}`"
                " or choose another --data"
            ) from taken
        os.set_inheritable(file.fileno(), False)  # noqa: FBT003  the function's own signature
        return file

    def ports(self, wanted_api_port: int | None) -> dict[str, int]:
        """The ports of this directory: picked once, then kept, so that addresses stay valid over restarts.

        `wanted_api_port`: None keeps the one of last time, 0 picks a free one.
        """
        file = self.root / "ports.json"
        kept: dict[str, int] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        ports = {name: kept[name] for name in PORT_NAMES if name in kept and _is_free(kept[name])}
        if wanted_api_port:
            ports["api"] = wanted_api_port
        elif wanted_api_port == 0:
            ports.pop("api", None)
        _pick_missing(ports)
        write_private(file, json.dumps(ports))
        return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _pick_missing(ports: dict[str, int]) -> None:
    """Asks the kernel for free ports; all are held open until the last is picked, so that no two are equal."""
    probes = []
    for name in PORT_NAMES:
        if name not in ports:
            probe = socket.socket()
            probe.bind(("127.0.0.1", 0))
            ports[name] = probe.getsockname()[1]
            probes.append(probe)
    for probe in probes:
        probe.close()
