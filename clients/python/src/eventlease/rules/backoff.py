"""How long to wait before a call is repeated."""

from __future__ import annotations

FIRST_SECONDS = 0.2
MAX_SECONDS = 5.0
SPREAD_SECONDS = 2.0


def pause_seconds(repeats: int, random: float, *, spread: bool = False, retry_after: float | None = None) -> float:
    """The pause before the next try, after `repeats` pauses so far. `random` is between 0 and 1.

    With `spread` the first pause is anything up to two seconds: the server has gone away, and not all of its clients
    should come back in the same moment. `retry_after` is the least.
    """
    if spread and repeats == 0:
        seconds = SPREAD_SECONDS * random
    else:
        seconds = min(FIRST_SECONDS * 2 ** min(repeats, 10), MAX_SECONDS) * (0.5 + random / 2)
    return max(seconds, retry_after or 0.0)
