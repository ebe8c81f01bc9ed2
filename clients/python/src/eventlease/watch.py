"""Time limits: a blocked event loop or interpreter, hanging handlers, and leases that need renewal early."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventlease.outcomes import Released
from eventlease.rules.leases import RUNNING, WAITING_SECONDS, Row
from eventlease.rules.shutdown import STUCK_STATUS
from eventlease.runners.tasks import CLOSED

if TYPE_CHECKING:
    import asyncio

    from eventlease.life import Life

log = logging.getLogger("eventlease.watch")

TICK_SECONDS = 0.5
LOOP_WARNING_SECONDS = 5.0
LATE_SECONDS = 2.0
CLOCK_JUMP_SECONDS = 10.0
URGENT_SHARE = 0.6  # heartbeats renew while more than two thirds are left
STACK_LINES = 12
RUNNERS = str(Path(__file__).parent / "runners")


class Watch:
    """Ticks until the engine stops."""

    def __init__(self, life: Life, loop: asyncio.AbstractEventLoop | None, loop_thread: int | None) -> None:
        self._life = life
        self._leases = life.leases
        self._loop = loop
        self._loop_thread = loop_thread
        self._asked_at: float | None = None
        """When the loop was asked for an answer; None if it has answered."""
        self._has_warned = False
        self._clocks = time.time() - time.monotonic()
        self._is_over = False
        self.is_stalled = False
        """The loop has not answered for too long."""

    def run(self) -> None:
        """Until the engine stops."""
        stopped, due = self._life.stopped, time.monotonic()
        while not stopped.is_set():
            late = time.monotonic() - due
            if late > LATE_SECONDS:
                self._say_late(late)
            self._tick()
            due = time.monotonic() + TICK_SECONDS
            stopped.wait(TICK_SECONDS)

    def _tick(self) -> None:
        leases, now = self._leases, self._leases.now()
        self._check_clocks()
        if self._loop is not None:
            self._check_loop(self._loop, now)
        urgent = leases.rows(lambda row: self._is_urgent(row, now))
        if urgent:
            leases.renew_now(urgent)
        leases.tell(
            leases.rows(lambda row: row.time_limit_at and row.state == RUNNING and now >= row.time_limit_at), "timeout"
        )
        for row in leases.rows(lambda row: self._is_hanging(row, now)):
            log.error("the handler of %s does not end; another event gets its slot", row, extra=row.fields())
            self._life.slots.give_up(row)
            if self._life.slots.is_stuck() and not self._is_over:
                self._end("all handlers hang")
        leases.send_late_again()
        for row in self._life.slots.take_waiting(lambda row: now - row.leased_at > WAITING_SECONDS):
            leases.decline(row, Released(0, "not_begun", "no handler was free"))
        with leases.lock:
            overdue = leases.table.overdue_behind(now)
        for row in overdue:
            leases.decline(row, Released(0, "not_begun", "an older handler of the same event still runs"))

    def _is_urgent(self, row: Row, now: float) -> bool:
        left = row.lease_end - now
        is_short = row.ended is None and 0 < left < row.visibility_seconds * URGENT_SHARE
        return is_short and not (self.is_stalled and row.is_task)

    def _is_hanging(self, row: Row, now: float) -> bool:
        """It should have ended, and has not: after its time limit or, as a task, after a cancellation."""
        if row.state != RUNNING or row.told is None:
            return False
        ends_at = row.told_at if row.told == "cancel_requested" and row.is_task else row.time_limit_at
        return ends_at is not None and now >= max(row.told_at, ends_at) + self._life.settings.grace

    def _check_loop(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        """Asks the loop for an answer. If it is closed, gives back its events and ends the engine."""
        if loop.is_closed():
            if not self._is_over:
                self._end("the event loop of its handlers was closed")
            for row in self._leases.rows(lambda row: row.is_task):
                self._leases.finish(row, CLOSED)
            return
        silent = 0.0 if self._asked_at is None else now - self._asked_at
        if self._asked_at is None:
            self._asked_at, self._has_warned = now, False
            loop.call_soon_threadsafe(self._answer)
        elif silent >= LOOP_WARNING_SECONDS and not self._has_warned:
            self._has_warned = True
            stack = stack_of(self._loop_thread)
            log.warning(
                "the event loop has been blocked for %.0f s, here:\n%s", silent, stack,
                extra={"eventlease": {"seconds": round(silent, 1)}},
            )  # fmt: skip
        is_stalled = silent > self._life.settings.stall_seconds
        if is_stalled != self.is_stalled:
            with self._leases.lock:
                self.is_stalled = is_stalled
                self._life.poller.may_poll_again()

    def _answer(self) -> None:
        self._asked_at = None

    def _end(self, why: str) -> None:
        self._is_over = True
        self._life.end(STUCK_STATUS, why)

    def _check_clocks(self) -> None:
        clocks = time.time() - time.monotonic()
        jumped, self._clocks = clocks - self._clocks, clocks
        if abs(jumped) > CLOCK_JUMP_SECONDS:
            log.warning("the clock has jumped by %.0f s: leases are uncertain until the next heartbeat", jumped)
            with self._leases.lock:
                self._leases.table.alive_until = self._leases.now()

    def _say_late(self, seconds: float) -> None:
        self._leases.stats.heartbeats_late += 1
        threads = [thread.ident for thread in list(self._life.slots.threads.all)]
        stacks = "\n".join(filter(None, map(stack_of, threads)))
        fields: dict[str, Any] = {"seconds": round(seconds, 1)}
        message = "the interpreter was held, or the process stopped, for %.1f s; handlers now:\n%s"
        log.warning(message, seconds, stacks, extra={"eventlease": fields})


def stack_of(thread: int | None) -> str:
    """The stack of a thread below its handler; empty if it runs none."""
    frame = sys._current_frames().get(thread or 0)  # pyright: ignore[reportPrivateUsage]
    if frame is None:
        return ""
    summary = list(traceback.extract_stack(frame))
    own = max((number for number, each in enumerate(summary) if each.filename.startswith(RUNNERS)), default=-1)
    return "".join(traceback.format_list(summary[own + 1 :][-STACK_LINES:]))
