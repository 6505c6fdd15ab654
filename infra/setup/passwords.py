"""The directory in which set-up leaves what it made up: one secret a file, readable by its owner only.

The files are the only copy outside the services. A file that exists is never overwritten, so that running set-up again after a
crash keeps every password that a service already knows.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from keys.secrets import Secret


def write_private(path: Path, text: str) -> None:
    """Writes `text` with mode 0600 through a temporary file and a rename; durable on return."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@dataclass(frozen=True, slots=True)
class PasswordDirectory:
    """Passwords and identities by name under one directory (mode 0700)."""

    root: Path

    def path(self, name: str) -> Path:
        """Where the secret of that name lies, whether or not it exists yet."""
        return self.root / name

    def has(self, name: str) -> bool:
        """Whether a secret of that name was made before."""
        return self.path(name).is_file()

    def read(self, name: str) -> Secret:
        """The secret of that name; FileNotFoundError where it was never made."""
        return Secret(self.path(name).read_text(encoding="utf-8").strip())

    def ensure(self, name: str) -> Secret:
        """The secret of that name, made up now (256 bits, URL-safe) if it is new; durable before it is returned."""
        if not self.has(name):
            write_private(self.path(name), secrets.token_urlsafe(32) + "\n")
        return self.read(name)

    def keep(self, name: str, secret: Secret) -> None:
        """Stores a secret that a service made."""
        write_private(self.path(name), secret.reveal() + "\n")
