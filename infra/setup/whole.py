"""The whole set-up in its order: log, database, keys, then the first tenant.

The order matters where one part needs another: the tenant's events need topics and the right to write them, and are signed with a
key that has to exist. Everything is idempotent, so a set-up that was killed anywhere is finished by running it again.
"""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from confluent_kafka.admin import AdminClient
from psycopg import AsyncConnection, OperationalError

from events.append import Appender
from events.identifiers import PersonHandle, new_handle
from events.read import LogReader
from events.security import KafkaSecurity
from infra.setup.changes import Change, SetupFailed, apply_all
from infra.setup.kafka_topics import plan_topics
from infra.setup.kafka_users import plan_users
from infra.setup.migrations import plan_migrations
from infra.setup.openbao import bootstrap, plan_openbao
from infra.setup.openbao_client import OpenBaoAdmin, login
from infra.setup.postgres_roles import plan_roles
from infra.setup.settings_files import write_settings_files
from infra.setup.targets import Target
from infra.setup.tenants import Issue, TenantProvisioner, read_registry
from keys.signing import CommandSigner
from keys.vault import Vault

Announce = Callable[[str], None]


async def plan_only(target: Target, tenant: str) -> list[str]:
    """What `set_up` would do, a sentence each. Changes nothing."""
    sentences = [change.what for change in await _plan_kafka(target)]
    async with _postgres(target) as connection:
        roles = await plan_roles(connection, target.passwords)
        sentences += [change.what for change in [*roles, *await plan_migrations(connection)]]
    if not target.passwords.has("openbao-provisioner-secret-id"):
        return [*sentences, "make the provisioner in OpenBao and revoke the root token", f"open tenant {tenant}"]
    async with _provisioner(target) as admin:
        keys = await plan_openbao(admin, target.passwords)
        sentences += [change.what for change in keys]
        if keys or sentences:
            return sentences
        async with _tenants(target, admin) as (provisioner, reader):
            state = await read_registry(reader)
            missing = await provisioner.plan(state, tenant, [], subject_required=True)
            return sentences + [change.what for change in missing]


async def set_up(target: Target, tenant: str, credentials: Path, announce: Announce, *, subject_required: bool) -> None:
    """Makes or completes everything; on return all of it is durable on the services.

    Raises:
        SetupFailed: a service is away or refuses.
    """
    await apply_all(await _plan_kafka(target), announce)
    async with _postgres(target) as connection:
        await apply_all(await plan_roles(connection, target.passwords), announce)
        await apply_all(await plan_migrations(connection), announce)
    await _make_provisioner(target, announce)
    async with _provisioner(target) as admin:
        await apply_all(await plan_openbao(admin, target.passwords), announce)
    write_settings_files(target)
    await create_tenant(target, tenant, credentials, announce, subject_required=subject_required)


async def create_tenant(target: Target, name: str, credentials: Path, announce: Announce, *, subject_required: bool) -> None:
    """Opens a tenant with a client, two officers, and the platform's auditor and operator; their keys go into `credentials`."""
    async with _provisioner(target) as admin, _tenants(target, admin) as (provisioner, reader):
        state = await read_registry(reader)
        missing = await provisioner.plan(state, name, _first_credentials(credentials), subject_required=subject_required)
        await apply_all(missing, announce)


def _first_credentials(folder: Path) -> list[Issue]:
    """Five persons, so that an approval can come from somebody else from the first hour."""
    roles = {"client": "client", "auditor": "auditor", "officer": "officer", "officer2": "officer", "operator": "operator"}
    return [
        Issue(folder / name, PersonHandle(new_handle()), role, of_platform=role in {"auditor", "operator"})
        for name, role in roles.items()
    ]


async def _plan_kafka(target: Target) -> list[Change]:
    security = target.kafka_admin
    settings = {
        "bootstrap.servers": target.kafka,
        "security.protocol": security.protocol,
        "client.id": "intaglio-setup",
        "log_level": 0,
    }
    if security.mechanism:
        settings |= {
            "sasl.mechanism": security.mechanism,
            "sasl.username": security.username,
            "sasl.password": security.password,
        }
    admin = AdminClient(settings)
    topics = await plan_topics(admin, replication=target.replication)
    return topics + await plan_users(admin, target.passwords)


@asynccontextmanager
async def _postgres(target: Target) -> AsyncIterator[AsyncConnection]:
    try:
        connection = await AsyncConnection.connect(target.postgres.reveal(), autocommit=True)
    except OperationalError as away:
        raise SetupFailed("PostgreSQL does not let set-up in; check INTAGLIO_POSTGRES") from away
    async with connection:
        yield connection


async def _make_provisioner(target: Target, announce: Announce) -> None:
    if target.passwords.has("openbao-provisioner-secret-id"):
        return
    if target.root_token is None:
        raise SetupFailed("OpenBao has no provisioner yet; give INTAGLIO_VAULT_ROOT_TOKEN this once, it is revoked after")
    announce("make the provisioner in OpenBao and revoke the root token")
    async with OpenBaoAdmin(target.vault, target.root_token) as root:
        await bootstrap(root, target.passwords)


@asynccontextmanager
async def _provisioner(target: Target) -> AsyncIterator[OpenBaoAdmin]:
    role_id = target.passwords.read("openbao-provisioner-role-id").reveal()
    token = await login(target.vault, role_id, target.passwords.read("openbao-provisioner-secret-id"))
    async with OpenBaoAdmin(target.vault, token) as admin:
        yield admin


@asynccontextmanager
async def _tenants(target: Target, admin: OpenBaoAdmin) -> AsyncIterator[tuple[TenantProvisioner, LogReader]]:
    security = KafkaSecurity.scram("api", target.passwords.read("kafka-api").reveal())
    appender = Appender(bootstrap=target.kafka, security=security, process="api")
    vault = Vault(
        address=target.vault,
        role_id=target.passwords.read("openbao-api-role-id").reveal(),
        secret_id=target.passwords.read("openbao-api-secret-id"),
    )
    await vault.start()
    await appender.start()
    try:
        pepper = await vault.kv_read("platform", "credential-pepper")
        if pepper is None:
            raise SetupFailed("the pepper of API keys is not in OpenBao; run `intaglio setup` again")
        yield (
            TenantProvisioner(
                admin=admin,
                appender=appender,
                signer=CommandSigner(vault),
                pepper=base64.b64decode(pepper.data["pepper"]),
            ),
            LogReader(bootstrap=target.kafka, security=security),
        )
    finally:
        await appender.stop()
        await vault.stop()
