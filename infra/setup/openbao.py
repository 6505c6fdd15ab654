"""Make the mounts, policies and identities in OpenBao.

Two acts: `bootstrap` uses the root token once, makes the provisioner and revokes the root; `plan_openbao` then works as that
provisioner, which can make what is missing and can neither read content keys nor decrypt nor delete.
"""

import asyncio
import base64
import secrets
from typing import Any

from infra.setup.changes import Change, SetupFailed
from infra.setup.openbao_client import OpenBaoAdmin
from infra.setup.openbao_policies import PROCESS_POLICIES, PROVISIONER, Rules, render
from infra.setup.passwords import PasswordDirectory
from keys.secrets import Secret

KV_MOUNTS = ("subjects", "directory", "platform")
KV_CONFIG = {"max_versions": 1, "cas_required": True}
PEPPER_SIZE_BYTES = 32
UPGRADE_ATTEMPTS = 50
UPGRADE_PAUSE_S = 0.2
TOKEN_TTL = "1h"  # noqa: S105  a lifetime


async def bootstrap(root: OpenBaoAdmin, passwords: PasswordDirectory) -> None:
    """Makes the provisioner's identity and revokes the root token; afterwards that token opens nothing.

    The role and secret ids are durable in the password directory before the root is revoked, so a crash between the two leaves a
    root token that this function accepts again.

    Raises:
        SetupFailed: OpenBao refused.
    """
    auths = await root.read("sys/auth") or {}
    if "approle/" not in auths:
        await root.write("sys/auth/approle", {"type": "approle"})
    await root.write("sys/policies/acl/intaglio-provisioner", {"policy": render(PROVISIONER)})
    await _make_role(root, "provisioner")
    await _keep_identity(root, "provisioner", passwords)
    await root.write("auth/token/revoke-self", {})


async def plan_openbao(admin: OpenBaoAdmin, passwords: PasswordDirectory) -> list[Change]:
    """What is missing for the processes: mounts and their settings, signing key, pepper, policies, identities."""
    changes = await _plan_mounts(admin)
    mounted = not changes
    if not mounted or await admin.read("transit/keys/commands") is None:
        changes.append(Change("make the signing key for commands", lambda: _make_commands_key(admin)))
    if not mounted or await admin.read("platform/metadata/credential-pepper") is None:
        changes.append(Change("make the pepper of API keys", lambda: _make_pepper(admin)))
    for process, rules in PROCESS_POLICIES.items():
        changes += await _plan_identity(admin, process, rules, passwords)
    return changes


async def _plan_mounts(admin: OpenBaoAdmin) -> list[Change]:
    mounts = await admin.read("sys/mounts") or {}
    changes = []
    if "transit/" not in mounts:
        changes.append(Change("mount transit, for keys that never leave OpenBao", lambda: _mount_transit(admin)))
    for name in KV_MOUNTS:
        config = await admin.read(f"{name}/config") if f"{name}/" in mounts else None
        if config is None or any(config.get(setting) != value for setting, value in KV_CONFIG.items()):
            changes.append(
                Change(
                    f"mount {name}, one version a path, compare-and-swap only",
                    _kv(admin, name, config is None),
                )
            )
    return changes


async def _mount_transit(admin: OpenBaoAdmin) -> None:
    await admin.write("sys/mounts/transit", {"type": "transit"})
    # Otherwise an encrypt call would mint a new key under the name of an erased one.
    await admin.write("transit/config/keys", {"disable_upsert": True})


def _kv(admin: OpenBaoAdmin, name: str, is_new: bool) -> Any:  # noqa: FBT001  internal, one caller
    async def apply() -> None:
        if is_new:
            await admin.write(f"sys/mounts/{name}", {"type": "kv", "options": {"version": "2"}})
        # On the mount, because OpenBao falls back to ten versions where neither path nor mount says a number.
        await _write_config(admin, name)

    return apply


async def _write_config(admin: OpenBaoAdmin, name: str) -> None:
    """Waits out OpenBao's own upgrade of a fresh mount, during which it refuses every request to it."""
    for _ in range(UPGRADE_ATTEMPTS):
        try:
            await admin.write(f"{name}/config", dict(KV_CONFIG))
        except SetupFailed as refused:
            if "Upgrading" not in str(refused):
                raise
            await asyncio.sleep(UPGRADE_PAUSE_S)
        else:
            return
    raise SetupFailed(f"OpenBao is still upgrading the mount {name}; run `intaglio setup` again")


async def _make_commands_key(admin: OpenBaoAdmin) -> None:
    await admin.write("transit/keys/commands", {"type": "ed25519", "exportable": False, "allow_plaintext_backup": False})


async def _make_pepper(admin: OpenBaoAdmin) -> None:
    pepper = base64.b64encode(secrets.token_bytes(PEPPER_SIZE_BYTES)).decode()
    await admin.write("platform/data/credential-pepper", {"data": {"pepper": pepper}, "options": {"cas": 0}})


async def _plan_identity(admin: OpenBaoAdmin, process: str, rules: Rules, passwords: PasswordDirectory) -> list[Change]:
    changes = []
    policy = await admin.read(f"sys/policies/acl/intaglio-{process}")
    if policy is None or policy.get("policy") != render(rules):
        changes.append(Change(f"write the OpenBao policy of {process}", _write_policy(admin, process, rules)))
    if await admin.read(f"auth/approle/role/intaglio-{process}") is None:
        changes.append(Change(f"make the OpenBao identity of {process}", lambda: _make_role(admin, process)))
    if not passwords.has(f"openbao-{process}-secret-id"):
        changes.append(Change(f"issue OpenBao credentials to {process}", lambda: _keep_identity(admin, process, passwords)))
    return changes


def _write_policy(admin: OpenBaoAdmin, process: str, rules: Rules) -> Any:
    async def apply() -> None:
        await admin.write(f"sys/policies/acl/intaglio-{process}", {"policy": render(rules)})

    return apply


async def _make_role(admin: OpenBaoAdmin, process: str) -> None:
    await admin.write(
        f"auth/approle/role/intaglio-{process}",
        {
            "token_policies": [f"intaglio-{process}"],
            "token_no_default_policy": False,
            "token_ttl": TOKEN_TTL,
            "token_max_ttl": TOKEN_TTL,
        },
    )


async def _keep_identity(admin: OpenBaoAdmin, process: str, passwords: PasswordDirectory) -> None:
    role = await admin.read(f"auth/approle/role/intaglio-{process}/role-id") or {}
    issued = await admin.write(f"auth/approle/role/intaglio-{process}/secret-id", {})
    passwords.keep(f"openbao-{process}-role-id", Secret(role["role_id"]))
    # Last, because its presence says that the identity is complete.
    passwords.keep(f"openbao-{process}-secret-id", Secret(issued["secret_id"]))
