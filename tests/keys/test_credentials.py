"""API keys: recognised by a keyed hash, never stored, never misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.identifiers import CredentialHandle
from keys.credentials import credential_of, hash_api_key, new_api_key
from keys.secrets import Secret
from keys.vault import Vault

HANDLE = CredentialHandle(bytes(range(16)))
PEPPER = bytes(32)


@given(st.binary(min_size=16, max_size=16))
def test_a_key_names_its_credential(handle: bytes) -> None:
    """So that its hash can be found without trying all."""
    assert credential_of(new_api_key(CredentialHandle(handle))) == handle


def test_a_key_has_the_published_form_and_256_random_bits() -> None:
    """Secret scanners look for it."""
    keys = {new_api_key(HANDLE).reveal() for _ in range(50)}
    assert len(keys) == 50
    for key in keys:
        prefix, handle, text = key.split("_", 2)
        assert (prefix, handle, len(text)) == ("itg", HANDLE.hex(), 43)


def test_a_key_does_not_show_itself() -> None:
    """It is shown once, by whoever reveals it."""
    key = new_api_key(HANDLE)
    assert key.reveal() not in repr(key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "itg",
        "itg_",
        "itg__",
        "itg_00_x",
        f"itg_{HANDLE.hex()}",
        f"xxx_{HANDLE.hex()}_y",
        f"itg_{HANDLE.hex()}00_y",
        "itg_zz_y",
    ],
)
def test_what_is_no_key_names_nobody(text: str) -> None:
    """Headers hold anything."""
    assert credential_of(Secret(text)) is None


@given(st.text(max_size=100))
def test_no_text_makes_it_fail(text: str) -> None:
    """It runs before anybody is known."""
    found = credential_of(Secret(text))
    assert found is None or len(found) == 16


def test_the_hash_depends_on_key_and_pepper() -> None:
    """A stolen table without the pepper cannot even check a guess."""
    hashes = {hash_api_key(pepper, key) for pepper in (PEPPER, bytes([1]) * 32) for key in ("itg_a_b", "itg_a_c")}
    assert len(hashes) == 4
    assert hash_api_key(PEPPER, "itg_a_b") == hash_api_key(PEPPER, "itg_a_b")


async def test_the_pepper_lies_where_api_alone_reads_it(api_vault: Vault) -> None:
    """Beside no hash, in the key store."""
    entry = await api_vault.kv_read("platform", "credential-pepper")
    assert entry is not None
    assert entry.data.keys() == {"pepper"}
