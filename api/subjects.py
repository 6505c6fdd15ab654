"""From the name in a request to a handle: looked up, and registered at first use."""

from datetime import UTC, datetime
from uuid import UUID

from api.commands import command
from api.parts import ApiParts
from api.principal import Principal
from api.problems import Invalid
from events.contents import IdentityContent, encode_content
from events.identifiers import TenantHandle
from events.records import SubjectRegistered
from keys import directory
from keys.coordinates import Expectation, Kind, Purpose
from keys.directory import DirectoryEntry, Registration
from keys.opening import open_leaf
from keys.sealed import seal
from projections import registry

# Whoever names no subject is one person per tenant, where the tenant's policy allows that.
DEFAULT_IDENTIFIER = "tenant:default"
MOST_IDENTIFIER_CHARACTERS = 256


def check_identifier(identifier: str) -> str:
    """Raises Invalid for an identifier that is empty, too long or not text."""
    if not identifier.strip() or len(identifier) > MOST_IDENTIFIER_CHARACTERS:
        raise Invalid(f"subject has to have 1 to {MOST_IDENTIFIER_CHARACTERS} characters", "subject")
    try:
        identifier.encode()
    except UnicodeEncodeError:
        raise Invalid("subject holds half a character (a lone surrogate)", "subject") from None
    return identifier


async def identifier_for(parts: ApiParts, tenant: TenantHandle, identifier: str | None) -> str:
    """The identifier of a request, or the tenant's default one.

    Raises:
        Invalid: the tenant wants a subject and none is named.
    """
    if identifier is not None:
        return check_identifier(identifier)
    async with parts.pool.connection() as connection:
        row = await registry.tenant(connection, tenant)
    if row is None or row.subject_required:
        raise Invalid("this tenant wants each request to name its subject", "subject")
    return DEFAULT_IDENTIFIER


async def entry_for(parts: ApiParts, principal: Principal, identifier: str) -> DirectoryEntry:
    """The person's entry, registered now if it is their first use.

    Raises:
        SubjectErased: the person was erased and not registered anew.
    """
    found = await directory.lookup(parts.vault, principal.tenant, identifier)
    return found or (await register(parts, principal, identifier, anew=False)).entry


async def register(parts: ApiParts, principal: Principal, identifier: str, *, anew: bool) -> Registration:
    """Registers a person and appends SubjectRegistered with the sealed identity.

    Raises:
        SubjectErased: a tombstone stands and `anew` is not set.
    """
    made = await directory.register(parts.vault, principal.tenant, identifier, datetime.now(UTC), anew=anew)
    if made.identity is None:
        return made
    place = made.identity
    async with open_leaf(parts.vault, place, Purpose.RECORD, parts.key_life_s) as leaf:
        # The identity belongs to the subject itself, so its object id is the handle.
        expectation = Expectation(place, Purpose.RECORD, _object_of(place.subject), Kind.IDENTITY)
        sealed = seal(leaf, expectation, encode_content(IdentityContent(identifier)))
    body = SubjectRegistered(
        month=place.month, tree=place.tree, leaf=place.leaf, sealed=sealed, anew=anew, synthetic=False,
        attestation=principal.attestation,
    )  # fmt: skip
    await command(
        parts, principal, principal.tenant, body, purpose="administration", subject=place.subject,
        lifecycle=place.lifecycle,
    )  # fmt: skip
    return made


def _object_of(handle: bytes) -> UUID:
    return UUID(bytes=handle)
