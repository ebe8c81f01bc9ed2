"""An engine at work: its stages from start to end. They run in a thread of their own."""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import weakref
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty
from typing import TYPE_CHECKING, Any

from eventlease import forks
from eventlease.errors import ConfigurationError
from eventlease.event import is_of
from eventlease.life import STOPPING, Life
from eventlease.outcomes import EngineRefused
from eventlease.rules.leases import RUNNING, WAITING
from eventlease.rules.shutdown import CUT_STATUS, REFUSED_STATUS, STUCK_STATUS, Plan, Stage
from eventlease.runners.lifespan import Lifespan
from eventlease.runners.loop import OwnLoop, current_loop

if TYPE_CHECKING:
    import asyncio

    from eventlease.handlers import Handlers
    from eventlease.runners.lifespan import MakeManager
    from eventlease.settings import Settings

log = logging.getLogger("eventlease.engine")

TICK_SECONDS = 0.05
IDLE_SECONDS = 5.0
CUT_SECONDS = 2.0
POLL_SECONDS = 2.0
ENDED_POLL_SECONDS = 0.3
LEAVE_SECONDS = 1.5
JOIN_SECONDS = 2.0
SAY_SECONDS = 5.0
ENTERED = ("entered", 0, "")


class Running:
    """Reads the inbox of a life, and moves it from stage to stage."""

    def __init__(
        self,
        settings: Settings,
        handlers: Handlers,
        lifespan: MakeManager | None,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        """`loop` is the event loop of the calling thread. Without one, the engine makes its own if it needs one."""
        self._lifespan = Lifespan(lifespan)
        self._own_loop: OwnLoop | None = None
        if loop is None and (handlers.has_async() or self._lifespan.is_async):
            self._own_loop = OwnLoop()
            self._own_loop.start(f"eventlease-{settings.engine_type}-loop")
        own = self._own_loop
        self._loop = loop if own is None else own.loop
        try:
            self.life = Life(settings, handlers, self._loop, threading.get_ident() if own is None else own.thread_id)
        except BaseException:
            self._end_loop()
            raise
        self._name = settings.engine_type
        self._plan = Plan(settings.drain_seconds, settings.grace)
        self._stage = Stage.WORKING
        self._cut_until = 0.0
        self._poll_until = 0.0
        """Until when the engine waits for a poll that is under way before it leaves."""
        self._say_at = 0.0
        """When it is said that the lifespan is awaited."""
        self._is_working = False
        self.status = 0
        self.why = ""
        self.done: Future[None] = Future()
        self.done.set_running_or_notify_cancel()  # those that wait for it cannot cancel it
        self._thread = threading.Thread(target=self._run, name=f"eventlease-{self._name}", daemon=True)

    def start(self) -> None:
        """Starts its thread."""
        unfinished.add(self)
        forks.watch(self)
        self._thread.start()

    def after_fork(self) -> None:
        """Only the parent deregisters the engine."""
        unfinished.discard(self)

    def ask(self, how: str) -> None:
        """Asks it to end: `stop`, or `signal`; a second `signal` cuts handlers off. Takes no locks."""
        self.life.inbox.put((how, 0, ""))

    def waits_for_caller(self) -> bool:
        """True if the engine cannot end before the caller goes on: in its handlers, its threads and on its loop."""
        is_on_loop = self._loop is not None and current_loop() is self._loop
        is_ours = threading.current_thread() in (self._thread, self._lifespan.thread, *self.life.threads)
        return is_on_loop or is_ours or is_of(self.life.leases)

    @property
    def refused(self) -> str:
        """Why the engine has ended by itself; empty if it has not."""
        return self.why if self.done.done() and self.status >= REFUSED_STATUS else ""

    def raise_refused(self) -> None:
        """Raises EngineRefused if the engine has ended by itself."""
        if self.status >= REFUSED_STATUS:
            raise EngineRefused(self.why)

    def join(self) -> None:
        """Waits for the end; signals are handled meanwhile."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def _run(self) -> None:
        try:
            self.life.open()
            while self._stage is not Stage.LEAVING:
                self._read()
                self._move()
        except BaseException as error:
            log.exception("%s: the engine ends", self._name)
            self.status, self.why = self.status or STUCK_STATUS, repr(error)
        finally:
            try:
                self._leave()
            finally:
                unfinished.discard(self)
                self.done.set_result(None)
                fields = {"engine_type": self._name, "status": self.status}
                log.info("%s: left, with status %d", self._name, self.status, extra={"eventlease": fields})

    def _read(self) -> None:
        is_ending = self._plan.asked_at is not None
        seconds = TICK_SECONDS if is_ending else IDLE_SECONDS if self._stage is Stage.WORKING else TICK_SECONDS * 4
        try:
            kind, status, why = self.life.inbox.get(timeout=seconds)
        except Empty:
            return
        if kind == "registered":
            if not is_ending:
                self._say_at = self.life.leases.now() + SAY_SECONDS
                inbox = self.life.inbox
                self._lifespan.enter(f"eventlease-{self._name}-lifespan", self._loop, lambda: inbox.put(ENTERED))
            return
        if kind == "entered":
            if not is_ending:
                state = self._lifespan.state()
                self._is_working = True
                self.life.work(state)
            return
        if kind == "end":
            log.error("%s: the engine ends with status %d: %s", self._name, status, why)
            self.status, self.why = max(self.status, status), self.why or why
        if kind != "command" and not is_ending:
            self._plan.asked_at = self.life.leases.now()
            self._poll_until = self._plan.asked_at + POLL_SECONDS
        self._plan.asked += kind == "signal"

    def _move(self) -> None:
        life, plan = self.life, self._plan
        now, held = life.leases.now(), life.leases.held()
        if self._lifespan.is_entering:
            self._say_awaited("entered")
        plan.is_drained = life.command in ("drain", "stop")
        plan.is_released = life.command == "stop" and life.after_drain == "exit"
        # The reply of a poll may bring events; without their leases they would be silent losses.
        is_asking = plan.asked_at is not None and life.leases.is_polling and now < self._poll_until
        before, stage = self._stage, plan.stage(now, held + is_asking)
        if stage is before:
            if stage is Stage.CUTTING and now >= self._cut_until:
                self._stage = Stage.LEAVING
                self._say_unreported()
            return
        self._stage = stage
        fields = {"engine_type": self._name, "held": held}
        log.info("%s: %s, events held: %d", self._name, stage.name.lower(), held, extra={"eventlease": fields})
        if Stage.WORKING in (before, stage):
            life.drain(stage is not Stage.WORKING)
        if plan.asked_at is not None and before < Stage.STOPPING and self._is_working and stage is not Stage.LEAVING:
            ending = threading.Thread(target=self._end_poll, name="eventlease-drain", daemon=True)
            life.threads.append(ending)
            ending.start()
        running = life.leases.rows(lambda row: row.state == RUNNING)
        if stage in (Stage.STOPPING, Stage.CUTTING):
            life.leases.tell(running, "stopping")
        if stage is Stage.CUTTING:
            self._cut_until = now + CUT_SECONDS
            for row in running:  # also those that end at once because they were told to stop
                self.status = max(self.status, CUT_STATUS)
                log.warning("%s: %s is cut off", self._name, row, extra=row.fields(engine_type=self._name))
                life.slots.give_up(row)
            for row in life.leases.rows(lambda row: row.state == WAITING and row.behind_until is None):
                life.leases.decline(row, STOPPING)  # the event loop has not begun them

    def _say_unreported(self) -> None:
        rows = self.life.leases.rows(lambda row: row.began_at)
        if rows:
            self.status = max(self.status, CUT_STATUS)
            listed = "; ".join(map(str, rows[:20]))
            log.error("%s: these were not reported, because the server did not answer: %s", self._name, listed)

    def _end_poll(self) -> None:
        """Tells the server to end the poll that waits, so that nothing more is leased."""
        error = self.life.identity.say("POST", "/drain", POLL_SECONDS)
        if error is None:
            # A poll that goes on after this arrived after the drain, and will bring nothing.
            self._poll_until = min(self._poll_until, self.life.leases.now() + ENDED_POLL_SECONDS)
        else:
            log.info("%s: the server was not told of the drain: %s", self._name, error)

    def _leave(self) -> None:
        self.life.stopped.set()
        self.life.leave(LEAVE_SECONDS)
        if self._lifespan.is_begun:
            try:
                self._leave_lifespan()
            except BaseException:
                log.exception("%s: the lifespan raised an exception as it was closed", self._name)
        self.life.close(JOIN_SECONDS)
        self._end_loop()

    def _leave_lifespan(self) -> None:
        """Awaits it until `drain_seconds` are over or a second signal comes, and a moment in any case."""
        lifespan, plan, now = self._lifespan, self._plan, self.life.leases.now
        was_entering, began, signals = lifespan.is_entering, now(), plan.asked
        until = least = began + JOIN_SECONDS
        if not was_entering and signals < 2:
            until = max(least, (began if plan.asked_at is None else plan.asked_at) + plan.drain_seconds)
        self._say_at = began + SAY_SECONDS
        lifespan.leave()
        while not lifespan.has_left(TICK_SECONDS):
            with suppress(Empty):
                plan.asked += self.life.inbox.get_nowait()[0] == "signal"
            if now() >= least and lifespan.is_out_of_reach:
                raise RuntimeError("the event loop of the lifespan does not run")
            if now() >= until or plan.asked > max(signals, 1):
                break
            self._say_awaited("left")
        else:
            return
        if was_entering:
            log.warning("%s: the engine ends while its lifespan is being entered", self._name)
        else:
            self.status = max(self.status, CUT_STATUS)
            log.error("%s: the lifespan did not end in time, and is left behind", self._name)

    def _say_awaited(self, what: str) -> None:
        if self.life.leases.now() >= self._say_at:
            self._say_at = float("inf")
            log.warning("%s: the lifespan is awaited, which is being %s", self._name, what)

    def _end_loop(self) -> None:
        if self._own_loop is not None:
            self._own_loop.end()
            self._own_loop.join(LEAVE_SECONDS)


def refuse_green_threads() -> None:
    """With patched threads, heartbeats share a system thread with the handlers, and would wait for them."""
    monkey: Any = sys.modules.get("gevent.monkey")
    patcher: Any = sys.modules.get("eventlet.patcher")
    is_gevent = monkey is not None and monkey.is_module_patched("threading")
    if is_gevent or (patcher is not None and patcher.is_monkey_patched("thread")):
        name = "gevent" if is_gevent else "eventlet"
        raise ConfigurationError(
            f"{name} has patched `threading`; run the engine in a process of its own, which does not patch it"
        )


def refuse_children_that_import() -> None:
    """Children of `multiprocessing` import the program; an engine started by that import would run in each child."""
    processes: Any = sys.modules.get("multiprocessing.process")
    if processes is not None and getattr(processes.current_process(), "_inheriting", False):
        raise RuntimeError(
            "a child process of `multiprocessing` imports this program, and must not start its engine: "
            'start it below `if __name__ == "__main__":`'
        )


unfinished: weakref.WeakSet[Running] = weakref.WeakSet()
"""The engines of this process that have not left."""


@atexit.register
def _leave_all() -> None:
    """Deregisters engines that were never stopped, so that their events go back without a silent loss."""
    for running in list(unfinished):
        if running.life.identity.is_registered:
            running.life.identity.leave(LEAVE_SECONDS)
