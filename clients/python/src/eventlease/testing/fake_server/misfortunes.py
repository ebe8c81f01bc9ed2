"""What a test orders to go wrong with the next requests."""

from __future__ import annotations

from dataclasses import dataclass

from eventlease.testing.fake_server.routes import OPERATIONS


@dataclass
class Misfortune:
    """What happens to one request."""

    operation: str
    is_reply_lost: bool = False
    code: str | None = None
    retry_after: int | None = None
    late_by_seconds: float = 0


class Misfortunes:
    """Those that are ordered and have not happened yet."""

    def __init__(self) -> None:
        self._ordered: list[Misfortune] = []

    def order(self, misfortune: Misfortune, times: int) -> None:
        """Orders it for that many requests."""
        if misfortune.operation not in OPERATIONS:
            raise ValueError(f"{misfortune.operation!r} is not one of {', '.join(sorted(OPERATIONS))}")
        self._ordered += [misfortune] * times

    def take(self, operation: str) -> Misfortune | None:
        """The next one of a request of that operation."""
        for index, misfortune in enumerate(self._ordered):
            if misfortune.operation == operation:
                return self._ordered.pop(index)
        return None

    @property
    def left(self) -> int:
        """How many have not happened yet."""
        return len(self._ordered)
