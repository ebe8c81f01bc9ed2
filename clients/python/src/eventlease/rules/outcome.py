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
    """After a handler was told to stop, an exception counts as its end for that reason, unless it is an outcome."""
    if told is not None and ending is Ending.RAISED:
        return _BY_TOLD[told]
    if told == "lease_lost" and ending is not Ending.RETURNED:
        return Kind.NOTHING
    return _BY_ENDING[ending]


def no_handler(releases_in_row: int, *, fails_at_once: bool) -> int | None:
    """How many seconds to release an event for whose type there is no handler; None if it fails instead.

    The tenth release in a row becomes a failure. The number of attempts does not count: retries raise it too.
    """
    if fails_at_once or releases_in_row >= RELEASES_BEFORE_NO_HANDLER_FAILS:
        return None
    delay: int = FIRST_NO_HANDLER_DELAY_SECONDS << min(releases_in_row, 10)
    return min(delay, MAX_NO_HANDLER_DELAY_SECONDS)
