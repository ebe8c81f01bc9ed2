"""Handlers that are `async def`, as tasks of an event loop."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from eventlease.runners.perform import Performer, completed, outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.outcomes import Report
    from eventlease.runners.slots import Job


class TaskRunner:
    """The loop is the author's; it gets one call for each list of events, and is never waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, performer: Performer) -> None:
        self._loop = loop
        self._performer = performer
        self._context = copy_context()
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, jobs: Sequence[Job]) -> None:
        """See `Runner.submit`."""
        self._loop.call_soon_threadsafe(self._start, jobs)

    def stop(self) -> None:
        """See `Runner.stop`."""

    def _start(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._start_one(job)

    def _start_one(self, job: Job) -> None:
        task = self._context.copy().run(self._loop.create_task, self._perform(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, first: Job) -> None:
        try:
            await self._perform_one(first)
        except BaseException as error:  # noqa: BLE001, as from a library of traces
            self._performer.broke(first, error)
        if first.row.given_up:
            self._performer.slots.ended_at_last()
        elif (job := self._performer.slots.next(is_async=True)) is not None:
            self._start_one(job)

    async def _perform_one(self, job: Job) -> None:
        performer, row = self._performer, job.row
        if not performer.begin(job):
            return
        task: asyncio.Task[Any] | None = asyncio.current_task()
        row.wake = lambda: self._loop.call_soon_threadsafe(task.cancel) if task is not None else None
        with performer.span(job) as ended:
            try:
                performer.prepare(job)
                if row.told is not None:  # before `wake` was there
                    raise asyncio.CancelledError  # noqa: TRY301
                report: Report | None = completed(await job.handler.call(job.event))
                ended("completed")
            except BaseException as error:  # noqa: BLE001, the task has no other end than a report
                report = performer.failed(job, error, is_cancelled=isinstance(error, asyncio.CancelledError))
                ended(outcome(report), error)
        performer.finish(job, report)
