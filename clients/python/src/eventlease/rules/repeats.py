"""Whether a call is repeated, by what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MAX_INTERNAL_ERRORS = 3


@dataclass(frozen=True, slots=True)
class Repeat:
    """What may be repeated, and for how long.

    `is_safe`: the call may arrive twice (a GET, PUT or DELETE, a repeated poll, an event with an idempotency key).
    `within_seconds`: counted from the first try; None repeats until the caller stops.
    A try may take what is left of that time, and `extra_seconds` more: the server's own wait ends with it.
    """

    is_safe: bool
    within_seconds: float | None
    extra_seconds: float = 0.0


ENGINE = Repeat(is_safe=True, within_seconds=None)


class Failure(Enum):
    """What became of a try that got no definite answer."""

    NOT_SENT = "not_sent"
    STALE = "stale"  # cut before any byte of the reply, on a connection that was used before
    CUT = "cut"
    TIMED_OUT = "timed_out"
    BUSY = "busy"  # 408, 429, 503: the call was not carried out
    UNSURE = "unsure"  # 502, 504, or the database went away: it may have been carried out
    INTERNAL = "internal"  # every other 5xx


class Step(Enum):
    """What comes next."""

    AT_ONCE = "at_once"
    LATER = "later"
    GIVE_UP = "give_up"


def failure_of_reply(status: int, code: str | None) -> Failure | None:
    """None: the reply is definite."""
    if status in (502, 504) or code == "database_unavailable":
        return Failure.UNSURE
    if status in (408, 429, 503):
        return Failure.BUSY
    return Failure.INTERNAL if status >= 500 else None


def next_step(failure: Failure, repeat: Repeat, *, was_at_once: bool, internal_errors: int) -> Step:
    """`was_at_once`: this call was repeated at once before. `internal_errors`: replies with 500, this one included."""
    if failure is Failure.INTERNAL:
        return Step.LATER if repeat.is_safe and internal_errors <= MAX_INTERNAL_ERRORS else Step.GIVE_UP
    if failure in (Failure.NOT_SENT, Failure.BUSY):
        return Step.LATER
    if not repeat.is_safe:
        return Step.GIVE_UP
    return Step.AT_ONCE if failure is Failure.STALE and not was_at_once else Step.LATER


def changes_server(failure: Failure, status: int | None) -> bool:
    """True where another replica should be tried, and clients should not come back all at once."""
    return failure is not Failure.INTERNAL and status not in (408, 429)


def may_have_arrived(failure: Failure) -> bool:
    """True if the server may have carried the call out."""
    return failure not in (Failure.NOT_SENT, Failure.BUSY)
