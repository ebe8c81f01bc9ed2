"""How long to wait before a call is repeated."""

from __future__ import annotations

from typing import Any

FIRST_SECONDS = 0.2
MAX_SECONDS = 5.0
SPREAD_SECONDS = 2.0
AFTER_NOTHING_SECONDS = 0.5
MAX_ASKED_SECONDS = 60.0


def pause_seconds(repeats: int, random: float, *, spread: bool = False, retry_after: float | None = None) -> float:
    """The pause before the next try, after `repeats` pauses so far. `random` is between 0 and 1.

    With `spread` the first pause is anything up to two seconds: the server has gone away, and not all of its clients
    should come back in the same moment. Nor should those that the server asks to come back later: the pause follows
    `retry_after`, of which no more than a minute is obeyed: proxies ask for hours.
    """
    if spread and repeats == 0:
        seconds = SPREAD_SECONDS * random
    else:
        seconds = min(FIRST_SECONDS * 2 ** min(repeats, 10), MAX_SECONDS) * (0.5 + random / 2)
    return seconds + min(retry_after or 0.0, MAX_ASKED_SECONDS)


def pause_asked_for(asked: float | None, least: float, random: float) -> float:
    """The pause that a reply asks for in its body, of which no more than a minute is obeyed.

    It is spread over up to twice as long, so that clients that were given the same pause do not come back together.
    """
    return max(min(asked or 0.0, MAX_ASKED_SECONDS), least) * (1 + random)


def pause_after_nothing(
    waited_seconds: float, asked_seconds: float, notice: dict[str, Any] | None, random: float
) -> float:
    """The pause after a reply that brings nothing and came early: without it, requests would follow without end."""
    code = notice["code"] if notice else None
    if asked_seconds == 0 and code not in ("engine_draining", "server_stopping"):
        return 0.0
    if asked_seconds and waited_seconds >= asked_seconds * 0.9:
        return 0.0
    return pause_asked_for(float(notice["retry_after_seconds"]) if notice else None, AFTER_NOTHING_SECONDS, random)
