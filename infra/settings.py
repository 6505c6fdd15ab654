"""What a process has to be told: frozen settings per process, read once from a mapping.

Only the command line passes the real environment in. Every secret may be given as `NAME` or as `NAME_FILE`, the path of a file
that
holds it; giving both is refused. Nothing here has a hidden default for an address or a password: what is missing is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from events.errors import Misconfigured
from events.security import KafkaSecurity
from keys.secrets import Secret


class MissingSetting(Misconfigured):
    """A process was started without something that it needs; the message names the variable."""

    code = "missing-setting"


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the log is and how to log in to it."""

    bootstrap: str
    security: KafkaSecurity


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Where OpenBao is, and the AppRole of this process."""

    address: str
    role_id: str
    secret_id: Secret


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """`serve api`."""

    kafka: KafkaSettings
    postgres: Secret
    vault: VaultSettings
    objects: str
    host: str
    port: int
    key_life_s: float
    queue_limit: int


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """`serve dispatch`."""

    kafka: KafkaSettings
    postgres: Secret


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """`serve work`: one device."""

    kafka: KafkaSettings
    postgres: Secret
    vault: VaultSettings
    objects: str
    cache_directory: Path
    key_life_s: float
    pool: str = "default"
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """`serve project`, and the projection verbs."""

    kafka: KafkaSettings
    postgres: Secret


@dataclass(frozen=True, slots=True)
class ShredSettings:
    """`serve shred`."""

    kafka: KafkaSettings
    postgres: Secret
    vault: VaultSettings
    objects: str
    key_life_s: float


@dataclass(frozen=True, slots=True)
class Environment:
    """A mapping of variables with the rules of this project: `_FILE`, clear errors, no silent default."""

    variables: Mapping[str, str] = field(repr=False)

    def text(self, name: str, default: str | None = None) -> str:
        """The value of a variable.

        Raises:
            MissingSetting: it is not set and has no default.
        """
        value = self.variables.get(name) or default
        if value is None:
            raise MissingSetting(f"{name} is not set; `intaglio serve --help` says what each process needs")
        return value

    def secret(self, name: str) -> Secret:
        """A secret from `name` or from the file that `name_FILE` names.

        Raises:
            MissingSetting: neither or both are set, or the file cannot be read.
        """
        direct, path = self.variables.get(name), self.variables.get(f"{name}_FILE")
        if direct and path:
            raise MissingSetting(f"both {name} and {name}_FILE are set; keep one")
        if direct:
            return Secret(direct)
        if not path:
            raise MissingSetting(f"neither {name} nor {name}_FILE is set")
        try:
            return Secret(Path(path).read_text(encoding="utf-8").strip())
        except OSError as error:
            raise MissingSetting(f"{name}_FILE names {path}, which cannot be read: {error.strerror}") from error

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """A number within bounds.

        Raises:
            MissingSetting: the value is no number or out of bounds.
        """
        text = self.variables.get(name)
        try:
            value = float(text) if text else default
        except ValueError as error:
            raise MissingSetting(f"{name} is not a number") from error
        if not least <= value <= most:
            raise MissingSetting(f"{name} has to be between {least:g} and {most:g}")
        return value

    def kafka(self) -> KafkaSettings:
        """Address and login of the log."""
        properties = self.variables.get("INTAGLIO_KAFKA_CONFIG")
        try:
            security = KafkaSecurity.from_properties(Path(properties)) if properties else KafkaSecurity.plaintext()
        except OSError as error:
            raise MissingSetting(f"INTAGLIO_KAFKA_CONFIG names {properties}, which cannot be read: {error.strerror}") from error
        return KafkaSettings(self.text("INTAGLIO_KAFKA"), security)

    def vault(self) -> VaultSettings:
        """Address and identity in OpenBao."""
        return VaultSettings(
            self.text("INTAGLIO_VAULT_ADDR"),
            self.text("INTAGLIO_VAULT_ROLE_ID"),
            self.secret("INTAGLIO_VAULT_SECRET_ID"),
        )

    def key_life_s(self) -> float:
        """How long an opened key may be used; erasure waits as long."""
        return self.number("INTAGLIO_KEY_LIFE_S", 5.0, least=0.5, most=60.0)


def api_settings(environment: Environment) -> ApiSettings:
    """Settings of `serve api`; Raises MissingSetting for what is not there."""
    return ApiSettings(
        kafka=environment.kafka(),
        postgres=environment.secret("INTAGLIO_POSTGRES"),
        vault=environment.vault(),
        objects=environment.text("INTAGLIO_OBJECTS"),
        host=environment.text("INTAGLIO_HOST", "127.0.0.1"),
        port=int(environment.number("INTAGLIO_PORT", 8080, least=1, most=65535)),
        key_life_s=environment.key_life_s(),
        queue_limit=int(environment.number("INTAGLIO_QUEUE_LIMIT", 1000, least=1, most=1_000_000)),
    )


def dispatch_settings(environment: Environment) -> DispatchSettings:
    """Settings of `serve dispatch`; Raises MissingSetting for what is not there."""
    return DispatchSettings(environment.kafka(), environment.secret("INTAGLIO_POSTGRES"))


def work_settings(environment: Environment) -> WorkSettings:
    """Settings of `serve work`; Raises MissingSetting for what is not there."""
    return WorkSettings(
        kafka=environment.kafka(),
        postgres=environment.secret("INTAGLIO_POSTGRES"),
        vault=environment.vault(),
        objects=environment.text("INTAGLIO_OBJECTS"),
        cache_directory=Path(environment.text("INTAGLIO_MODEL_CACHE")),
        key_life_s=environment.key_life_s(),
    )


def project_settings(environment: Environment) -> ProjectSettings:
    """Settings of `serve project`; Raises MissingSetting for what is not there."""
    return ProjectSettings(environment.kafka(), environment.secret("INTAGLIO_POSTGRES"))


def shred_settings(environment: Environment) -> ShredSettings:
    """Settings of `serve shred`; Raises MissingSetting for what is not there."""
    return ShredSettings(
        kafka=environment.kafka(),
        postgres=environment.secret("INTAGLIO_POSTGRES"),
        vault=environment.vault(),
        objects=environment.text("INTAGLIO_OBJECTS"),
        key_life_s=environment.key_life_s(),
    )
