"""The environment of each process as a file, so that `serve` can be started anywhere with what set-up made.

Secrets stay in files of their own and are named by path; the settings file holds no password but is private all the same.
"""

from collections.abc import Mapping
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from events.security import KafkaSecurity
from infra.setup.passwords import write_private
from infra.setup.postgres_roles import LOGINS, role_of
from infra.setup.targets import Target
from keys.secrets import Secret

WITH_VAULT = ("api", "work", "shred")


def write_settings_files(target: Target) -> None:
    """Writes `<process>.env`, the Kafka properties and the connection string of each process below the password directory."""
    for process in LOGINS:
        security = KafkaSecurity.scram(process, target.passwords.read(f"kafka-{process}").reveal())
        write_private(target.passwords.path(f"kafka-{process}.properties"), security.properties())
        target.passwords.keep(f"postgres-{process}-dsn", postgres_dsn(target, process))
    for process in LOGINS:
        if process != "reader":
            lines = [f"{name}={value}\n" for name, value in process_settings(target, process).items()]
            write_private(target.passwords.path(f"{process}.env"), "".join(lines))


def postgres_dsn(target: Target, process: str) -> Secret:
    """The connection string of a process, with its password."""
    admin = conninfo_to_dict(target.postgres.reveal())
    password = quote(target.passwords.read(f"postgres-{process}").reveal(), safe="")
    return Secret(f"postgresql://{role_of(process)}:{password}@{admin['host']}:{admin['port']}/{admin['dbname']}")


def process_settings(target: Target, process: str) -> Mapping[str, str]:
    """The variables that `serve <process>` needs, secrets by file."""
    passwords = target.passwords
    settings = {
        "INTAGLIO_KAFKA": target.kafka,
        "INTAGLIO_KAFKA_CONFIG": str(passwords.path(f"kafka-{process}.properties")),
        "INTAGLIO_POSTGRES_FILE": str(passwords.path(f"postgres-{process}-dsn")),
    }
    if process in WITH_VAULT:
        settings |= {
            "INTAGLIO_VAULT_ADDR": target.vault,
            "INTAGLIO_VAULT_ROLE_ID": passwords.read(f"openbao-{process}-role-id").reveal(),
            "INTAGLIO_VAULT_SECRET_ID_FILE": str(passwords.path(f"openbao-{process}-secret-id")),
            "INTAGLIO_OBJECTS": target.objects,
        }
    return settings
