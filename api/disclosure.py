"""Content leaves only after its access was recorded and acknowledged: one event per credential, object and minute.

Erased, not there yet, unreachable and damaged are four answers. A missing key alone is never called erased: the erasures are
read to
their end first, and only a fence says so.
"""

import hashlib
from collections import OrderedDict
from datetime import UTC, datetime

from api.parts import ApiParts
from api.principal import OFFICER, Principal
from api.problems import Conflict, Invalid
from api.waiting import until_end
from events.codec import Event
from events.contents import PromptContent, decode_content
from events.envelope import new_envelope
from events.errors import Corrupt
from events.identifiers import Month, SubjectHandle
from events.records import ContentAccessed
from events.topics import ERASURES
from keys.coordinates import Coordinates, Expectation, Kind, Purpose
from keys.erasure.grounds import READING_GROUNDS
from keys.errors import KeyMissing, SubjectErased
from keys.objects import output_path
from keys.opening import open_leaf
from keys.sealed import unseal
from projections import fences
from projections.generations import GenerationView

_MOST_REMEMBERED = 10_000


class CiphertextChanged(Corrupt):
    """The object store holds other bytes than the event names."""

    code = "ciphertext-changed"


class Disclosure:
    """Opens content for one `api` process."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._recorded: OrderedDict[tuple[bytes, str, str, datetime], None] = OrderedDict()

    async def media(self, principal: Principal, view: GenerationView, ground: str | None) -> bytes:
        """The picture's file. Raises SubjectErased, Conflict, KeyMissing, VaultUnavailable, AppendNotAcknowledged."""
        if view.status == "erased":
            raise _erased()
        if view.status != "completed" or view.epoch is None:
            raise Conflict(f"there is no picture: the generation is {view.status}")
        await self._record(principal, view, "media", ground)
        place = _place(view)
        sealed = await self._parts.objects.get(output_path(place, view.generation, view.epoch))
        if hashlib.sha256(sealed).digest() != view.ciphertext_sha256:
            raise CiphertextChanged(f"the picture of generation {view.generation} was changed in the object store")
        return await self._open(view, place, Purpose.MEDIA, Kind.OUTPUT, sealed)

    async def prompt(self, principal: Principal, view: GenerationView, ground: str | None) -> PromptContent:
        """What was asked for. Raises like `media`."""
        if view.status == "erased":
            raise _erased()
        await self._record(principal, view, "prompt", ground)
        opened = await self._open(view, _place(view), Purpose.PROMPT, Kind.PROMPT, view.prompt_sealed)
        return decode_content(opened, PromptContent)

    async def _open(self, view: GenerationView, place: Coordinates, purpose: Purpose, kind: Kind, sealed: bytes) -> bytes:
        try:
            async with open_leaf(self._parts.vault, place, purpose, self._parts.key_life_s) as leaf:
                return unseal(leaf, Expectation(place, purpose, view.generation, kind), sealed)
        except KeyMissing:
            await until_end(self._parts, ERASURES)
            async with self._parts.pool.connection() as connection:
                if await fences.is_fenced(connection, place.tenant, place.subject, place.lifecycle):
                    raise _erased() from None
            raise

    async def _record(self, principal: Principal, view: GenerationView, content: str, ground: str | None) -> None:
        if principal.role == OFFICER and ground not in READING_GROUNDS:
            raise Invalid(
                f"an officer says why in Intaglio-Ground: one of {', '.join(sorted(READING_GROUNDS))}", "Intaglio-Ground"
            )
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        key = (principal.credential, str(view.generation), content, minute)
        if key in self._recorded:
            return
        body = ContentAccessed(
            view.generation, content, principal.credential, principal.person, principal.role,
            ground if principal.role == OFFICER else None, minute,
        )  # fmt: skip
        envelope = new_envelope(
            source="api", tenant=view.tenant, subject=view.subject, lifecycle=view.lifecycle,
            actor=principal.credential, correlation=view.correlation, purpose="access",
        )  # fmt: skip
        await self._parts.appender.append(Event(envelope, body))
        self._recorded[key] = None
        while len(self._recorded) > _MOST_REMEMBERED:
            self._recorded.popitem(last=False)


def _erased() -> SubjectErased:
    return SubjectErased("this content was erased; the record of it stands")


def _place(view: GenerationView) -> Coordinates:
    return Coordinates(
        view.tenant, view.subject or SubjectHandle(bytes(16)), view.lifecycle or 0, Month(view.month), view.tree, view.leaf
    )
