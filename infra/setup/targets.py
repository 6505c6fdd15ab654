"""Which services set-up works on, and with which administrators' rights.

Given by the environment, or an embedded platform's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from events.security import KafkaSecurity
from infra.settings import Environment
from infra.setup.passwords import PasswordDirectory
from keys.secrets import Secret


@dataclass(frozen=True, slots=True)
class Target:
    """The services, the administrators' ways in, and where what is made up is kept.

    `root_token` is needed only until the provisioner exists. `postgres` is a superuser's connection string.
    """

    kafka: str
    kafka_admin: KafkaSecurity
    postgres: Secret
    vault: str
    root_token: Secret | None
    objects: str
    passwords: PasswordDirectory
    replication: int = 1


def external_target(environment: Environment, out: Path, *, replication: int = 1) -> Target:
    """Services that somebody else runs.

    Raises:
        MissingSetting: an address or an administrator's way in is missing.
    """
    has_token = any(f"INTAGLIO_VAULT_ROOT_TOKEN{end}" in environment.variables for end in ("", "_FILE"))
    kafka = environment.kafka()
    return Target(
        kafka=kafka.bootstrap,
        kafka_admin=kafka.security,
        postgres=environment.secret("INTAGLIO_POSTGRES"),
        vault=environment.text("INTAGLIO_VAULT_ADDR"),
        root_token=environment.secret("INTAGLIO_VAULT_ROOT_TOKEN") if has_token else None,
        objects=environment.text("INTAGLIO_OBJECTS", "file:///var/lib/intaglio/objects"),
        passwords=PasswordDirectory(out / "secrets"),
        replication=replication,
    )


def embedded_target(data: Path, addresses: Mapping[str, Any]) -> Target:
    """The services of an embedded platform, by the addresses in its `run.json` and the passwords in its directory."""
    passwords = PasswordDirectory(data / "secrets")
    return Target(
        kafka=addresses["kafka"],
        kafka_admin=KafkaSecurity.scram("admin", passwords.read("kafka-admin").reveal()),
        postgres=passwords.read("postgres-admin-dsn"),
        vault=addresses["vault"],
        root_token=None,
        objects=addresses["objects"],
        passwords=passwords,
    )
