"""What waits and what ends a process: the one place that tells a passing trouble from a fault.

PostgreSQL, Kafka or a schema that is away comes back; the position stands meanwhile. Everything else is a
fault of code or data, and a process that went on would skip an event or fold it wrongly.
"""

import asyncio

from aiokafka.errors import KafkaError
from psycopg import InterfaceError, OperationalError

from events.errors import PlatformError

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0


def will_pass(error: BaseException) -> bool:
    """Whether trying the same again later may succeed without anyone changing code or data."""
    if isinstance(error, PlatformError):
        return error.retriable
    if isinstance(error, OperationalError | ConnectionError | TimeoutError):
        return True
    if isinstance(error, InterfaceError):
        return True
    return isinstance(error, KafkaError) and bool(error.retriable)


class Patience:
    """Waits that double from a tenth of a second to five seconds, and begin anew after each success."""

    def __init__(self, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self._longest_wait_s = longest_wait_s
        self._next_wait_s = FIRST_WAIT_S

    async def wait(self) -> None:
        """Waits the present delay and doubles it."""
        delay, self._next_wait_s = self._next_wait_s, min(self._next_wait_s * 2, self._longest_wait_s)
        await asyncio.sleep(delay)

    def succeeded(self) -> None:
        """The trouble is over: the next wait is short again."""
        self._next_wait_s = FIRST_WAIT_S
