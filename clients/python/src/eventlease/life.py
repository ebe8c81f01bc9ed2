"""One life of an engine: its parts, from the registration to the last settlement."""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from eventlease.calls import Calls
from eventlease.event import Event, row_of
from eventlease.health import Health
from eventlease.heart import Heart
from eventlease.identity import Identity
from eventlease.leases import Leases
from eventlease.outcomes import EngineRefused, Failed, Released
from eventlease.part import Part
from eventlease.poller import Poller
from eventlease.rules.leases import WAITING
from eventlease.rules.outcome import no_handler
from eventlease.runners.perform import Performer
from eventlease.runners.slots import Job, Runner, Slots
from eventlease.runners.tasks import TaskRunner
from eventlease.runners.threads import ThreadRunner
from eventlease.settler import Settlements, Settler
from eventlease.tries import Timing
from eventlease.watch import Loop, Watch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from eventlease.handlers import Handlers
    from eventlease.settings import Settings

log = logging.getLogger("eventlease.engine")

STUCK_STATUS = 4
Message = tuple[str, int, str]


class Life:
    """Wires the parts together. What happens to them is told to `inbox`, which the ending reads."""

    def __init__(self, settings: Settings, handlers: Handlers, loop: asyncio.AbstractEventLoop | None) -> None:
        self.settings = settings
        self.loop = loop
        self.inbox: SimpleQueue[Message] = SimpleQueue()
        self._handlers = handlers.layered()
        self._unknown_types: set[str] = set()
        self._name = f"eventlease-{settings.engine_type}"
        self.is_draining = False
        self.command: str = "continue"
        self.after_drain: str = "exit"

        self.leases = Leases(settings.capacity, settings.heartbeat_timeout_seconds, settings.encoding)
        types = settings.capabilities if settings.capabilities is not None else self._handlers.types()
        self.identity = Identity(settings, types[:100], self.leases, self._end)
        self.stopped = threading.Event()
        """Ends repeats of calls."""
        self._calls: list[Calls] = []
        self.leases.take_in = self._take_in
        self.settlements = Settlements(self.leases)
        runners: dict[bool, Runner] = {}
        self.slots = Slots(settings.concurrency, self.leases, runners)
        self.performer = Performer(
            self.leases, self.slots, settings.engine_type,
            report_traceback=settings.report_traceback, log_failures=settings.log_failures,
        )  # fmt: skip
        self.threads = runners[False] = ThreadRunner(self._name, self.performer)
        if loop is not None:
            runners[True] = TaskRunner(loop, self.performer)
        self.poller = Poller(
            self.leases, self.settlements, self._new_calls(), self.identity, settings.engine_type,
            settings.visibility_timeout_seconds, self._take_in,
        )  # fmt: skip
        self.settler = Settler(self.leases, self.settlements, self._new_calls(), self.identity, self.poller)
        self.heart = Heart(self.leases, self._new_calls(), self.identity, self)
        self.watch = Watch(
            self.leases, self.slots, None, grace_seconds=settings.grace, stall_seconds=settings.stall_seconds,
            stalled=self._stalled, stuck=self._stuck, handler_threads=self._handler_threads,
        )  # fmt: skip
        self.parts: list[Part] = []
        self.registering: Part | None = None
        self.health: Health | None = None

    def open(self) -> None:
        """Serves health, and registers in the background; `registered` or `end` is told to the inbox."""
        if self.settings.health_port is not None:
            self.health = Health(self.settings.health_port, self.failing, self.unready)
        self.registering = self._start("identity", self._register)

    def work(self, state: Any, loop_thread: int | None) -> None:
        """Begins to lease events. `state` is what handlers get."""
        self.performer.state = state
        if self.loop is not None and loop_thread is not None:
            self.watch.loop = Loop(self.loop, loop_thread)
        self._start("watch", self.watch.run)
        self._start("heart", self.heart.run)
        self._start("settler", self.settler.run)
        self._start("poller", self.poller.run)

    def drain(self, told: bool) -> None:
        """Leases nothing more, and gives back what waits; or works again."""
        with self.leases.lock:
            self.is_draining = told
            self._pause_poller()
        if told:
            self._release(self.slots.take_waiting(lambda _: True))

    def close(self, seconds: float) -> None:
        """Ends all parts and connections."""
        self.stopped.set()
        for each in (self.poller, self.settler, self.heart, self.watch):
            each.stopped.set()
        with self.leases.lock:
            self.leases.wake()
        for calls in self._calls:
            calls.close()
        self.identity.close()
        self.threads.stop()
        for part in self.parts:
            part.join(seconds)
        for thread in list(self.threads.threads):
            thread.join(0.0 if self.slots.hung else seconds)
        if self.health is not None:
            self.health.close()

    def failing(self) -> list[str]:
        """Why the process should be restarted."""
        wrong = [f"{part.name} has crashed" for part in self.parts if part.has_crashed]
        answered_at = self.heart.answered_at
        if answered_at is not None:
            age = self.leases.now() - answered_at
            if age > self.settings.heartbeat_timeout_seconds and self.heart.was_refused:
                wrong.append(f"the last heartbeat was taken {age:.0f} s ago")
        if self.watch.is_stalled:
            wrong.append("the event loop is blocked")
        if self.slots.is_stuck():
            wrong.append("all handlers hang")
        return wrong

    def unready(self) -> list[str]:
        """Why no events are worked on."""
        wrong = self.failing()
        if not self.identity.is_registered:
            wrong.append("not registered")
        if self.is_draining:
            wrong.append("draining")
        return wrong

    def running(self) -> int:
        """See `Body.running`."""
        return self.slots.running

    def unrenewed(self) -> frozenset[str]:
        """See `Body.unrenewed`."""
        if not self.watch.is_stalled:
            return frozenset()
        return frozenset(job.row.event_id for job in list(self.slots.active.values()) if job.handler.is_async)

    def stop_waiting(self) -> None:
        """See `Body.stop_waiting`."""
        for job in self.slots.take_waiting(lambda job: job.row.told is not None):
            self.leases.decline(job.event, job.row)

    def commanded(self, command: str, drain: dict[str, Any] | None) -> None:
        """See `Body.commanded`."""
        after = str((drain or {}).get("then", "exit"))
        if (command, after) != (self.command, self.after_drain):
            self.command, self.after_drain = command, after
            self.inbox.put(("command", 0, command))

    def _start(self, name: str, run: Callable[[], None]) -> Part:
        part = Part(f"{self._name}-{name}", run, lambda part: self._end(STUCK_STATUS, f"{part} crashes"))
        self.parts.append(part)
        part.start()
        return part

    def _register(self) -> None:
        try:
            self.identity.register()
        except EngineRefused as error:
            self._end(2, str(error))
        else:
            if self.identity.is_registered:
                self.inbox.put(("registered", 0, ""))

    def _end(self, status: int, why: str) -> None:
        self.inbox.put(("end", status, why))

    def _stuck(self) -> None:
        self._end(STUCK_STATUS, "every handler hangs")

    def _stalled(self, _: bool) -> None:
        with self.leases.lock:
            self._pause_poller()

    def _pause_poller(self) -> None:
        """The lock of the leases is held."""
        self.poller.pause(self.is_draining or self.watch.is_stalled)

    def _take_in(self, events: list[Event[Any, Any]]) -> None:
        jobs: list[Job] = []
        for event in events:
            row = row_of(event)
            handler = self._handlers.find(event.event_type)
            if handler is None:
                self._has_no_handler(event)
            else:
                jobs.append(Job(event, row, handler))
        if self.is_draining:
            self._release(jobs)
        elif self.leases.now() < self.leases.hold_until:
            self._release(jobs, Released(0, "hold", self.leases.hold_reason or None))
        else:
            self.slots.add(jobs)
            if self.is_draining:  # it has begun meanwhile
                self._release(self.slots.take_waiting(lambda _: True))

    def _release(self, jobs: list[Job], report: Released | None = None) -> None:
        for job in jobs:
            self.leases.finish(job.event, job.row, report or Released(0, "stopping", "the engine stops"), state=WAITING)

    def _has_no_handler(self, event: Event[Any, Any]) -> None:
        event_type, row = event.event_type, row_of(event)
        if event_type not in self._unknown_types and len(self._unknown_types) < 1000:
            self._unknown_types.add(event_type)
            log.warning("%s: no handler for events of type %s", self.settings.engine_type, event_type)
        message = f"this engine has no handler for {event_type}"
        delay = no_handler(event.releases_in_row, fails_at_once=self.settings.unknown_types_fail).delay_seconds
        report: Released | Failed = Released(delay or 0, "no_handler", message)
        if delay is None:
            report = Failed({"type": "NoHandler", "message": message}, retryable=False)
        self.leases.finish(event, row, report, state=WAITING)

    def _new_calls(self) -> Calls:
        settings = self.settings
        calls = Calls(
            settings.urls, credentials=self.identity, transport=settings.transport, encoding=settings.encoding,
            timing=Timing(stop=self.stopped),
        )  # fmt: skip
        self._calls.append(calls)
        return calls

    def _handler_threads(self) -> list[int]:
        return [thread.ident for thread in list(self.threads.threads) if thread.ident is not None]
