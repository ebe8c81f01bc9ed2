"""Handlers that are `def`, in threads of their own."""

from __future__ import annotations

import threading
from contextvars import copy_context
from queue import SimpleQueue
from typing import TYPE_CHECKING

from eventlease.runners.perform import Performer, completed, outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.outcomes import Report
    from eventlease.runners.slots import Job


class ThreadRunner:
    """Threads, started as they are needed; each runs one handler at a time."""

    def __init__(self, name: str, performer: Performer) -> None:
        self._name = name
        self._performer = performer
        self._context = copy_context()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._unclaimed = 0
        """Jobs that were handed in, less threads that wait for one."""
        self._number = 0
        self.threads: set[threading.Thread] = set()

    def submit(self, jobs: Sequence[Job]) -> None:
        """See `Runner.submit`."""
        with self._lock:
            self._unclaimed += len(jobs)
            starting = max(self._unclaimed, 0)
            self._unclaimed -= starting
            for _ in range(starting):
                self._number += 1
                thread = threading.Thread(target=self._work, name=f"{self._name}-{self._number}", daemon=True)
                self.threads.add(thread)
                thread.start()
        for job in jobs:
            self._jobs.put(job)

    def stop(self) -> None:
        """See `Runner.stop`."""
        for _ in self.threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            job: Job | None = first
            while job is not None:
                try:
                    self._context.copy().run(self._perform, job)
                except BaseException as error:  # noqa: BLE001, as from a library of traces
                    self._performer.broke(job, error)
                if job.row.given_up:
                    self._performer.slots.ended_at_last()
                    self.threads.discard(threading.current_thread())
                    return  # another thread has the slot
                job = self._performer.slots.next(is_async=False)
            with self._lock:
                self._unclaimed -= 1
        self.threads.discard(threading.current_thread())

    def _perform(self, job: Job) -> None:
        performer = self._performer
        if not performer.begin(job):
            return
        with performer.span(job) as ended:
            try:
                performer.prepare(job)
                report: Report | None = completed(job.handler.call(job.event))
                ended("completed")
            except BaseException as error:  # noqa: BLE001, SystemExit and KeyboardInterrupt end the handler alone
                report = performer.failed(job, error)
                ended(outcome(report), error)
        performer.finish(job, report)
