"""Runs at most `concurrency` handlers at once, in the order in which their events arrived."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from eventlease.outcomes import Failed, HandlerInterrupted
from eventlease.reports import report_of
from eventlease.rules.leases import RUNNING
from eventlease.runners.tasks import Tasks
from eventlease.runners.threads import Threads

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from eventlease.leases import Leases
    from eventlease.rules.leases import Row
    from eventlease.settings import Settings

log = logging.getLogger("eventlease.handler")


class Slots:
    """Counts running handlers, and keeps the events that wait for a free slot."""

    def __init__(self, settings: Settings, leases: Leases, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.settings = settings
        self.leases = leases
        self.state: Any = None
        """What the lifespan has yielded."""
        self._waiting: deque[Row] = deque()
        self.running = 0
        self.hung = 0
        """How many handlers were given up and still run."""
        self.threads = Threads(self)
        self._tasks = Tasks(self, loop) if loop is not None else None

    @property
    def waiting(self) -> int:
        """Events whose handler has not begun."""
        return len(self._waiting)

    def add(self, rows: Iterable[Row]) -> None:
        """Begins the handlers for which there are slots; the other events wait."""
        with self.leases.lock:
            self._waiting.extend(rows)
        self._fill()

    def begin(self, row: Row) -> bool:
        """Returns False, and gives the event back, if the handler must not begin."""
        if not self.leases.begin(row):
            return False
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s begins", row, extra=row.fields(engine_type=self.settings.engine_type))
        return True

    def broke(self, row: Row, error: BaseException) -> None:
        """Reports the event after an exception of the library itself, so that neither it nor its slot is lost."""
        fields = row.fields(engine_type=self.settings.engine_type)
        log.error("the handler of %s could not be run", row, exc_info=error, extra=fields)
        self.leases.finish(row, Failed({"type": "ClientBug", "message": "the client library raised an error"}))

    def next(self, ended: Row) -> Row | None:
        """A handler has ended. The event that its thread or task takes next; None if it no longer has a slot."""
        with self.leases.lock:
            if ended.given_up:
                self.hung -= 1
                return None
            if self._waiting and self._waiting[0].is_task == ended.is_task:
                return self._waiting.popleft()
            self.running -= 1
        self._fill()
        return None

    def give_up(self, row: Row) -> None:
        """Stops waiting for a handler that was told to stop: reports its event, and gives its slot to another."""
        with self.leases.lock:
            if row.state != RUNNING or row.told is None:
                return
            row.given_up = True
            self.running -= 1
            self.hung += 1
        self.leases.finish(row, report_of(HandlerInterrupted(row.told), row))
        self._fill()

    def is_stuck(self) -> bool:
        """True if as many handlers hang as may run at once."""
        return self.hung >= self.settings.concurrency

    def take_waiting(self, wanted: Callable[[Row], Any]) -> list[Row]:
        """Takes waiting events that are wanted out of the queue."""
        with self.leases.lock:
            rows = [row for row in self._waiting if wanted(row)]
            if rows:
                self._waiting = deque(row for row in self._waiting if not wanted(row))
        return rows

    def _fill(self) -> None:
        threads: list[Row] = []
        tasks: list[Row] = []
        with self.leases.lock:
            while self._waiting and self.running < self.settings.concurrency:
                row = self._waiting.popleft()
                self.running += 1
                (tasks if row.is_task else threads).append(row)
        if threads:
            self.threads.submit(threads)
        if tasks and self._tasks is not None:
            self._tasks.submit(tasks)
