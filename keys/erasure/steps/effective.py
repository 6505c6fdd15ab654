"""Say so: destroyed, read back, waited out, swept. No more than that."""

from events.codec import Event
from events.records import ErasureEffective
from keys.erasure.work import Erasure, Tools


async def report_effective(work: Erasure, tools: Tools) -> None:
    """On return ErasureEffective is acknowledged. Raises AppendNotAcknowledged."""
    body = ErasureEffective(work.erasure, "subject", work.subject, work.lifecycle, work.read_backs, work.objects_swept, b"")
    await tools.appender.append(Event(work.envelope(), body))
