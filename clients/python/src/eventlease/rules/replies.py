"""What the server's refusals mean for an engine, by their code."""

from __future__ import annotations

from enum import Enum

MAX_INTERNAL_ERRORS = 10


class Verdict(Enum):
    """What becomes of a settlement that was refused."""

    LOST = "lost"  # the event is another engine's
    STANDS = "stands"  # it was settled otherwise before
    GONE = "gone"
    REFUSED = "refused"  # its content: the event is reported as failed
    AGAIN = "again"
    DROPPED = "dropped"  # nothing helps; the lease runs out


def verdict(code: str, status: int, *, is_fallback: bool, internal_errors: int) -> Verdict:
    """`is_fallback`: it is the failure that replaces a report whose content was refused.

    `internal_errors`: how often this settlement was answered with a 5xx, including this time.
    """
    if code in ("lease_lost", "engine_not_found"):
        return Verdict.LOST
    if code == "already_settled":
        return Verdict.STANDS
    if status == 404:
        return Verdict.GONE
    if status in (401, 408, 429, 503, 504):
        return Verdict.AGAIN
    if status >= 500:
        return Verdict.AGAIN if internal_errors < MAX_INTERNAL_ERRORS else Verdict.DROPPED
    return Verdict.DROPPED if is_fallback else Verdict.REFUSED


class Recovery(Enum):
    """What an engine does about a call that was refused as a whole."""

    REGISTER = "register"
    SUPERSEDED = "superseded"  # another process registered with this id
    REFUSED = "refused"  # for good: the engine ends
    WAIT = "wait"  # logged, and repeated after a pause


def recovery(code: str, status: int, *, at_start: bool = False) -> Recovery:
    """What an engine does about a call that was refused as a whole. At start there is nothing to keep."""
    if code == "engine_superseded":
        return Recovery.SUPERSEDED
    if code == "engine_not_found":
        return Recovery.REGISTER
    if code in ("engine_type_mismatch", "engine_id_taken"):
        return Recovery.REFUSED
    return Recovery.REFUSED if at_start and 400 <= status < 500 and status not in (408, 429) else Recovery.WAIT


def next_batch(entries: int, status: int) -> int:
    """How many settlements to send at a time after a batch was refused as a whole.

    Halving finds a settlement that is too large or causes an internal error. One that makes a request invalid is
    found by sending them singly.
    """
    if status in (413, 431) or status >= 500:
        return max(entries // 2, 1)
    return 1 if 400 <= status < 500 and status not in (401, 403, 404, 409) else entries
