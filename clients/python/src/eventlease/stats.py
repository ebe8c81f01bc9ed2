"""What an engine counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Stats:
    """Counts since the engine was started; `running` and `waiting` are the present numbers."""

    running: int = 0
    waiting: int = 0
    completed: int = 0
    failed: int = 0
    released: int = 0
    lost: int = 0
    """Leases that ended without a report."""
    results_lost: int = 0
    """Reports that came too late."""
    heartbeats: int = 0
    heartbeats_late: int = 0
    polls: int = 0
    last_heartbeat_age_seconds: float | None = None
    """Since the last heartbeat that was answered was sent."""
