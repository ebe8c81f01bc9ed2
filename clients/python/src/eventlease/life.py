"""The parts of an engine from one start to its end, and what they share."""

from __future__ import annotations

import logging
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from eventlease.calls import Calls
from eventlease.health import Health
from eventlease.heart import Heart
from eventlease.identity import Identity
from eventlease.leases import Leases
from eventlease.outcomes import EngineRefused, Failed, Released
from eventlease.poller import Poller
from eventlease.rules.outcome import no_handler
from eventlease.rules.shutdown import REFUSED_STATUS, STUCK_STATUS
from eventlease.runners.slots import Slots
from eventlease.settler import Settlements, Settler
from eventlease.tries import Timing
from eventlease.watch import Watch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from eventlease.calls import Credentials
    from eventlease.handlers import Handlers
    from eventlease.rules.leases import Row
    from eventlease.settings import Settings

log = logging.getLogger("eventlease.engine")

MAX_CRASHES = 3
CRASHES_WITHIN_SECONDS = 60.0
PAUSE_SECONDS = 0.5
STOPPING = Released(0, "stopping", "the engine stops")


class Life:
    """The parts of an engine. What happens to them is put into `inbox`, which `Running` reads."""

    def __init__(
        self,
        settings: Settings,
        handlers: Handlers,
        loop: asyncio.AbstractEventLoop | None = None,
        loop_thread: int | None = None,
    ) -> None:
        self.settings = settings
        self.handlers = handlers.layered()
        self.inbox: SimpleQueue[tuple[str, int, str]] = SimpleQueue()
        """What happened, with an exit status and a reason."""
        self.stopped = threading.Event()
        """Ends all parts, and repeats of calls."""
        self.is_draining = False
        self.command = "continue"
        self.after_drain = "exit"
        self.crashed: list[str] = []
        """Parts that crashed too often to be started again."""
        self._unknown_types: set[str] = set()
        self._calls: list[Calls] = []
        self.threads: list[threading.Thread] = []
        self.leases = Leases(settings)
        self.leases.take_in = self.take_in
        self.slots = Slots(settings, self.leases, loop)
        self.identity = Identity(self)
        self.settlements = Settlements(self)
        self.poller = Poller(self)
        self.settler = Settler(self)
        self.heart = Heart(self)
        self.watch = Watch(self, loop, loop_thread)
        port = settings.health_port
        self.health = Health(port, self.failing, self.unready) if port is not None else None

    def open(self) -> None:
        """Registers in the background; `registered` or `end` is put into the inbox."""
        self._start("identity", self._register)

    def work(self, state: Any) -> None:
        """Begins to lease events. `state` is what handlers find in `event.state`."""
        self.slots.state = state
        self._start("watch", self.watch.run)
        self._start("heart", self.heart.run)
        self._start("settler", self.settler.run)
        self._start("poller", self.poller.run)

    def drain(self, is_draining: bool) -> None:
        """With True, leases nothing more and gives back waiting events. With False, works again."""
        with self.leases.lock:
            self.is_draining = is_draining
            self.poller.may_poll_again()
        if is_draining:
            self._release(self.slots.take_waiting(lambda _: True), STOPPING)

    def leave(self, seconds: float) -> None:
        """Deregisters the engine if it is registered."""
        for registering in self.threads[:1]:  # a registration that is under way may still succeed
            registering.join(seconds)
        if self.identity.is_registered:
            self.identity.leave(seconds)

    def close(self, seconds: float) -> None:
        """Ends all parts and connections."""
        self.stopped.set()
        with self.leases.lock:
            self.leases.changed.notify_all()
        for calls in self._calls:
            calls.close()
        self.slots.threads.stop()
        for thread in self.threads:
            thread.join(seconds)
        for thread in list(self.slots.threads.all):
            thread.join(0.0 if self.slots.hung else seconds)
        if self.health is not None:
            self.health.close()

    def end(self, status: int, why: str) -> None:
        """Ends the engine with an exit status."""
        self.inbox.put(("end", status, why))

    def new_calls(self, credentials: Credentials) -> Calls:
        """Calls over a connection of their own, which end with this life."""
        settings, timing = self.settings, Timing(stop=self.stopped)
        calls = Calls(
            settings.urls, credentials=credentials, transport=settings.transport, encoding=settings.encoding,
            timing=timing,
        )  # fmt: skip
        self._calls.append(calls)
        return calls

    def take_in(self, rows: list[Row]) -> None:
        """Begins the handlers of leased events, or gives the events back."""
        for row in rows:
            row.handler = self.handlers.find(row.event_type)
            if row.handler is None:
                self._refuse(row)
        rows = [row for row in rows if row.handler is not None]
        if self.is_draining:
            self._release(rows, STOPPING)
        elif self.leases.now() < self.leases.hold_until:
            self._release(rows, Released(0, "hold", self.leases.hold_reason or None))
        else:
            self.slots.add(rows)
            if self.is_draining:  # the drain has begun meanwhile
                self._release(self.slots.take_waiting(lambda _: True), STOPPING)

    def stop_waiting(self) -> None:
        """Gives back events that wait for a handler and were told to stop."""
        for row in self.slots.take_waiting(lambda row: row.told is not None):
            self.leases.decline(row)

    def failing(self) -> list[str]:
        """Why the process should be restarted."""
        wrong = [f"{name} has crashed" for name in self.crashed]
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

    def _start(self, name: str, run: Callable[[], None]) -> None:
        name = f"eventlease-{self.settings.engine_type}-{name}"
        thread = threading.Thread(target=self._guard, args=(name, run), name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _guard(self, name: str, run: Callable[[], None]) -> None:
        """Runs a part, and starts it again where it crashes; too many crashes end the engine."""
        crashes: list[float] = []
        while not self.stopped.is_set():
            try:
                run()
            except BaseException:
                log.exception("a part of the engine has crashed: %s", name, extra={"eventlease": {"part": name}})
                now = time.monotonic()
                crashes = [at for at in crashes if at > now - CRASHES_WITHIN_SECONDS] + [now]
                if len(crashes) >= MAX_CRASHES:
                    self.crashed.append(name)
                    self.end(STUCK_STATUS, f"{name} crashes")
                    return
                self.stopped.wait(PAUSE_SECONDS)
            else:
                return

    def _register(self) -> None:
        try:
            self.identity.register()
        except EngineRefused as error:
            self.end(REFUSED_STATUS, str(error))
        else:
            if self.identity.is_registered:
                self.inbox.put(("registered", 0, ""))

    def _release(self, rows: list[Row], report: Released) -> None:
        for row in rows:
            self.leases.decline(row, report)

    def _refuse(self, row: Row) -> None:
        event_type, event = row.event_type, row.event
        if event is None:
            return  # its lease was lost meanwhile
        if event_type not in self._unknown_types and len(self._unknown_types) < 1000:
            self._unknown_types.add(event_type)
            log.warning("%s: there is no handler for events of the type %s", self.settings.engine_type, event_type)
        message = f"this engine has no handler for {event_type}"
        delay = no_handler(event.releases_in_row, fails_at_once=self.settings.unknown_types_fail)
        if delay is None:
            self.leases.decline(row, Failed({"type": "NoHandler", "message": message}, retryable=False))
        else:
            self.leases.decline(row, Released(delay, "no_handler", message))
