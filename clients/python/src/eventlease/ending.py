"""From the start of an engine to its end, in stages. It runs in a thread of its own."""

from __future__ import annotations

import logging
import threading
from queue import Empty
from typing import TYPE_CHECKING, Any

from eventlease.calls import Calls
from eventlease.errors import EventLeaseError
from eventlease.outcomes import HandlerInterrupted
from eventlease.reports import report_of
from eventlease.rules.leases import RUNNING
from eventlease.rules.repeats import Repeat
from eventlease.rules.shutdown import Plan, Stage

if TYPE_CHECKING:
    from eventlease.life import Life
    from eventlease.runners.lifespan import Lifespan

log = logging.getLogger("eventlease.engine")

TICK_SECONDS = 0.05
IDLE_SECONDS = 5.0
CUT_SECONDS = 2.0
POLL_SECONDS = 2.0
ENDED_POLL_SECONDS = 0.3
LEAVE_SECONDS = 1.5
JOIN_SECONDS = 2.0
CUT_STATUS = 1


class Ending:
    """Reads the inbox of a life, and moves it from stage to stage."""

    def __init__(self, life: Life, lifespan: Lifespan, loop_thread: int | None) -> None:
        self._life = life
        self._name = life.settings.engine_type
        self._lifespan = lifespan
        self._loop_thread = loop_thread
        self._plan = Plan(life.settings.drain_seconds, life.settings.grace)
        self._stage = Stage.WORKING
        self._cut_until: float | None = None
        self._poll_until = 0.0
        """How long a poll that is under way may keep the engine from leaving."""
        self._is_working = False
        self.status = 0
        self.why = ""
        self.ended = threading.Event()

    def run(self) -> None:
        """Until the engine has left."""
        try:
            self._life.open()
            while self._stage is not Stage.LEAVING:
                self._read()
                self._move()
        except BaseException as error:
            log.exception("%s: the engine ends", self._name)
            self.status, self.why = self.status or 4, repr(error)
        finally:
            self._leave()
            self.ended.set()

    def _read(self) -> None:
        is_ending = self._plan.asked_at is not None
        seconds = TICK_SECONDS if is_ending else IDLE_SECONDS if self._stage is Stage.WORKING else TICK_SECONDS * 4
        try:
            kind, status, why = self._life.inbox.get(timeout=seconds)
        except Empty:
            return
        if kind == "registered":
            self._begin()
        elif kind == "end":
            log.error("%s: the engine ends with status %d: %s", self._name, status, why)
            self.status, self.why = max(self.status, status), self.why or why
            self._ask()
        elif kind == "stop":
            self._ask()
        elif kind == "signal":
            self._ask()
            self._plan.asked += 1

    def _begin(self) -> None:
        if self._plan.asked_at is None:
            state = self._lifespan.enter(self._life.loop)
            self._is_working = True
            self._life.work(state, self._loop_thread)

    def _ask(self) -> None:
        if self._plan.asked_at is None:
            self._plan.asked_at = self._life.leases.now()
            self._poll_until = self._plan.asked_at + POLL_SECONDS

    def _move(self) -> None:
        life, plan = self._life, self._plan
        now, held = life.leases.now(), life.leases.held()
        plan.is_drained = life.command in ("drain", "stop")
        plan.is_released = life.command == "stop" and life.after_drain == "exit"
        is_asking = plan.asked_at is not None and life.leases.is_polling and now < self._poll_until
        stage = plan.stage(now, held + is_asking)  # a poll's reply may bring events, which should not be lost
        if stage is self._stage:
            if stage is Stage.CUTTING and self._cut_until is not None and now >= self._cut_until:
                self._stage = Stage.LEAVING
                self._say_unreported()
            return
        fields = {"engine_type": self._name, "held": held}
        log.info("%s: %s, events held: %d", self._name, stage.name.lower(), held, extra={"eventlease": fields})
        before, self._stage = self._stage, stage
        if before is Stage.WORKING and stage > Stage.WORKING:
            life.drain(True)
        if stage is Stage.WORKING:
            life.drain(False)
        if plan.asked_at is not None and before < Stage.STOPPING and self._is_working and stage is not Stage.LEAVING:
            threading.Thread(target=self._tell_server, name="eventlease-drain", daemon=True).start()
        if stage is Stage.STOPPING:
            life.leases.tell(self._running(), "stopping")
        if stage is Stage.CUTTING:
            self._cut(now)

    def _say_unreported(self) -> None:
        with self._life.leases.lock:
            rows = [str(row) for row in self._life.leases.table if row.began_at]
        if rows:
            self.status = max(self.status, CUT_STATUS)
            log.error("%s: no answer of the server, so this was not reported: %s", self._name, "; ".join(rows[:20]))

    def _running(self) -> list[Any]:
        with self._life.leases.lock:
            return [row for row in self._life.leases.table if row.state == RUNNING]

    def _cut(self, now: float) -> None:
        self._cut_until = now + CUT_SECONDS
        running = self._running()
        self._life.leases.tell(running, "stopping")
        if running:
            self.status = max(self.status, CUT_STATUS)
        for row in running:
            log.warning("%s: %s is cut off", self._name, row, extra=row.fields(engine_type=self._name))
            job = self._life.slots.give_up(row)
            if job is not None and row.told is not None:
                report = report_of(HandlerInterrupted(row.told), row.told, handler=job.handler.name)
                self._life.leases.finish(job.event, row, report, given_up=True)

    def _tell_server(self) -> None:
        """Ends the poll that waits, so that nothing is leased any more."""
        life = self._life
        calls = Calls(life.settings.urls, credentials=life.identity, transport=life.settings.transport)
        repeat = Repeat(is_safe=True, within_seconds=POLL_SECONDS)
        try:
            calls.call("POST", f"{life.identity.path}/drain", {}, seconds=POLL_SECONDS, repeat=repeat)
            # A poll that the drain has not ended came after it, and brings nothing.
            self._poll_until = min(self._poll_until, life.leases.now() + ENDED_POLL_SECONDS)
        except EventLeaseError as error:
            log.info("%s: the server was not told of the drain: %s", self._name, error)
        finally:
            calls.close()

    def _leave(self) -> None:
        life = self._life
        life.stopped.set()
        life.identity.stop()
        if life.registering is not None:
            life.registering.join(LEAVE_SECONDS)
        if life.identity.is_registered:
            life.identity.leave(LEAVE_SECONDS)
        if self._is_working:
            try:
                self._lifespan.leave(JOIN_SECONDS)
            except Exception:
                log.exception("%s: the lifespan did not end well", self._name)
        life.close(JOIN_SECONDS)
        fields = {"engine_type": self._name, "status": self.status}
        log.info("%s: left, with status %d", self._name, self.status, extra={"eventlease": fields})
