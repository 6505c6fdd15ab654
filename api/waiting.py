"""Reading one's own writes: wait, within bounds, until the read models have passed an offset."""

import asyncio
from collections.abc import Mapping

from api.parts import ApiParts
from api.problems import ServiceAway
from events.append import Coordinates as Appended
from events.topics import Topic
from projections.positions import passed

_POLL_S = 0.02


async def until_passed(parts: ApiParts, topic: Topic, lasts: Mapping[int, int]) -> bool:
    """Whether the read model has folded these offsets within `wait_s`."""
    deadline = asyncio.get_running_loop().time() + parts.limits.wait_s
    while True:
        async with parts.pool.connection() as connection:
            if await passed(connection, topic, lasts):
                return True
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_POLL_S)


async def until_applied(parts: ApiParts, appended: Appended) -> bool:
    """Whether the read model has folded one appended event within `wait_s`."""
    return await until_passed(parts, appended.topic, {appended.partition: appended.offset})


async def until_end(parts: ApiParts, topic: Topic) -> None:
    """Returns once the read model has folded the topic up to its end as it is now.

    Raises:
        ServiceAway: it has not in time.
        LogUnavailable: the end cannot be known.
    """
    ends = await parts.reader.end_offsets(topic)
    if not await until_passed(parts, topic, {partition: end - 1 for partition, end in ends.items()}):
        raise ServiceAway("the read models are behind; try again")
