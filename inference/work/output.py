"""The output path, one step after the other: encode, tag, seal, store, report.

The order is the promise: the object is in the store before an event names it, and nothing is stored or reported for a job that
must
stop. A crash between storing and reporting leaves an object under an epoch that no event counts; the sweep removes it.
"""

import hashlib
from collections.abc import Awaitable, Callable

from events.append import Appender
from events.codec import Event
from events.contents import OutcomeContent, encode_content
from events.envelope import Envelope, new_envelope
from events.records import GenerationCompleted, WidthRun
from inference.engine.encode import PNG_MEDIA_TYPE, encode_png
from inference.engine.protocol import Drawn
from inference.work.lease import Lease
from keys.coordinates import Expectation, Kind, Purpose
from keys.objects import SealedObjects, output_path
from keys.opening import open_leaf
from keys.sealed import keyed_tag, seal
from keys.vault import Vault

Point = Callable[[str], Awaitable[None]]
AFTER_UPLOAD = "after upload before outcome"
REPLAY_CLASS = "bitexact-same-host-class"


async def deliver(
    lease: Lease,
    drawn: Drawn,
    seed: int,
    *,
    vault: Vault,
    objects: SealedObjects,
    appender: Appender,
    environment: str,
    key_life_s: float,
    may_go_on: Callable[[], Awaitable[bool]],
    reach: Point,
) -> bool:
    """Brings a picture to its end; False if the job had to stop on the way, and then nothing was reported.

    Raises:
        KeyMissing, VaultUnavailable, ObjectsUnavailable, AppendNotAcknowledged: as their services say.
    """
    file = encode_png(drawn.pixels, drawn.width_px, drawn.height_px)
    async with open_leaf(vault, lease.place, Purpose.MEDIA, key_life_s) as leaf:
        sealed_file = seal(leaf, _expectation(lease, Kind.OUTPUT), file)
        outcome = OutcomeContent(
            size_bytes=len(file),
            media_type=PNG_MEDIA_TYPE,
            width_px=drawn.width_px,
            height_px=drawn.height_px,
            seed=seed,
            pixels_tag=keyed_tag(leaf, b"pixels", drawn.pixels),
            bytes_tag=keyed_tag(leaf, b"bytes", file),
        )
        sealed_outcome = seal(leaf, _expectation(lease, Kind.OUTCOME), encode_content(outcome))
    if not await may_go_on():
        return False
    path = output_path(lease.place, lease.generation, lease.epoch)
    await objects.put(path, sealed_file)
    await reach(AFTER_UPLOAD)
    if not await may_go_on():
        await objects.delete(path)
        return False
    body = GenerationCompleted(
        generation=lease.generation,
        epoch=lease.epoch,
        model_digest=lease.model_digest,
        adapter=lease.adapter,
        environment=environment,
        width_trace=(WidthRun(1, drawn.steps),),
        replay_class=REPLAY_CLASS,
        shape_bucket=lease.shape_bucket,
        device_ms=drawn.device_ms,
        media_type=PNG_MEDIA_TYPE,
        sealed_size_bytes=len(sealed_file),
        ciphertext_sha256=hashlib.sha256(sealed_file).digest(),
        marks=(),
        sealed=sealed_outcome,
    )
    await appender.append(Event(envelope_of(lease), body))
    return True


def envelope_of(lease: Lease) -> Envelope:
    """The envelope of whatever a worker reports about a job."""
    return new_envelope(
        source="work",
        tenant=lease.place.tenant,
        subject=lease.place.subject,
        lifecycle=lease.place.lifecycle,
        correlation=lease.correlation,
        causation=lease.submitted_event,
        purpose="generation",
    )


def _expectation(lease: Lease, kind: Kind) -> Expectation:
    return Expectation(lease.place, Purpose.MEDIA, lease.generation, kind)
