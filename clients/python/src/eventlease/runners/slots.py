"""Which handlers run: at most `concurrency` at once, in the order in which their events came."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from eventlease.event import Event
    from eventlease.handlers import Handler
    from eventlease.leases import Leases
    from eventlease.rules.leases import Row


@dataclass(slots=True)
class Job:
    """An event and what works on it."""

    event: Event[Any, Any]
    row: Row
    handler: Handler


class Runner(Protocol):
    """Runs handlers of one kind."""

    def submit(self, jobs: Sequence[Job]) -> None:
        """Begins each; after each, `Slots.next` is asked."""
        ...

    def stop(self) -> None:
        """Ends what the runner has started, apart from handlers that still run."""
        ...


class Slots:
    """Counts running handlers, and keeps the events that wait for one to end."""

    def __init__(self, concurrency: int, leases: Leases, runners: dict[bool, Runner]) -> None:
        """`runners` are by `Handler.is_async`."""
        self._concurrency = concurrency
        self._lock = leases.lock
        self._leases = leases
        self._runners = runners
        self._waiting: deque[Job] = deque()
        self.active: dict[str, Job] = {}
        """Whose handler runs, by lease token."""
        self.running = 0
        self.hung = 0
        """Handlers that were given up and run on."""

    @property
    def waiting(self) -> int:
        """Events whose handler has not begun."""
        return len(self._waiting)

    def add(self, jobs: Iterable[Job]) -> None:
        """Begins what can begin; the rest waits."""
        with self._lock:
            self._waiting.extend(jobs)
        self._fill()

    def next(self, *, is_async: bool) -> Job | None:
        """A handler has ended: the next job of the same runner, or None after the slot went to another."""
        with self._lock:
            if self._waiting and self._waiting[0].handler.is_async == is_async:
                return self._waiting.popleft()
            self.running -= 1
        self._fill()
        return None

    def give_up(self, row: Row) -> Job | None:
        """Its handler is not waited for any more: its slot goes to another. None if it has ended."""
        job = self.active.get(row.lease_token)
        if job is None or not self._leases.give_up(row):
            return None
        with self._lock:
            self.running -= 1
            self.hung += 1
        self._fill()
        return job

    def is_stuck(self) -> bool:
        """True if as many handlers hang as may run at once."""
        return self.hung >= self._concurrency

    def ended_at_last(self) -> None:
        """A handler that was given up has ended."""
        with self._lock:
            self.hung -= 1

    def take_waiting(self, wanted: Callable[[Job], bool]) -> list[Job]:
        """Takes what waits out of the queue, as far as it is wanted."""
        with self._lock:
            jobs = [job for job in self._waiting if wanted(job)]
            if jobs:
                self._waiting = deque(job for job in self._waiting if not wanted(job))
        return jobs

    def _fill(self) -> None:
        batches: dict[bool, list[Job]] = {}
        with self._lock:
            while self._waiting and self.running < self._concurrency:
                job = self._waiting.popleft()
                self.running += 1
                batches.setdefault(job.handler.is_async, []).append(job)
        for is_async, jobs in batches.items():
            self._runners[is_async].submit(jobs)
