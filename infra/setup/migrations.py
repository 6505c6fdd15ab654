"""Bring the schemas to the version of this release: numbered SQL files, each applied once, in one transaction.

What was applied is recorded with its SHA-256; a file that changed after it was applied is refused, because two platforms that ran
different text under one number could no longer be told apart.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import resources

from psycopg import AsyncConnection, sql

from infra.setup.changes import Change, SetupFailed
from infra.setup.postgres_roles import OWNER

# Schema → the package folder that owns its files; the order is the order of application, since grants name them all.
FOLDERS: Mapping[str, str] = {
    "read": "projections.migrations",
    "work": "inference.dispatch.migrations",
    "erasure": "keys.erasure.migrations",
    "front": "api.migrations",
}
_RECORD = """
CREATE TABLE IF NOT EXISTS public.migrations (
    schema text NOT NULL, name text NOT NULL, sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (schema, name)
)
"""
# One lock for every set-up on this database, so that two side by side apply each file once.
_LOCK_KEY = 0x494E5447


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file of one schema."""

    schema: str
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The identity of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Every migration of this release in order of application."""
    found = []
    for schema, package in FOLDERS.items():
        files = sorted(
            (entry for entry in resources.files(package).iterdir() if entry.name.endswith(".sql")),
            key=lambda entry: entry.name,
        )
        found += [Migration(schema, entry.name, entry.read_text(encoding="utf-8")) for entry in files]
    return found


def grants() -> str:
    """The rights of every login, as one idempotent script."""
    return resources.files("infra.setup").joinpath("grants.sql").read_text(encoding="utf-8")


async def plan_migrations(connection: AsyncConnection) -> list[Change]:
    """The files that were not applied yet, then the grants.

    Raises:
        SetupFailed: an applied file has another text now.
    """
    applied = await _applied(connection)
    changes = []
    for migration in migrations():
        recorded = applied.get((migration.schema, migration.name))
        if recorded is None:
            changes.append(
                Change(
                    f"apply {migration.schema}/{migration.name}",
                    partial(_apply, connection, migration),
                )
            )
        elif recorded != migration.sha256:
            raise SetupFailed(
                f"{migration.schema}/{migration.name} was applied with another text; "
                "install the release that applied it, or restore its file"
            )
    granted = applied.get(("grants", "grants.sql")) == hashlib.sha256(grants().encode()).hexdigest()
    if changes or not granted:
        changes.append(Change("grant each PostgreSQL role its rights", lambda: _grant(connection)))
    return changes


async def _applied(connection: AsyncConnection) -> dict[tuple[str, str], str]:
    cursor = await connection.execute("SELECT to_regclass('public.migrations')")
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        return {}
    cursor = await connection.execute("SELECT schema, name, sha256 FROM public.migrations")
    return {(schema, name): sha256 for schema, name, sha256 in await cursor.fetchall()}


async def _apply(connection: AsyncConnection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        await connection.execute(_RECORD)
        if (migration.schema, migration.name) in await _applied(connection):
            return
        await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(OWNER)))
        await connection.execute(sql.SQL(migration.text))
        await connection.execute("RESET ROLE")
        await _record(connection, migration.schema, migration.name, migration.sha256)


async def _grant(connection: AsyncConnection) -> None:
    text = grants()
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        await connection.execute(_RECORD)
        await connection.execute(sql.SQL(text))
        await _record(connection, "grants", "grants.sql", hashlib.sha256(text.encode()).hexdigest())


async def _record(connection: AsyncConnection, schema: str, name: str, sha256: str) -> None:
    await connection.execute(
        "INSERT INTO public.migrations (schema, name, sha256) VALUES (%s, %s, %s) "
        "ON CONFLICT (schema, name) DO UPDATE SET sha256 = EXCLUDED.sha256, applied_at = now()",
        (schema, name, sha256),
    )
