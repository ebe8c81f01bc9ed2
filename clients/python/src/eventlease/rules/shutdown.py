"""The stages in which an engine ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

# Exit statuses of an engine that does not end in order. If two apply, the greater one counts.
CUT_STATUS: Final = 1
"""Work was cut off."""
REFUSED_STATUS: Final = 2
"""It cannot work as it is: its settings or its token are refused."""
SUPERSEDED_STATUS: Final = 3
"""Another process has registered under its id."""
STUCK_STATUS: Final = 4
"""Its handlers, its event loop or one of its own threads cannot go on."""


class Stage(IntEnum):
    """What an engine does; it only moves on, apart from a drain that is taken back."""

    WORKING = 0
    DRAINING = 1  # nothing is leased, waiting events are released, handlers go on
    STOPPING = 2  # handlers were told to stop
    CUTTING = 3  # what still runs is released
    LEAVING = 4


@dataclass(slots=True)
class Plan:
    """The facts that decide the stage."""

    drain_seconds: float
    grace_seconds: float
    asked_at: float | None = None
    """When the process was first asked to end; None if it was not, or only by the server."""
    asked: int = 0
    """How many signals asked; the second one cuts off."""
    is_drained: bool = False
    """The server drains this engine."""
    is_released: bool = False
    """Drained by the server, with nothing left to do, and told to exit."""

    def stage(self, now: float, held: int) -> Stage:
        """`held`: events whose settlement has no answer yet."""
        if self.asked_at is None:
            return Stage.LEAVING if self.is_released and not held else Stage(self.is_drained)
        if not held:
            return Stage.LEAVING
        if self.asked > 1 or now >= self.asked_at + self.drain_seconds:
            return Stage.CUTTING
        stops_at = self.asked_at + max(self.drain_seconds - self.grace_seconds, 0.0)
        return Stage.STOPPING if now >= stops_at else Stage.DRAINING
