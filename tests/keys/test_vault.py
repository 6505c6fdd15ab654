"""The key store as its users see it: a value, nothing there, away, or refused; within three seconds and never mixed up."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from hvac.api.auth_methods import AppRole

from events.identifiers import TenantHandle, new_handle
from keys.blob import tenant_key
from keys.errors import CasConflict, KeyMissing, VaultDenied, VaultUnavailable, WrongKey
from keys.secrets import Secret
from keys.vault import REQUEST_TIMEOUT_S, Vault
from tests.services.fix_openbao import RunningOpenBao, running_openbao
from tests.services.ports import free_ports

CONTEXT = b"a/path"
Call = Callable[[Vault, TenantHandle], Awaitable[object]]


def path() -> str:
    """A path that nobody else uses."""
    return f"{new_handle().hex()}/{new_handle().hex()}/1"


# Every request there is, by name, on things that exist or may be made.
CALLS: dict[str, Call] = {
    "encrypt": lambda vault, tenant: vault.encrypt(tenant_key(tenant), b"plain", CONTEXT),
    "decrypt": lambda vault, tenant: vault.decrypt(tenant_key(tenant), "vault:v1:" + "A" * 60, CONTEXT),
    "hmac": lambda vault, tenant: vault.hmac(f"directory-{tenant.hex()}", b"name"),
    "sign": lambda vault, _: vault.sign("commands", b"message"),
    "public keys": lambda vault, _: vault.public_keys("commands"),
    "read blob": lambda vault, _: vault.kv_read("subjects", path()),
    "create blob": lambda vault, _: vault.kv_write("subjects", path(), {"blob": "x"}, 0),
    "delete blob": lambda vault, _: vault.kv_destroy("subjects", path()),
    "list blobs": lambda vault, tenant: vault.kv_list("subjects", tenant.hex()),
    "read entry": lambda vault, _: vault.kv_read("directory", path()),
    "create entry": lambda vault, _: vault.kv_write("directory", path(), {"kind": "entry"}, 0),
    "delete entry": lambda vault, _: vault.kv_destroy("directory", path()),
    "list entries": lambda vault, tenant: vault.kv_list("directory", tenant.hex()),
    "read pepper": lambda vault, _: vault.kv_read("platform", "credential-pepper"),
    "write pepper": lambda vault, _: vault.kv_write("platform", "credential-pepper", {"pepper": "x"}, 1),
    "delete pepper": lambda vault, _: vault.kv_destroy("platform", "credential-pepper"),
}
ALLOWED = {
    "api": {
        "encrypt", "decrypt", "hmac", "sign", "public keys", "read blob", "create blob", "delete blob", "read entry",
        "create entry", "read pepper",
    },
    "work": {"decrypt", "read blob"},
    "shred": {"decrypt", "public keys", "read blob", "delete blob", "list blobs", "read entry"},
}  # fmt: skip


@contextlib.asynccontextmanager
async def vault_at(address: str, timeout_s: float = REQUEST_TIMEOUT_S) -> AsyncIterator[Vault]:
    """An identity nobody knows, at an address where perhaps nobody is."""
    vault = Vault(address=address, role_id="role", secret_id=Secret("hidden-secret-id"), request_timeout_s=timeout_s)
    try:
        yield vault
    finally:
        await vault.stop()


@contextlib.asynccontextmanager
async def server(answer: bytes, pause_s: float) -> AsyncIterator[str]:
    """A TCP server that sends these bytes one by one, with pauses, and never an end."""
    over, serving = asyncio.Event(), set[asyncio.Task[None]]()

    async def serve(writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            for byte in answer:
                if over.is_set():
                    break
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(pause_s)
            await over.wait()
            writer.close()
            await writer.wait_closed()

    listening = await asyncio.start_server(
        lambda _, writer: serving.add(asyncio.create_task(serve(writer))), "127.0.0.1", 0, backlog=100
    )
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        listening.close()
        await asyncio.gather(*serving)


def root(openbao: RunningOpenBao) -> httpx.AsyncClient:
    """Whoever may do everything."""
    return httpx.AsyncClient(base_url=f"{openbao.address}/v1/", headers={"X-Vault-Token": openbao.root.reveal()})


@pytest.mark.parametrize("process", ALLOWED)
@pytest.mark.parametrize("call", CALLS)
async def test_each_process_may_do_its_work_and_no_more(
    openbao: RunningOpenBao, tenant: TenantHandle, process: str, call: str
) -> None:
    """A worker that was taken over cannot write, sign, list or delete; `api` deletes no entry; nobody reads another's."""
    async with openbao.identity(process) as vault:
        if call in ALLOWED[process]:
            # A made-up ciphertext is a wrong key, which only somebody who may decrypt gets to hear.
            with contextlib.suppress(WrongKey):
                await CALLS[call](vault, tenant)
        else:
            with pytest.raises(VaultDenied):
                await CALLS[call](vault, tenant)


@pytest.mark.parametrize("process", ALLOWED)
@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("DELETE", "transit/keys/{key}"),
        ("POST", "transit/keys/{key}/config"),
        ("POST", "transit/keys/{key}/rotate"),
        ("POST", "transit/keys/{key}/trim"),
        ("GET", "transit/export/encryption-key/{key}"),
        ("GET", "transit/backup/{key}"),
        ("POST", "transit/keys/another"),
        ("GET", "sys/raw/core"),
        ("GET", "sys/storage/raft/snapshot"),
        ("POST", "subjects/undelete/a/b/1"),
        ("POST", "subjects/config"),
        ("POST", "sys/policies/acl/intaglio-work"),
        ("POST", "auth/approle/role/intaglio-api/secret-id"),
    ],
)
async def test_no_process_reaches_behind_the_keys(
    openbao: RunningOpenBao, tenant: TenantHandle, process: str, method: str, where: str
) -> None:
    """Export, backup, raw storage, undelete, other settings, other identities: none of it is anybody's work."""
    async with openbao.identity(process) as vault, httpx.AsyncClient(base_url=f"{openbao.address}/v1/") as client:
        headers = {"X-Vault-Token": vault._client.token}
        body = {"versions": [1], "deletion_allowed": True} if method == "POST" else None
        answer = await client.request(method, where.format(key=tenant_key(tenant)), headers=headers, json=body)
    assert answer.status_code == httpx.codes.FORBIDDEN


async def test_seals_for_one_context(api_vault: Vault, tenant: TenantHandle) -> None:
    """What was sealed for a path opens for that path."""
    sealed = await api_vault.encrypt(tenant_key(tenant), b"plain", CONTEXT)
    assert await api_vault.decrypt(tenant_key(tenant), sealed, CONTEXT) == b"plain"
    with pytest.raises(WrongKey):
        await api_vault.decrypt(tenant_key(tenant), sealed, b"another/path")


async def test_a_key_that_does_not_exist_is_not_made(api_vault: Vault) -> None:
    """Otherwise a straggler would bring an erased tenant's key back, under the same name and empty."""
    name = tenant_key(TenantHandle(new_handle()))
    with pytest.raises((KeyMissing, VaultDenied)):
        await api_vault.encrypt(name, b"plain", CONTEXT)
    with pytest.raises(KeyMissing):
        await api_vault.decrypt(name, "vault:v1:" + "A" * 60, CONTEXT)
    with pytest.raises(KeyMissing):
        await api_vault.hmac(f"directory-{new_handle().hex()}", b"message")
    with pytest.raises((KeyMissing, VaultDenied)):
        await api_vault.public_keys(name)


async def test_nothing_there_is_none(api_vault: Vault, shred_vault: Vault) -> None:
    """Neither an error nor an erasure."""
    assert await api_vault.kv_read("subjects", path()) is None
    assert await shred_vault.kv_list("subjects", path()) == []
    await shred_vault.kv_destroy("subjects", path())


async def test_writes_by_compare_and_swap(api_vault: Vault) -> None:
    """Against the version that was read, or against nothing."""
    where = path()
    assert await api_vault.kv_write("subjects", where, {"blob": "1"}, 0) == 1
    assert await api_vault.kv_write("subjects", where, {"blob": "2"}, 1) == 2
    for stale in (0, 1, 3):
        with pytest.raises(CasConflict):
            await api_vault.kv_write("subjects", where, {"blob": "3"}, stale)
    entry = await api_vault.kv_read("subjects", where)
    assert entry is not None
    assert (entry.version, entry.data) == (2, {"blob": "2"})


async def test_keeps_one_version(openbao: RunningOpenBao, api_vault: Vault) -> None:
    """The last blob but one would be what an erasure destroyed."""
    where = path()
    for version in range(3):
        await api_vault.kv_write("subjects", where, {"blob": f"{version}"}, version)
    async with root(openbao) as client:
        answers = [await client.get(f"subjects/data/{where}", params={"version": version}) for version in (1, 2, 3)]
    assert [answer.status_code for answer in answers] == [404, 404, 200]


async def test_what_was_destroyed_is_gone_with_all_versions(
    openbao: RunningOpenBao, api_vault: Vault, shred_vault: Vault
) -> None:
    """Not the soft deletion that `undelete` takes back."""
    where = path()
    await api_vault.kv_write("subjects", where, {"blob": "x"}, 0)
    await shred_vault.kv_destroy("subjects", where)
    assert await api_vault.kv_read("subjects", where) is None
    async with root(openbao) as client:
        assert (await client.get(f"subjects/metadata/{where}")).status_code == 404
        await client.post(f"subjects/undelete/{where}", json={"versions": [1]})
    assert await api_vault.kv_read("subjects", where) is None


async def test_an_entry_shows_no_data(api_vault: Vault) -> None:
    """It holds blobs and peppers."""
    entry = await api_vault.kv_read("platform", "credential-pepper")
    assert entry is not None
    assert entry.data["pepper"] not in repr(entry)


async def test_a_revoked_token_logs_in_again(
    openbao: RunningOpenBao, tenant: TenantHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, also when many requests find out together."""
    logins = 0
    login = AppRole.login

    def counted(*args: object, **kwargs: object) -> object:
        nonlocal logins
        logins += 1
        return login(*args, **kwargs)

    async with openbao.identity("api") as vault, root(openbao) as client:
        monkeypatch.setattr(AppRole, "login", counted)
        revoked = vault._client.token
        (await client.post("auth/token/revoke", json={"token": revoked})).raise_for_status()
        await asyncio.gather(*(vault.hmac(f"directory-{tenant.hex()}", b"name") for _ in range(20)))
        assert vault._client.token != revoked
    assert logins == 1


async def test_an_expired_token_logs_in_again(openbao: RunningOpenBao, tenant: TenantHandle) -> None:
    """By itself, after a night without a request."""
    async with openbao.identity("api") as vault, root(openbao) as client:
        made = await client.post("auth/token/create-orphan", json={"policies": ["intaglio-api"], "ttl": "1s"})
        short = made.raise_for_status().json()["auth"]["client_token"]
        vault._client.token = short
        await asyncio.sleep(1.5)
        assert (await client.post("auth/token/lookup", json={"token": short})).status_code != 200
        assert len(await vault.hmac(f"directory-{tenant.hex()}", b"name")) == 32


async def test_a_refusal_stays_a_refusal_after_one_new_login(openbao: RunningOpenBao) -> None:
    """No loop of logins."""
    async with openbao.identity("work") as vault:
        before = vault._client.token
        with pytest.raises(VaultDenied, match="setup --plan"):
            await vault.sign("commands", b"message")
        once = vault._client.token
        assert once != before


async def test_a_wrong_secret_id_is_denied_and_not_shown(openbao: RunningOpenBao) -> None:
    """A process that cannot log in says so and stops."""
    async with vault_at(openbao.address) as vault:
        with pytest.raises(VaultDenied) as refused:
            await vault.start()
    assert "hidden-secret-id" not in f"{refused.value!r} {refused.value}"


@pytest.mark.parametrize("call", CALLS)
async def test_a_closed_port_is_away(call: str) -> None:
    """For every request alike."""
    (port,) = free_ports(1)
    async with vault_at(f"http://127.0.0.1:{port}") as vault:
        with pytest.raises(VaultUnavailable):
            await CALLS[call](vault, TenantHandle(new_handle()))
        assert not await vault.is_ready()


async def test_a_server_that_never_answers_is_away_within_three_seconds() -> None:
    """Not the first request and not the twentieth, though there are fewer threads."""
    async with server(b"", 0.0) as address, vault_at(address) as vault:
        began = time.monotonic()
        outcomes = await asyncio.gather(*(vault.kv_read("subjects", path()) for _ in range(20)), return_exceptions=True)
        waited_s = time.monotonic() - began
    assert all(isinstance(outcome, VaultUnavailable) for outcome in outcomes)
    assert REQUEST_TIMEOUT_S - 0.5 < waited_s < REQUEST_TIMEOUT_S + 0.5


async def test_a_server_that_answers_byte_by_byte_is_away_too() -> None:
    """Each byte comes in time; the answer does not."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + b" " * 1000
    async with server(answer, 0.05) as address, vault_at(address, timeout_s=0.5) as vault:
        began = time.monotonic()
        with pytest.raises(VaultUnavailable):
            await vault.kv_read("subjects", path())
        assert time.monotonic() - began < 1.0


async def test_sealed_stopped_and_back(tmp_path: Path) -> None:
    """Away is away, whatever the reason, decides nothing and is over when it is over."""
    async with running_openbao(tmp_path) as own, own.identity("api") as vault, root(own) as client:
        tenant, where = await own.new_tenant(), path()
        await vault.kv_write("subjects", where, {"blob": "kept"}, 0)
        assert await vault.is_ready()
        (await client.put("sys/seal")).raise_for_status()
        await _is_away(vault, tenant, where)
        await own.child.stop()
        await _is_away(vault, tenant, where)
        await own.restart()
        assert await vault.is_ready()
        entry = await vault.kv_read("subjects", where)
        assert entry is not None
        assert entry.data == {"blob": "kept"}


async def _is_away(vault: Vault, tenant: TenantHandle, where: str) -> None:
    assert not await vault.is_ready()
    began = time.monotonic()
    for call in (
        vault.kv_read("subjects", where),
        vault.kv_write("subjects", where, {"blob": "other"}, 1),
        vault.kv_destroy("subjects", where),
        vault.kv_list("subjects", tenant.hex()),
        vault.encrypt(tenant_key(tenant), b"plain", CONTEXT),
        vault.start(),
    ):
        with pytest.raises(VaultUnavailable):
            await call
    assert time.monotonic() - began < REQUEST_TIMEOUT_S
