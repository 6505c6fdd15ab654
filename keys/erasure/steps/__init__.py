"""The steps of an erasure, one a file, in the order in which they run.

verify ▶ fence ▶ destroy ▶ read_back ▶ (key life) ▶ read_back ▶ in_flight ▶ sweep ▶ effective

What belongs here: one act a file, and its place in `STEPS`.

What does not: leasing and retries (`keys.erasure.executor`).

Never: change anything more when a step runs again after a crash; destroy before `fence` has returned; come to `effective` past a
reading that still shows something.
"""

from keys.erasure.steps.destroy import destroy
from keys.erasure.steps.effective import report_effective
from keys.erasure.steps.fence import fence
from keys.erasure.steps.in_flight import wait_for_others
from keys.erasure.steps.read_back import read_back, wait_key_life
from keys.erasure.steps.sweep import sweep
from keys.erasure.steps.verify import verify

STEPS = (verify, fence, destroy, read_back, wait_key_life, read_back, wait_for_others, sweep, report_effective)

__all__ = ["STEPS"]
