"""A real OpenBao for the whole run, with the mounts, policies and identities that set-up makes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from events.identifiers import TenantHandle, new_handle
from infra.embedded.child import Child
from infra.embedded.openbao import initialise, openbao_spec, prepare_openbao
from infra.setup.changes import apply_all
from infra.setup.openbao import bootstrap, plan_openbao
from infra.setup.openbao_client import OpenBaoAdmin, login
from infra.setup.passwords import PasswordDirectory
from keys.secrets import Secret
from keys.vault import Vault
from tests.services.ports import free_ports


@dataclass(frozen=True)
class RunningOpenBao:
    """A key store. `root` is a token that tests keep beside the one that set-up revoked, to look and to plant faults."""

    address: str
    passwords: PasswordDirectory
    root: Secret
    directory: Path
    child: Child

    async def restart(self) -> None:
        """Starts it again after it was stopped or killed; returns once it is active."""
        await self.child.start()
        await self.child.wait_ready()
        await initialise(self.address)

    @asynccontextmanager
    async def identity(self, process: str, **kwargs: float) -> AsyncIterator[Vault]:
        """The key store as one process sees it."""
        vault = Vault(
            address=self.address,
            role_id=self.passwords.read(f"openbao-{process}-role-id").reveal(),
            secret_id=self.passwords.read(f"openbao-{process}-secret-id"),
            **kwargs,
        )
        await vault.start()
        try:
            yield vault
        finally:
            await vault.stop()

    @asynccontextmanager
    async def provisioner(self) -> AsyncIterator[OpenBaoAdmin]:
        """Set-up's own session."""
        secret_id = self.passwords.read("openbao-provisioner-secret-id")
        token = await login(self.address, self.passwords.read("openbao-provisioner-role-id").reveal(), secret_id)
        async with OpenBaoAdmin(self.address, token) as admin:
            yield admin

    async def new_tenant(self) -> TenantHandle:
        """A tenant's keys, as set-up makes them."""
        tenant = TenantHandle(new_handle())
        key = {"exportable": False, "allow_plaintext_backup": False}
        async with self.provisioner() as admin:
            await admin.write(f"transit/keys/tenant-{tenant.hex()}", {**key, "type": "aes256-gcm96", "derived": True})
            await admin.write(f"transit/keys/directory-{tenant.hex()}", {**key, "type": "hmac", "key_size": 32})
        return tenant


@asynccontextmanager
async def running_openbao(directory: Path) -> AsyncIterator[RunningOpenBao]:
    """A key store with its data in that directory, set up."""
    port, cluster_port = free_ports(2)
    address = f"http://127.0.0.1:{port}"
    prepare_openbao(directory, port=port, cluster_port=cluster_port)
    child = Child(openbao_spec(directory, port=port, log=directory / "openbao.log"))
    await child.start()
    try:
        await child.wait_ready()
        token = await initialise(address)
        assert token is not None
        yield await _set_up(directory, address, token, child)
    finally:
        await child.stop()


async def _set_up(directory: Path, address: str, token: Secret, child: Child) -> RunningOpenBao:
    passwords = PasswordDirectory(directory / "secrets")
    async with OpenBaoAdmin(address, token) as root:
        await root.write(
            "sys/policies/acl/tests",
            {"policy": 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'},
        )
        answer = await root._send("POST", "auth/token/create-orphan", {"policies": ["tests"]})
        kept = Secret(answer.json()["auth"]["client_token"])
        await bootstrap(root, passwords)
    running = RunningOpenBao(address, passwords, kept, directory, child)
    async with running.provisioner() as admin:
        await apply_all(await plan_openbao(admin, passwords), lambda _: None)
    return running


@pytest.fixture(scope="session")
async def openbao(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningOpenBao]:
    """The key store that most tests share; each makes tenants of its own."""
    async with running_openbao(tmp_path_factory.mktemp("openbao")) as running:
        yield running


@pytest.fixture
async def tenant(openbao: RunningOpenBao) -> TenantHandle:
    """A tenant nobody else uses."""
    return await openbao.new_tenant()


@pytest.fixture(scope="session")
async def api_vault(openbao: RunningOpenBao) -> AsyncIterator[Vault]:
    """The key store as `api` sees it."""
    async with openbao.identity("api") as vault:
        yield vault


@pytest.fixture(scope="session")
async def work_vault(openbao: RunningOpenBao) -> AsyncIterator[Vault]:
    """The key store as `work` sees it."""
    async with openbao.identity("work") as vault:
        yield vault


@pytest.fixture(scope="session")
async def shred_vault(openbao: RunningOpenBao) -> AsyncIterator[Vault]:
    """The key store as `shred` sees it."""
    async with openbao.identity("shred") as vault:
        yield vault
