"""Watches time: the event loop, the interpreter, handlers, and leases that cannot wait for a heartbeat."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventlease.outcomes import HandlerInterrupted, Released
from eventlease.reports import report_of
from eventlease.rules.leases import RUNNING, Row

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from eventlease.leases import Leases
    from eventlease.runners.slots import Slots

log = logging.getLogger("eventlease.watch")

TICK_SECONDS = 0.5
LOOP_WARNING_SECONDS = 5.0
LATE_SECONDS = 2.0
CLOCK_JUMP_SECONDS = 10.0
WAITING_SECONDS = 30.0
URGENT_SHARE = 0.6  # heartbeats renew while more than two thirds are left
STACK_LINES = 12
RUNNERS = str(Path(__file__).parent / "runners")


class Loop:
    """Asks an event loop for signs of life."""

    def __init__(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        self._loop = loop
        self._thread = thread
        self._asked_at: float | None = None
        self._has_warned = False

    def silent_seconds(self, now: float) -> float:
        """For how long the loop has not answered; asks again where it has."""
        if self._asked_at is None:
            self._asked_at, self._has_warned = now, False
            try:
                self._loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # it is closed
                self._asked_at = None
            return 0.0
        silent = now - self._asked_at
        if silent >= LOOP_WARNING_SECONDS and not self._has_warned:
            self._has_warned = True
            fields = {"seconds": round(silent, 1)}
            stack = stack_of(self._thread)
            log.warning("the event loop is blocked for %.0f s\n%s", silent, stack, extra={"eventlease": fields})
        return silent

    def _answer(self) -> None:
        self._asked_at = None


class Watch:
    """Ticks until it is stopped."""

    def __init__(
        self, leases: Leases, slots: Slots, loop: Loop | None, *, grace_seconds: float, stall_seconds: float,
        stalled: Callable[[bool], None], stuck: Callable[[], None], handler_threads: Callable[[], list[int]],
    ) -> None:  # fmt: skip
        """`stalled`: whether the loop has not answered for too long. `stuck`: every slot was given up once."""
        self._leases = leases
        self._slots = slots
        self.loop = loop
        self._grace_seconds = grace_seconds
        self._stall_seconds = stall_seconds
        self._stalled = stalled
        self._stuck = stuck
        self._handler_threads = handler_threads
        self._clocks = time.time() - time.monotonic()
        self.stopped = threading.Event()
        self.is_stalled = False

    def run(self) -> None:
        """Until stopped."""
        due = time.monotonic()
        while not self.stopped.is_set():
            late = time.monotonic() - due
            if late > LATE_SECONDS:
                self._say_late(late)
            self._tick()
            due = time.monotonic() + TICK_SECONDS
            self.stopped.wait(TICK_SECONDS)

    def _tick(self) -> None:
        now = self._leases.now()
        self._check_clocks()
        if self.loop is not None:
            is_stalled = self.loop.silent_seconds(now) > self._stall_seconds
            if is_stalled != self.is_stalled:
                self.is_stalled = is_stalled
                self._stalled(is_stalled)
        urgent: list[Row] = []
        overdue: list[Row] = []
        hanging: list[Row] = []
        with self._leases.lock:
            for row in self._leases.table.rows.values():
                left = row.lease_end - now
                if row.ended is None and 0 < left < row.visibility_seconds * URGENT_SHARE:
                    urgent.append(row)
            for row in self._leases.table:
                if row.state != RUNNING or row.given_up:
                    continue
                if row.told is None and row.time_limit_at is not None and now >= row.time_limit_at:
                    overdue.append(row)
                elif row.told is not None and self._is_hanging(row, now):
                    hanging.append(row)
        if urgent := [row for row in urgent if not (self.is_stalled and self._is_task(row))]:
            self._leases.renew_now(urgent)
        self._leases.tell(overdue, "timeout")
        if hanging:
            self._give_up(hanging)
        self._release_what_waits_too_long(now)

    def _is_hanging(self, row: Row, now: float) -> bool:
        """It was told to stop and should have ended: at its time limit, a task also after a cancel."""
        is_cancelled_task = row.told == "cancel_requested" and self._is_task(row)
        ends_at = row.told_at if is_cancelled_task else row.time_limit_at
        return ends_at is not None and now >= max(row.told_at, ends_at) + self._grace_seconds

    def _is_task(self, row: Row) -> bool:
        job = self._slots.active.get(row.lease_token)
        return job is not None and job.handler.is_async

    def _give_up(self, rows: list[Row]) -> None:
        for row in rows:
            log.error("the handler of %s does not end; its slot goes to another", row, extra=row.fields())
            job = self._slots.give_up(row)
            if job is not None and row.told is not None:
                report = report_of(HandlerInterrupted(row.told), row.told, handler=job.handler.name)
                self._leases.finish(job.event, row, report, given_up=True)
        if self._slots.is_stuck():
            self._stuck()

    def _release_what_waits_too_long(self, now: float) -> None:
        for job in self._slots.take_waiting(lambda job: now - job.row.leased_at > WAITING_SECONDS):
            self._leases.finish(job.event, job.row, Released(0, "not_begun", "no handler was free"), state="waiting")
        for event, row in self._leases.overdue_behind():
            report = Released(0, "not_begun", "an older handler of the same event still runs")
            self._leases.finish(event, row, report, state="waiting")

    def _check_clocks(self) -> None:
        clocks = time.time() - time.monotonic()
        jumped, self._clocks = clocks - self._clocks, clocks
        if abs(jumped) > CLOCK_JUMP_SECONDS:
            log.warning("the clock has jumped by %.0f s: leases are uncertain until the next heartbeat", jumped)
            with self._leases.lock:
                self._leases.table.alive_until = self._leases.now()

    def _say_late(self, seconds: float) -> None:
        self._leases.stats.heartbeats_late += 1
        stacks = "\n".join(filter(None, map(stack_of, self._handler_threads())))
        fields: dict[str, Any] = {"seconds": round(seconds, 1)}
        message = "the interpreter was held, or the process stopped, for %.1f s; handlers now:\n%s"
        log.warning(message, seconds, stacks, extra={"eventlease": fields})


def stack_of(thread: int) -> str:
    """Where a thread is, in what its handler has called; empty if it runs none."""
    frame = sys._current_frames().get(thread)  # pyright: ignore[reportPrivateUsage]
    summary = list(traceback.extract_stack(frame)) if frame is not None else list[traceback.FrameSummary]()
    own = max((number for number, each in enumerate(summary) if each.filename.startswith(RUNNERS)), default=-1)
    below = summary[own + 1 :][-STACK_LINES:]
    return "".join(traceback.format_list(below)) if frame is not None else ""
