"""Open a tenant: its keys in OpenBao, then the event that says it exists, then the credentials of its people.

The keys come first, because nothing of a tenant may be appended that could not be sealed. The events are signed with the identity
of `api`, the one process whose signature orders anything. The text of an API key is written to its file before the event that
makes it valid, so a crash leaves a key that opens nothing and never a valid key that nobody holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from events.append import Appender
from events.codec import Event, encode_body_for_signing, signed
from events.envelope import new_envelope
from events.identifiers import (
    PLATFORM,
    CredentialHandle,
    PersonHandle,
    TenantHandle,
    new_handle,
)
from events.read import LogReader, decode_record
from events.records import Attestation, CredentialIssued, EventBody, TenantCreated
from events.topics import REGISTRY
from infra.setup.changes import Change
from infra.setup.openbao_client import OpenBaoAdmin
from infra.setup.passwords import write_private
from keys.credentials import credential_of, hash_api_key, new_api_key
from keys.secrets import Secret
from keys.signing import CommandSigner

# Set-up is nobody's credential: its commands carry zeros, and its role says where they came from.
PROVISIONER = Attestation(CredentialHandle(bytes(16)), PersonHandle(bytes(16)), "provisioner")


@dataclass(frozen=True, slots=True)
class Issue:
    """A credential that has to exist: the file of its key, whose it is, in which role, of the tenant or of the platform."""

    file: Path
    person: PersonHandle
    role: str
    of_platform: bool


@dataclass(frozen=True, slots=True)
class RegistryState:
    """What the registry says so far: tenants by name, credentials by handle."""

    tenants: Mapping[str, TenantHandle]
    credentials: frozenset[CredentialHandle]


class TenantProvisioner:
    """Opens tenants with the provisioner's token for keys and `api`'s identity for events."""

    def __init__(self, *, admin: OpenBaoAdmin, appender: Appender, signer: CommandSigner, pepper: bytes) -> None:
        self._admin, self._appender, self._signer, self._pepper = admin, appender, signer, pepper

    async def plan(self, state: RegistryState, name: str, issues: list[Issue], *, subject_required: bool) -> list[Change]:
        """What is missing for a tenant of that name and those credentials; the handle is drawn now if it is new."""
        changes = []
        tenant = state.tenants.get(name)
        if tenant is None:
            tenant = TenantHandle(new_handle())
            changes.append(Change(f"open tenant {name}", partial(self.create, tenant, name, subject_required=subject_required)))
        for issue in issues:
            if not _is_issued(issue, state):
                owner = PLATFORM if issue.of_platform else tenant
                changes.append(
                    Change(
                        f"issue the {issue.role} credential in {issue.file.name}",
                        partial(self.issue, owner, issue),
                    )
                )
        return changes

    async def create(self, tenant: TenantHandle, name: str, *, subject_required: bool) -> None:
        """Makes the tenant's keys, then appends TenantCreated; both are durable on return.

        Raises:
            SetupFailed: OpenBao refused.
            AppendNotAcknowledged: the log did not confirm; running again draws another handle and leaves unused keys.
        """
        key = {"exportable": False, "allow_plaintext_backup": False}
        await self._admin.write(f"transit/keys/tenant-{tenant.hex()}", {**key, "type": "aes256-gcm96", "derived": True})
        await self._admin.write(f"transit/keys/directory-{tenant.hex()}", {**key, "type": "hmac", "key_size": 32})
        await self._append(tenant, TenantCreated(name, subject_required, PROVISIONER))

    async def issue(self, tenant: TenantHandle, issue: Issue) -> None:
        """Writes a fresh API key to its file, then appends CredentialIssued; the key is valid once projections have it."""
        credential = CredentialHandle(new_handle())
        key = new_api_key(credential)
        write_private(issue.file, key.reveal() + "\n")
        key_hash = hash_api_key(self._pepper, key.reveal())
        await self._append(tenant, CredentialIssued(credential, issue.person, issue.role, key_hash, None, PROVISIONER))

    async def _append(self, tenant: TenantHandle, body: EventBody) -> None:
        event = Event(new_envelope(source="setup", tenant=tenant, purpose="administration"), body)
        signature = await self._signer.sign(encode_body_for_signing(event))
        await self._appender.append(signed(event, signature))


def _is_issued(issue: Issue, state: RegistryState) -> bool:
    if not issue.file.is_file():
        return False
    return credential_of(Secret(issue.file.read_text(encoding="utf-8").strip())) in state.credentials


async def read_registry(reader: LogReader) -> RegistryState:
    """Folds the registry from its beginning to its present end."""
    ends = await reader.end_offsets(REGISTRY)
    tenants: dict[str, TenantHandle] = {}
    credentials: set[CredentialHandle] = set()
    async for record in reader.read(REGISTRY, {partition: (0, end) for partition, end in ends.items()}):
        event = decode_record(record)
        if isinstance(event.body, TenantCreated):
            tenants.setdefault(event.body.name, event.envelope.tenant)
        elif isinstance(event.body, CredentialIssued):
            credentials.add(event.body.credential)
    return RegistryState(tenants, frozenset(credentials))
