"""The table of held leases: one row for each event, and what every step does to it. Times are monotonic seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Told = Literal["lease_lost", "cancel_requested", "timeout", "stopping"]
Placed = Literal["begin", "behind", "known"]

WAITING: Final = "waiting"
RUNNING: Final = "running"
SETTLING: Final = "settling"
WAITING_SECONDS: Final = 30.0
"""An event that has waited for a handler for longer is given back."""

_OWN_REPORTS = frozenset({"completed", "failed", "released"})


@dataclass(slots=True, eq=False, repr=False)  # without its token in a `repr`
class Row:
    """A lease from the reply that brought it until its settlement has a definite answer."""

    event_id: str
    lease_token: str
    attempt: int
    visibility_seconds: float
    event_type: str = ""
    event: Any = None
    """The `Event` that its handler and callbacks get; None once it is no longer held."""
    handler: Any = None
    """The `Handler` of its event type, or None."""
    state: str = WAITING
    leased_at: float = 0.0
    lease_end: float = 0.0
    renewed_at: float = 0.0
    """When a renewal was last sent other than by a heartbeat."""
    began_at: float = 0.0
    time_limit_at: float | None = None
    told: Told | None = None
    """Why the handler should stop; the first reason stays."""
    told_at: float = 0.0
    wake: Callable[[], Any] | None = None
    """Interrupts whatever the handler waits for; set by the runner."""
    ended: str | None = None
    """How the server ended the lease; None while it has not."""
    given_up: bool = False
    """The handler did not stop in time: the event was reported without it, and its slot has another event."""
    progress: bytes | None = None
    progress_is_unsent: bool = False
    behind_until: float | None = None
    """It waits for the handlers of older leases of the event, at most until then. None: it does not wait."""

    def __str__(self) -> str:
        return f"event {self.event_id} ({self.event_type}, attempt {self.attempt})"

    def fields(self, **more: Any) -> dict[str, Any]:
        """For `extra` of a log record."""
        event = {"event_id": self.event_id, "event_type": self.event_type, "attempt": self.attempt}
        return {"eventlease": {**event, **more}}

    @property
    def is_task(self) -> bool:
        """True if its handler needs an event loop."""
        return self.handler is not None and self.handler.is_async

    def renew(self, lease_end: float) -> None:
        """The server has renewed the lease, or says how long it still holds."""
        self.lease_end = max(self.lease_end, lease_end)

    def tell(self, reason: Told, now: float) -> bool:
        """True if the handler was not told to stop before."""
        if self.told is not None:
            return False
        self.told, self.told_at = reason, now
        return True


class Table:
    """Rows by event; those whose event was leased again to this engine stand apart, by their lease token."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.older: dict[str, Row] = {}
        self.alive_until = float("inf")
        """Before this time the server cannot judge the engine unresponsive."""

    def __len__(self) -> int:
        return len(self.rows) + len(self.older)

    def __iter__(self) -> Iterator[Row]:
        yield from self.rows.values()
        yield from self.older.values()

    def place(self, row: Row, lease_end: float, now: float) -> Placed:
        """Takes in a lease. `behind`: it has to wait until older leases of the event are over."""
        row.leased_at, row.lease_end = now, lease_end
        before = self.rows.get(row.event_id)
        if before is not None and before.lease_token == row.lease_token:
            return "known"
        self.rows[row.event_id] = row
        if before is not None:
            before.tell("lease_lost", now)
            before.ended = before.ended or "leased_again"
            if before.state == WAITING:
                before.event = None
            else:
                self.older[before.lease_token] = before
        if not self.older or not self._older_of(row):
            return "begin"
        row.behind_until = now + (lease_end - now) / 2
        return "behind"

    def is_certain(self, row: Row, now: float) -> bool:
        """True while the lease holds for certain."""
        return row.ended is None and now < row.lease_end and now < self.alive_until

    def begin(self, row: Row, now: float) -> bool:
        """False if the lease may have ended while it waited, or the event was told to stop."""
        if row.state != WAITING or row.told is not None or not self.is_certain(row, now):
            return False
        row.state, row.began_at = RUNNING, now
        return True

    def finish(self, row: Row) -> None:
        """Its report was made, and waits for an answer."""
        row.state, row.behind_until = SETTLING, None

    def remove(self, row: Row) -> Row | None:
        """The report was answered, or there is none. Returns the newer lease of the event that may begin now."""
        row.event = None
        if self.rows.get(row.event_id) is row:
            del self.rows[row.event_id]
            return None
        newer = self.rows.get(row.event_id)
        was_held = self.older.pop(row.lease_token, None) is not None
        if not was_held or newer is None or newer.behind_until is None or self._older_of(newer):
            return None
        newer.behind_until = None
        return newer

    def inherit(self, row: Row) -> Row | None:
        """The report came too late. If this engine has leased the event again, the newer lease takes it over."""
        newer = self.rows.get(row.event_id)
        if newer is None or newer is row or newer.state != WAITING or not row.began_at:
            return None
        self.finish(newer)
        self.remove(row)
        return newer

    def lose(self, row: Row, reason: str | None, now: float) -> bool:
        """The server says that the lease is lost. True if that was not known."""
        if self.rows.get(row.event_id) is not row or row.ended is not None:
            return False
        if row.state == SETTLING and reason in _OWN_REPORTS:
            return False  # it was ended by our own settlement, whose answer is on its way
        row.ended = reason or "unknown"
        row.tell("lease_lost", now)
        if row.state == WAITING:
            self.remove(row)
        return True

    def lose_all(self, reason: str, now: float) -> list[Row]:
        """The engine was removed or registered again: all its leases are lost."""
        return [row for row in list(self.rows.values()) if self.lose(row, reason, now)]

    def listed(self, now: float, until: float, *, is_stalled: bool = False) -> list[tuple[Row, bool]]:
        """The leases that a heartbeat lists, one for each event, and whether to renew each.

        `until` is when the next heartbeat is due. Leases of tasks are not renewed while their loop is stalled.
        """
        return [
            (row, not (is_stalled and row.is_task) and (row.progress_is_unsent or needs_renewal(row, until)))
            for row in self.rows.values()
            if row.ended is None and now < row.lease_end + row.visibility_seconds
        ]

    def overdue_behind(self, now: float) -> list[Row]:
        """Rows that have waited too long for the handler of an older lease of their event."""
        waiting = [row for row in self.rows.values() if row.behind_until is not None and now >= row.behind_until]
        return [row for row in waiting if any(older.state == RUNNING for older in self._older_of(row))]

    def _older_of(self, row: Row) -> list[Row]:
        return [older for older in self.older.values() if older.event_id == row.event_id]


def needs_renewal(row: Row, until: float) -> bool:
    """True if less than two thirds of the lease would be left at `until`."""
    return row.lease_end - until < row.visibility_seconds * 2 / 3
