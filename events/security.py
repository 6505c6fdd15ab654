"""How a client logs in to the log, from the properties file that every Kafka client understands.

Holds a password and shows it to nobody: neither in its repr nor in an error.
"""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events.errors import Misconfigured

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """Protocol, mechanism, user and password; `ca_file` for TLS."""

    protocol: str = "PLAINTEXT"
    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @classmethod
    def plaintext(cls) -> "KafkaSecurity":
        """No login, for a broker that asks for none."""
        return cls()

    @classmethod
    def scram(cls, username: str, password: str) -> "KafkaSecurity":
        """SCRAM-SHA-512 without TLS, for a broker on this machine."""
        return cls("SASL_PLAINTEXT", "SCRAM-SHA-512", username, password)

    @classmethod
    def from_properties(cls, path: Path) -> "KafkaSecurity":
        """Reads a client properties file (`security.protocol`, `sasl.mechanism`, `sasl.jaas.config`, `ssl.ca.location`).

        Raises:
            Misconfigured: the file asks for something that is not known here.
            OSError: it cannot be read.
        """
        found = _pairs(path.read_text(encoding="utf-8"))
        jaas = found.get("sasl.jaas.config", "")
        security = cls(
            protocol=found.get("security.protocol", "PLAINTEXT"),
            mechanism=found.get("sasl.mechanism"),
            username=found.get("sasl.username") or _quoted(jaas, "username", path),
            password=found.get("sasl.password") or _quoted(jaas, "password", path),
            ca_file=found.get("ssl.ca.location"),
        )
        if security.protocol not in _PROTOCOLS:
            raise Misconfigured(f"{path}: security.protocol is none of {', '.join(_PROTOCOLS)}")
        if security.protocol.startswith("SASL"):
            if security.mechanism not in _MECHANISMS:
                raise Misconfigured(f"{path}: sasl.mechanism is none of {', '.join(_MECHANISMS)}")
            if not security.username or not security.password:
                raise Misconfigured(f"{path}: {security.protocol} needs a user and a password, in sasl.jaas.config")
        return security

    def properties(self) -> str:
        """The same as a client properties file, for Kafka's own tools and for `from_properties`.

        Raises:
            Misconfigured: a user or password with a character that such a file would have to escape.
        """
        lines = [f"security.protocol={self.protocol}"]
        if self.mechanism:
            for value in (self.username or "", self.password or ""):
                if not value.isascii() or not value.isprintable() or '"' in value or "\\" in value:
                    raise Misconfigured(
                        "a Kafka user or password has a quote, a backslash or a character beyond ASCII; choose another"
                    )
            module = "scram.ScramLoginModule" if self.mechanism.startswith("SCRAM") else "plain.PlainLoginModule"
            lines += [
                f"sasl.mechanism={self.mechanism}",
                (
                    f"sasl.jaas.config=org.apache.kafka.common.security.{module} required "
                    f'username="{self.username}" password="{self.password}";'
                ),
            ]
        if self.ca_file:
            # The first is what librdkafka reads, the others what Java does.
            lines += [f"ssl.ca.location={self.ca_file}", "ssl.truststore.type=PEM", f"ssl.truststore.location={self.ca_file}"]
        return "\n".join(lines) + "\n"

    def client_kwargs(self) -> dict[str, Any]:
        """Arguments of an aiokafka client."""
        kwargs: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.endswith("SSL"):
            kwargs["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        if self.protocol.startswith("SASL"):
            kwargs |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return kwargs


def _pairs(text: str) -> dict[str, str]:
    """The settings of a properties file; a backslash at the end of a line joins it with the next."""
    lines = (line.strip() for line in re.sub(r"\\\n\s*", "", text).splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith(("#", "!")))
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _quoted(jaas: str, name: str, path: Path) -> str | None:
    if not jaas:
        return None
    _, found, rest = jaas.partition(f'{name}="')
    value, end, _ = rest.partition('"')
    if not found or not end:
        raise Misconfigured(f'{path}: sasl.jaas.config has no {name}="…"')
    return value
