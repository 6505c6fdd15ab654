"""A person nobody else uses, registered on the real key store."""

import secrets
from datetime import UTC, datetime

import pytest

from events.identifiers import TenantHandle
from keys.coordinates import Coordinates
from keys.directory import register
from keys.vault import Vault

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
async def person(api_vault: Vault, tenant: TenantHandle) -> Coordinates:
    """Where the identity of a freshly registered person is to be sealed: leaf 0 of November 2026."""
    made = await register(api_vault, tenant, f"person-{secrets.token_hex(8)}", NOW)
    assert made.identity is not None
    return made.identity
