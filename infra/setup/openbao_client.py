"""Plain HTTP to OpenBao for set-up: create and configure, with the provisioner's token.

Processes never use this: they go through `keys.vault`, which knows deadlines and outcomes. No token is ever part of an error.
"""

from types import TracebackType
from typing import Any, Self

import httpx

from infra.setup.changes import SetupFailed
from keys.secrets import Secret

REQUEST_TIMEOUT_S = 15.0


class OpenBaoAdmin:
    """A session with one token; use as an async context manager."""

    def __init__(self, address: str, token: Secret) -> None:
        self.address = address
        self._client = httpx.AsyncClient(
            base_url=f"{address}/v1/", headers={"X-Vault-Token": token.reveal()}, timeout=REQUEST_TIMEOUT_S
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def read(self, path: str) -> dict[str, Any] | None:
        """The answer's `data`, or None where nothing is there.

        Raises:
            SetupFailed: OpenBao cannot be reached or refuses.
        """
        response = await self._send("GET", path, None)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        self._check(response, path)
        answer: dict[str, Any] = response.json()
        return answer.get("data") or answer

    async def write(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Creates or updates; the answer's `data` (empty where OpenBao answers 204).

        Raises:
            SetupFailed: OpenBao cannot be reached or refuses.
        """
        response = await self._send("POST", path, body)
        self._check(response, path)
        if response.status_code == httpx.codes.NO_CONTENT or not response.content:
            return {}
        answer: dict[str, Any] = response.json()
        return answer.get("data") or answer

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        try:
            return await self._client.request(method, path, json=body)
        except httpx.HTTPError as away:
            raise SetupFailed(
                f"OpenBao at {self.address} did not answer ({type(away).__name__}); check INTAGLIO_VAULT_ADDR and that it runs"
            ) from away

    def _check(self, response: httpx.Response, path: str) -> None:
        if response.is_success:
            return
        reasons = "; ".join(response.json().get("errors", [])) if response.content else ""
        raise SetupFailed(f"OpenBao refused {path} with {response.status_code}: {reasons.strip() or 'no reason given'}")


async def login(address: str, role_id: str, secret_id: Secret) -> Secret:
    """A token for an AppRole.

    Raises:
        SetupFailed: OpenBao cannot be reached or refuses the role.
    """
    async with OpenBaoAdmin(address, Secret("")) as client:
        response = await client._send(  # noqa: SLF001  the one call whose answer lies in `auth`, not `data`
            "POST", "auth/approle/login", {"role_id": role_id, "secret_id": secret_id.reveal()}
        )
        client._check(response, "auth/approle/login")  # noqa: SLF001  as above
        return Secret(response.json()["auth"]["client_token"])
