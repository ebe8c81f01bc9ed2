"""The stages in which an engine ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

# Exit statuses of an engine that does not end in order; of two, the greater one counts.
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
    """What is known of an ending."""

    drain_seconds: float
    grace_seconds: float
    asked_at: float | None = None
    """When the process was first asked to end; None while only the server asks."""
    asked: int = 0
    """How often it was: the second time cuts."""
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
