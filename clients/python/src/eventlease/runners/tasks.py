"""Handlers that are `async def`, as tasks of an event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, cast

from eventlease.outcomes import Released
from eventlease.runners.attempt import Attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.rules.leases import Row
    from eventlease.runners.slots import Slots

CLOSED = Released(0, "stopping", "its event loop was closed")


class Tasks:
    """The loop may be the author's. It gets one call for each list of events; nothing waits for it."""

    def __init__(self, slots: Slots, loop: asyncio.AbstractEventLoop) -> None:
        self._slots = slots
        self._loop = loop
        self._context = copy_context()
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, rows: Sequence[Row]) -> None:
        """Begins the handlers. If the loop is closed, gives the events back."""
        try:
            self._loop.call_soon_threadsafe(self._start, rows)
        except RuntimeError:
            for row in rows:
                self._slots.leases.decline(row, CLOSED)

    def _start(self, rows: Sequence[Row]) -> None:
        for row in rows:
            task = self._context.copy().run(self._loop.create_task, self._perform(row))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _perform(self, row: Row) -> None:
        try:
            await self._attempt(row)
        except BaseException as error:  # noqa: BLE001, as from a library of traces
            self._slots.broke(row, error)
        following = self._slots.next(row)
        if following is not None:
            if self._loop.is_closed():
                self.submit([following])
            else:
                self._start([following])

    async def _attempt(self, row: Row) -> None:
        if not self._slots.begin(row):
            return
        task = cast("asyncio.Task[None]", asyncio.current_task())

        def cancel() -> None:
            with suppress(RuntimeError):  # of a loop that is closed
                self._loop.call_soon_threadsafe(task.cancel)

        row.wake = cancel
        with Attempt(self._slots, row) as attempt:
            event = attempt.event()
            if row.told is not None:  # before `wake` was there
                raise asyncio.CancelledError
            attempt.returned(await row.handler.call(event))
