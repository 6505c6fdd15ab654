"""One missing thing and how to make it: the unit in which set-up plans and applies.

Exists so that `--plan` and the real run can never differ: both hold the same list, and only one of them calls `apply`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from events.errors import Misconfigured


class SetupFailed(Misconfigured):
    """A service refused a change that the platform needs; the message says which and what to do."""

    code = "setup-failed"


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence for a person (`what`), and the idempotent act that makes it true."""

    what: str
    apply: Callable[[], Awaitable[None]]


async def apply_all(changes: Sequence[Change], announce: Callable[[str], None]) -> None:
    """Applies the changes in order; each is durable on its service before the next begins.

    Raises:
        SetupFailed: a service refused; what was applied before stays, and running again continues there.
    """
    for change in changes:
        announce(change.what)
        await change.apply()
