"""The engine as its author sees it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from eventlease import forks
from eventlease.encoding import STANDARD, Json
from eventlease.errors import ConfigurationError
from eventlease.handlers import ANY_TYPE, Handlers, check_callback
from eventlease.outcomes import EngineRefused
from eventlease.program import run
from eventlease.running import Running, refuse_children_that_import, refuse_green_threads
from eventlease.settings import Settings, is_name
from eventlease.transport import Transport, Urllib3Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from eventlease.event import Event
    from eventlease.settler import Lost, Settled
    from eventlease.stats import Stats

H = TypeVar("H", bound="Callable[[Event[Any, Any]], Any]")
W = TypeVar("W", bound="Callable[[Event[Any, Any], Callable[[Event[Any, Any]], Any]], Any]")


class Engine:
    """Leases events of one type and hands each to the handler of its event type."""

    def __init__(
        self,
        engine_type: str,
        *,
        url: str | Sequence[str] | None = None,
        token: str | Callable[[], str] | None = None,
        concurrency: int = 10,
        prefetch: int = 0,
        timeout_seconds: float | None = None,
        grace_seconds: float | None = None,
        drain_seconds: float = 25,
        heartbeat_timeout_seconds: int = 45,
        visibility_timeout_seconds: int | None = None,
        engine_id: str | None = None,
        software_version: str | None = None,
        capabilities: Sequence[str] | None = None,
        scenario_run_id: str | None = None,
        may_enqueue: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        on_unknown_type: str = "release",
        lifespan: Callable[[], AbstractContextManager[Any] | AbstractAsyncContextManager[Any]] | None = None,
        health_port: int | None = None,
        json: Json = STANDARD,
        report_traceback: bool = True,
        log_failures: bool = True,
        stall_seconds: float = 300,
        transport: Callable[[str], Transport] = Urllib3Transport,
    ) -> None:
        """See "Parameters" in the README. Wrong values raise ConfigurationError when the engine starts."""
        self._settings = Settings(
            engine_type=engine_type,
            url=url,
            token=token,
            engine_id=engine_id,
            concurrency=concurrency,
            prefetch=prefetch,
            timeout_seconds=timeout_seconds,
            grace_seconds=grace_seconds,
            drain_seconds=drain_seconds,
            heartbeat_timeout_seconds=heartbeat_timeout_seconds,
            visibility_timeout_seconds=visibility_timeout_seconds,
            stall_seconds=stall_seconds,
            software_version=software_version,
            capabilities=capabilities,
            scenario_run_id=scenario_run_id,
            may_enqueue=may_enqueue,
            metadata=metadata,
            on_unknown_type=on_unknown_type,
            health_port=health_port,
            encoding=json,
            report_traceback=report_traceback,
            log_failures=log_failures,
            transport=transport,
        )
        self._handlers = Handlers(timeout_seconds)
        self._lifespan = lifespan
        self._on_settled: list[Settled] = []
        self._on_lost: list[Lost] = []
        self._running: Running | None = None
        forks.watch(self)

    def on(
        self,
        event_type: str,
        *,
        payload: Callable[[Any], Any] | None = None,
        timeout_seconds: float | None = None,
        not_retryable: Iterable[type[BaseException]] = (),
    ) -> Callable[[H], H]:
        """Adds the handler of an event type, or with `*` of all types that have none. To be called before the start.

        `payload` is a type or a function; it decodes the payload, instead of the annotation `Event[…]`.
        """
        self._check_not_working("add handlers before it starts")
        if event_type != ANY_TYPE and not is_name(event_type):
            what = "with an event type (up to 64 letters, digits, '.', '_', ':' or '-') or '*'"
            raise ConfigurationError(f'write @engine.on("dialogue.requested"), {what}; it was given {event_type!r}')

        def add(handler: H) -> H:
            self._handlers.add(event_type, handler, payload, timeout_seconds, not_retryable)
            return handler

        return add

    def around(self, wrapper: W) -> W:
        """Adds a layer `wrapper(event, call)` around handlers of its own kind, `def` or `async def`.

        The first added is the outermost. To be called before the start.
        """
        self._check_not_working("add layers before it starts")
        self._handlers.add_around(wrapper)
        return wrapper

    def on_settled(self, callback: Settled) -> Settled:
        """Calls back with the event, the report and the server's answer, in a thread of the engine."""
        check_callback(callback, "the event", "the report", "the answer")
        self._on_settled.append(callback)
        return callback

    def on_lost(self, callback: Lost) -> Lost:
        """Calls back with events whose report came too late, in a thread of the engine."""
        check_callback(callback, "the event")
        self._on_lost.append(callback)
        return callback

    def run(self) -> None:
        """Works until a signal; returns after an orderly end, and raises SystemExit otherwise."""
        run(self)

    def start(self) -> None:
        """Works in the background, until `stop`. No signal handlers are installed."""
        self._begin(None)

    def stop(self) -> None:
        """Drains, and returns when the engine has ended. Does nothing if the engine does not work.

        Called by a handler or callback of the engine, or on its event loop, it returns at once: the end waits for
        them. Raises EngineRefused if the engine has ended by itself.
        """
        running = self._running
        if running is None:
            return
        running.ask("stop")
        if running.waits_for_caller():
            return
        running.join()
        self._running = None
        running.raise_refused()

    async def serve(self) -> None:
        """Works on this event loop until the engine ends or this call is cancelled.

        Raises EngineRefused if the engine has ended by itself.
        """
        running = self._begin(asyncio.get_running_loop())
        try:
            await asyncio.wrap_future(running.done)
        finally:
            await self._leave(running)
        running.raise_refused()

    async def __aenter__(self) -> Engine:
        self._begin(asyncio.get_running_loop())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        running = self._running
        if running is not None:
            await self._leave(running)
            if kind is None:
                running.raise_refused()

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.stop()
        except EngineRefused:
            if kind is None:
                raise

    @property
    def _working(self) -> Running | None:
        return self._running if self._running is not None and not self._running.done.done() else None

    @property
    def engine_id(self) -> str | None:
        """The id it is registered with. While it does not work, the one that it was given, or None."""
        return running.life.identity.engine_id if (running := self._working) else self._settings.engine_id

    @property
    def health_port(self) -> int | None:
        """The port on which health is served; None while it is not."""
        health = running.life.health if (running := self._working) else None
        return health.port if health else None

    def stats(self) -> Stats:
        """Counts since the start. RuntimeError while it does not work, with the reason if it has ended by itself."""
        if (running := self._working) is None:
            why = self._running.refused if self._running is not None else ""
            raise RuntimeError(f"the engine does not work: {why or 'it was not started, or it has ended'}")
        life = running.life
        age = life.leases.now() - life.heart.answered_at if life.heart.answered_at is not None else None
        return replace(
            life.leases.stats, running=life.slots.running, waiting=life.slots.waiting, last_heartbeat_age_seconds=age
        )

    def after_fork(self) -> None:
        """In the child process this engine does not work; it goes on in the parent."""
        self._running = None

    def _check_not_working(self, advice: str = "stop it first") -> None:
        if self._working is not None:
            raise RuntimeError(f"the engine works already: {advice}")

    def _begin(self, loop: asyncio.AbstractEventLoop | None) -> Running:
        self._check_not_working()
        if not len(self._handlers):
            raise ConfigurationError('the engine has no handler: add one with @engine.on("an.event.type")')
        settings = self._settings.with_environment()
        settings.check()
        refuse_green_threads()
        refuse_children_that_import()
        self._running = Running(settings, self._handlers, self._lifespan, loop)
        self._running.life.settlements.on_settled = self._on_settled
        self._running.life.settlements.on_lost = self._on_lost
        self._running.start()
        return self._running

    async def _leave(self, running: Running) -> None:
        running.ask("stop")
        is_cancelled = False
        while not running.done.done():
            try:
                await asyncio.wrap_future(running.done)
            except asyncio.CancelledError:  # raised again once the engine has ended in order
                is_cancelled = True
        running.join()
        self._running = None
        if is_cancelled:
            raise asyncio.CancelledError
