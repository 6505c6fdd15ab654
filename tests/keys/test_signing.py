"""Commands: signed by `api`, checked by anybody, and worthless when a bit differs."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import SignatureInvalid, VaultDenied, VaultUnavailable
from keys.secrets import Secret
from keys.signing import CommandSigner, CommandVerifier
from keys.vault import Vault
from tests.services.fix_openbao import RunningOpenBao
from tests.services.ports import free_ports

MESSAGE = b"an erasure of somebody"


@pytest.fixture
async def signature(api_vault: Vault) -> bytes:
    """Of `MESSAGE`."""
    return await CommandSigner(api_vault).sign(MESSAGE)


async def test_shred_accepts_what_api_signed(shred_vault: Vault, signature: bytes) -> None:
    """Four bytes of key version, then Ed25519."""
    assert len(signature) == 68
    await CommandVerifier(shred_vault).verify(MESSAGE, signature)


async def test_any_changed_byte_of_the_signature_is_refused(shred_vault: Vault, signature: bytes) -> None:
    """Of its version too."""
    verifier = CommandVerifier(shred_vault)
    for at in range(len(signature)):
        changed = signature[:at] + bytes((signature[at] ^ 1,)) + signature[at + 1 :]
        with pytest.raises(SignatureInvalid):
            await verifier.verify(MESSAGE, changed)


@settings(deadline=None, max_examples=25)
@given(st.binary(max_size=60).filter(lambda other: other != MESSAGE))
async def test_another_message_is_refused(api_vault: Vault, shred_vault: Vault, other: bytes) -> None:
    """One signature, one command."""
    signature = await CommandSigner(api_vault).sign(MESSAGE)
    with pytest.raises(SignatureInvalid):
        await CommandVerifier(shred_vault).verify(other, signature)


@pytest.mark.parametrize("size", [0, 1, 4, 64, 67, 69, 136])
async def test_a_signature_of_another_length_is_refused(shred_vault: Vault, signature: bytes, size: int) -> None:
    """Whole or nothing."""
    with pytest.raises(SignatureInvalid):
        await CommandVerifier(shred_vault).verify(MESSAGE, (signature * 2)[:size])


@pytest.mark.parametrize("process", ["work", "shred"])
async def test_nobody_but_api_signs(openbao: RunningOpenBao, process: str) -> None:
    """Who executes commands cannot order them."""
    async with openbao.identity(process) as vault:
        with pytest.raises(VaultDenied):
            await CommandSigner(vault).sign(MESSAGE)


async def test_signatures_outlive_a_rotation_and_new_ones_are_accepted(
    openbao: RunningOpenBao, api_vault: Vault, shred_vault: Vault, signature: bytes
) -> None:
    """The verifier meets a version that it does not know and reads the keys again."""
    verifier = CommandVerifier(shred_vault)
    await verifier.verify(MESSAGE, signature)
    async with httpx.AsyncClient(base_url=f"{openbao.address}/v1/", headers={"X-Vault-Token": openbao.root.reveal()}) as root:
        (await root.post("transit/keys/commands/rotate")).raise_for_status()
    newer = await CommandSigner(api_vault).sign(MESSAGE)
    assert int.from_bytes(newer[:4], "big") == int.from_bytes(signature[:4], "big") + 1
    await verifier.verify(MESSAGE, newer)
    await verifier.verify(MESSAGE, signature)


async def test_without_the_key_store_an_unknown_version_is_not_judged(signature: bytes) -> None:
    """Neither valid nor invalid: an erasure waits, it is not stopped."""
    (port,) = free_ports(1)
    away = Vault(address=f"http://127.0.0.1:{port}", role_id="any", secret_id=Secret("any"))
    try:
        with pytest.raises(VaultUnavailable):
            await CommandVerifier(away).verify(MESSAGE, signature)
    finally:
        await away.stop()
