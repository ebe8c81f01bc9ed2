"""The fake server's time: it passes as real time does, and the test can move it forward."""

from __future__ import annotations

import time
from datetime import datetime, timezone


class Clock:
    """Seconds since 1970. Setting the machine's clock does not change it."""

    def __init__(self) -> None:
        self._start = time.time() - time.monotonic()

    def now(self) -> float:
        """The time now."""
        return self._start + time.monotonic()

    def advance(self, seconds: float) -> None:
        """Moves it forward."""
        self._start += seconds


def written(moment: float | None) -> str | None:
    """A time as the interface writes it."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(text: str) -> float:
    """A time as the interface takes it. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("has no time zone")
    return moment.timestamp()
