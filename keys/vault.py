"""The key store, typed: the only user of hvac.

Every request has a deadline and runs in a bounded pool of threads, because hvac is synchronous; a server that hangs holds a few
threads and no caller for longer than the deadline. Nothing read here is kept. An answer is one of: the value, nothing there,
away (`VaultUnavailable`), refused (`VaultDenied`); which of them means erased is never decided here.
"""

import asyncio
import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import hvac
import hvac.exceptions
import requests

from keys.errors import CasConflict, KeyMissing, VaultDenied, VaultUnavailable, WrongKey
from keys.secrets import Secret

REQUEST_TIMEOUT_S = 3.0
_THREADS = 8
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class KvEntry:
    """The one version of a path and what it holds."""

    version: int
    data: dict[str, str] = field(repr=False)


class Vault:
    """One identity at one OpenBao; safe to use from many tasks."""

    def __init__(self, *, address: str, role_id: str, secret_id: Secret, request_timeout_s: float = REQUEST_TIMEOUT_S) -> None:
        self._address, self._role_id, self._secret_id = address, role_id, secret_id
        self._timeout_s = request_timeout_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="vault")
        session = requests.Session()
        session.mount("http", requests.adapters.HTTPAdapter(pool_connections=_THREADS, pool_maxsize=_THREADS))
        self._client = hvac.Client(url=address, timeout=request_timeout_s, session=session)
        self._login_lock = asyncio.Lock()

    async def start(self) -> None:
        """Logs in.

        Raises:
            VaultUnavailable: the key store does not answer or is sealed.
            VaultDenied: it refuses the role.
        """
        await self._login(self._client.token)

    async def stop(self) -> None:
        """Forgets the token and ends the threads."""
        self._client.token = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def encrypt(self, key: str, plaintext: bytes, context: bytes) -> str:
        """Ciphertext under a transit key derived for that context.

        Raises:
            KeyMissing: the key store has no key of that name.
        """
        answer = await self._transit(
            lambda: self._client.secrets.transit.encrypt_data(key, plaintext=_b64(plaintext), context=_b64(context))
        )
        return str(answer["data"]["ciphertext"])

    async def decrypt(self, key: str, ciphertext: str, context: bytes) -> bytearray:
        """Plaintext in a buffer that the caller overwrites after use.

        Raises:
            KeyMissing: the key store has no key of that name.
            WrongKey: the ciphertext was changed, or made under another key or context.
        """
        answer = await self._transit(
            lambda: self._client.secrets.transit.decrypt_data(key, ciphertext=ciphertext, context=_b64(context))
        )
        return bytearray(base64.b64decode(answer["data"]["plaintext"]))

    async def hmac(self, key: str, message: bytes) -> bytes:
        """HMAC-SHA-256 of a message under a transit key (32 bytes). Raises KeyMissing where there is none of that name."""
        answer = await self._transit(
            lambda: self._client.secrets.transit.generate_hmac(key, hash_input=_b64(message), algorithm="sha2-256")
        )
        return base64.b64decode(answer["data"]["hmac"].rsplit(":", 1)[1])

    async def sign(self, key: str, message: bytes) -> bytes:
        """Key version in four bytes, then the Ed25519 signature of the message (RFC 8032, 64 bytes)."""
        answer = await self._call(lambda: self._client.secrets.transit.sign_data(key, hash_input=_b64(message)))
        _, version, signature = answer["data"]["signature"].split(":")
        return int(version[1:]).to_bytes(4, "big") + base64.b64decode(signature)

    async def public_keys(self, key: str) -> dict[int, bytes]:
        """The public Ed25519 key of each version of a transit key (32 bytes each). Raises KeyMissing where there is none."""
        try:
            answer = await self._call(lambda: self._client.secrets.transit.read_key(key))
        except hvac.exceptions.InvalidPath:
            raise KeyMissing(f"the key store has no signing key {key}; run `intaglio setup`") from None
        return {int(number): base64.b64decode(item["public_key"]) for number, item in answer["data"]["keys"].items()}

    async def kv_read(self, mount: str, path: str) -> KvEntry | None:
        """What lies at a path, or None where nothing is."""
        try:
            answer = await self._call(
                lambda: self._client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
            )
        except hvac.exceptions.InvalidPath:
            return None
        return KvEntry(int(answer["data"]["metadata"]["version"]), dict(answer["data"]["data"]))

    async def kv_write(self, mount: str, path: str, data: dict[str, str], cas: int) -> int:
        """Writes if the present version is `cas` (0: nothing is there); the new version, durable on return.

        Raises:
            CasConflict: another version is there.
        """
        try:
            answer = await self._call(
                lambda: self._client.secrets.kv.v2.create_or_update_secret(path, data, cas=cas, mount_point=mount)
            )
        except hvac.exceptions.InvalidRequest as refused:
            if "check-and-set" in str(refused):
                raise CasConflict("an entry of the key store was changed by somebody else; read it again") from None
            raise VaultDenied("the key store refuses a write; look at its own log") from None
        if answer.get("warnings"):
            # Old versions that could not be removed would be key material that outlives its erasure.
            raise VaultUnavailable("the key store wrote an entry with a warning; look at its log")
        return int(answer["data"]["version"])

    async def kv_destroy(self, mount: str, path: str) -> None:
        """Removes a path with all its versions; no error where nothing is."""
        await self._call(lambda: self._client.secrets.kv.v2.delete_metadata_and_all_versions(path, mount_point=mount))

    async def kv_list(self, mount: str, prefix: str) -> list[str]:
        """The names below a prefix; empty where nothing is."""
        try:
            answer = await self._call(lambda: self._client.secrets.kv.v2.list_secrets(prefix, mount_point=mount))
        except hvac.exceptions.InvalidPath:
            return []
        return [str(name) for name in answer["data"]["keys"]]

    async def is_ready(self) -> bool:
        """Whether the key store answers, unsealed and active."""
        try:
            status = await self._in_thread(lambda: self._client.sys.read_health_status(method="GET"))
        except VaultUnavailable:
            return False
        return getattr(status, "status_code", 200) == requests.codes.ok

    async def _transit(self, request: Callable[[], Any]) -> Any:
        try:
            return await self._call(request)
        except hvac.exceptions.InvalidRequest as refused:
            if "key not found" in str(refused):
                raise KeyMissing("the key store has no key of that name; a tenant's keys are made by `tenant create`") from None
            raise WrongKey("a ciphertext was changed, or sealed under another key or for another path") from None

    async def _call(self, request: Callable[[], Any]) -> Any:
        token = self._client.token
        try:
            return await self._in_thread(request)
        except hvac.exceptions.Forbidden:
            # The token may have expired; one new login, then the refusal is real.
            await self._login(token)
        try:
            return await self._in_thread(request)
        except hvac.exceptions.Forbidden:
            raise VaultDenied("the key store refuses this identity; compare its policy with `intaglio setup --plan`") from None

    async def _login(self, stale: str | None) -> None:
        async with self._login_lock:
            if self._client.token != stale:
                return
            try:
                await self._in_thread(lambda: self._client.auth.approle.login(self._role_id, secret_id=self._secret_id.reveal()))
            except (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden):
                raise VaultDenied("the key store refuses the role id or secret id of this process") from None

    async def _in_thread(self, request: Callable[[], _T]) -> _T:
        work = asyncio.get_running_loop().run_in_executor(self._threads, request)
        try:
            return await asyncio.wait_for(work, self._timeout_s)
        except (TimeoutError, requests.RequestException, OSError) as error:
            raise VaultUnavailable(f"the key store at {self._address} does not answer ({type(error).__name__})") from None
        except (hvac.exceptions.Forbidden, hvac.exceptions.InvalidRequest, hvac.exceptions.InvalidPath):
            raise
        except hvac.exceptions.VaultError as error:
            # Sealed, standby, rate-limited, internal: all of them mean not now.
            raise VaultUnavailable(f"the key store at {self._address} is not ready ({type(error).__name__})") from None


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
