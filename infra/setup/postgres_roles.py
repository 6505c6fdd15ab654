"""Give each process a login on PostgreSQL with no more rights than `grants.sql` names.

A password is sent to the server only as a SCRAM verifier, so that no statement, log or dump ever holds it. Passwords of roles
that
exist are set again from the password directory, which is the only place that knows them.
"""

from collections.abc import Iterable
from functools import partial

from psycopg import AsyncConnection, sql

from infra.setup.changes import Change
from infra.setup.passwords import PasswordDirectory

OWNER = "intaglio_owner"
LOGINS = ("api", "dispatch", "work", "project", "shred", "reader")


def role_of(process: str) -> str:
    """The PostgreSQL role with which a process logs in."""
    return f"intaglio_{process}"


async def plan_roles(connection: AsyncConnection, passwords: PasswordDirectory) -> list[Change]:
    """The roles that are missing, the owner of the schemas first."""
    cursor = await connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'intaglio_%'")
    existing = {name for (name,) in await cursor.fetchall()}
    changes = []
    if OWNER not in existing:
        changes.append(Change("make the PostgreSQL role that owns the schemas", lambda: _make_owner(connection)))
    missing = [login for login in LOGINS if role_of(login) not in existing or not passwords.has(f"postgres-{login}")]
    return changes + list(_logins(connection, missing, passwords))


def _logins(connection: AsyncConnection, missing: Iterable[str], passwords: PasswordDirectory) -> Iterable[Change]:
    for login in missing:
        yield Change(
            f"make PostgreSQL role {role_of(login)}",
            partial(_make_login, connection, login, passwords),
        )


async def _make_owner(connection: AsyncConnection) -> None:
    owner = sql.Identifier(OWNER)
    await connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(owner))
    await connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
    database = sql.Identifier(connection.info.dbname)
    await connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, owner))
    await connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


async def _make_login(connection: AsyncConnection, login: str, passwords: PasswordDirectory) -> None:
    role, name = role_of(login), sql.Identifier(role_of(login))
    password = passwords.ensure(f"postgres-{login}").reveal()
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    cursor = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
    verb = sql.SQL("ALTER" if await cursor.fetchone() else "CREATE")
    await connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, name, sql.Literal(verifier)))
    database = sql.Identifier(connection.info.dbname)
    await connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
