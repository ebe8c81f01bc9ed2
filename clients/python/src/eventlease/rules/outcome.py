"""What is reported of an event, according to how its handler ended."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventlease.rules.leases import Told

FIRST_NO_HANDLER_DELAY_SECONDS = 30
MAX_NO_HANDLER_DELAY_SECONDS = 300
RELEASES_BEFORE_NO_HANDLER_FAILS = 9


class Ending(Enum):
    """How a handler ended."""

    RETURNED = "returned"
    NOT_RETRYABLE = "not_retryable"
    RETRY_AFTER = "retry_after"
    RELEASE = "release"
    HOLD = "hold"
    RAISED = "raised"  # anything else, as a cancelled task and `check()` do


class Kind(Enum):
    """What is reported."""

    COMPLETED = "completed"
    FAILED = "failed"  # retried by the policy
    FAILED_LATER = "failed_later"  # retried after the handler's own delay
    DEAD_LETTER = "dead_letter"
    RELEASED = "released"
    HELD = "held"  # released with code `hold`, and the engine holds off
    TIMED_OUT = "timed_out"  # failed with type `HandlerTimeout`
    NOTHING = "nothing"


_BY_ENDING = {
    Ending.RETURNED: Kind.COMPLETED,
    Ending.NOT_RETRYABLE: Kind.DEAD_LETTER,
    Ending.RETRY_AFTER: Kind.FAILED_LATER,
    Ending.RELEASE: Kind.RELEASED,
    Ending.HOLD: Kind.HELD,
    Ending.RAISED: Kind.FAILED,
}
_BY_TOLD: dict[Told, Kind] = {
    "lease_lost": Kind.NOTHING,
    "cancel_requested": Kind.RELEASED,
    "stopping": Kind.RELEASED,
    "timeout": Kind.TIMED_OUT,
}


def kind_of_report(ending: Ending, told: Told | None) -> Kind:
    """A failure after the handler was told to stop counts as caused by that, whatever its class.

    A handler that wraps all exceptions cannot tell them apart. A release or a hold is no failure, and is kept while
    there is a lease.
    """
    if told is None or ending is Ending.RETURNED:
        return _BY_ENDING[ending]
    if ending in (Ending.RELEASE, Ending.HOLD) and told != "lease_lost":
        return _BY_ENDING[ending]
    return _BY_TOLD[told]


def no_handler(releases_in_row: int, *, fails_at_once: bool) -> int | None:
    """How many seconds to release an event for whose type there is no handler; None if it fails instead.

    The tenth release in a row becomes a failure. The number of attempts does not count: retries raise it too.
    """
    if fails_at_once or releases_in_row >= RELEASES_BEFORE_NO_HANDLER_FAILS:
        return None
    delay: int = FIRST_NO_HANDLER_DELAY_SECONDS << min(releases_in_row, 10)
    return min(delay, MAX_NO_HANDLER_DELAY_SECONDS)
