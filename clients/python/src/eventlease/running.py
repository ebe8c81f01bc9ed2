"""An engine at work, and the loop and the farewell it needs for that."""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
import weakref
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any

from eventlease.ending import LEAVE_SECONDS, Ending
from eventlease.errors import ConfigurationError
from eventlease.life import Life
from eventlease.runners.lifespan import Lifespan

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventlease.handlers import Handlers
    from eventlease.settings import Settings


class Running:
    """An engine at work: its life, the thread of its ending, and a loop where it has to bring its own."""

    def __init__(
        self,
        settings: Settings,
        handlers: Handlers,
        lifespan: Callable[[], AbstractContextManager[Any] | AbstractAsyncContextManager[Any]] | None,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        held = Lifespan(lifespan() if lifespan is not None else None)
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread: threading.Thread | None = None
        ident = threading.get_ident()
        if loop is None and (handlers.has_async() or held.is_async):
            self._own_loop = loop = asyncio.new_event_loop()
            self._loop_thread = threading.Thread(
                target=loop.run_forever, name=f"eventlease-{settings.engine_type}-loop", daemon=True
            )
            self._loop_thread.start()
            ident = self._loop_thread.ident or ident
        self._listeners: list[Callable[[], Any]] = []
        self.life = Life(settings, handlers, loop)
        self.ending = Ending(self.life, held, ident if loop is not None else None)
        self._thread = threading.Thread(target=self._run, name=f"eventlease-{settings.engine_type}", daemon=True)

    def start(self) -> None:
        """Begins."""
        _unfinished.add(self)
        self._thread.start()

    def ask(self, how: str) -> None:
        """`stop`, or `signal`, of which a second one cuts off. Takes no locks."""
        self.life.inbox.put((how, 0, ""))

    def join(self) -> None:
        """Waits for the end; signals are handled meanwhile."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    async def wait(self) -> None:
        """Waits for the end on an event loop."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def finish() -> None:
            if not ended.done():
                ended.set_result(None)

        def tell() -> None:
            with suppress(RuntimeError):  # where the loop has ended before
                loop.call_soon_threadsafe(finish)

        self._listeners.append(tell)
        if not self.ending.ended.is_set():
            await ended
        await asyncio.to_thread(self.join)

    def _run(self) -> None:
        self.ending.run()
        _unfinished.discard(self)
        for tell in self._listeners:
            tell()
        if self._own_loop is not None and self._loop_thread is not None:
            self._own_loop.call_soon_threadsafe(self._own_loop.stop)
            self._loop_thread.join(LEAVE_SECONDS)
            if not self._loop_thread.is_alive():
                self._own_loop.close()


def refuse_green_threads() -> None:
    """Patched threads share one system thread with the handlers, so that heartbeats would wait for them."""
    monkey: Any = sys.modules.get("gevent.monkey")
    patcher: Any = sys.modules.get("eventlet.patcher")
    is_gevent = monkey is not None and monkey.is_module_patched("threading")
    if is_gevent or (patcher is not None and patcher.is_monkey_patched("thread")):
        name = "gevent" if is_gevent else "eventlet"
        raise ConfigurationError(
            f"{name} has patched `threading`; run the engine in a process of its own, which does not patch it"
        )


_unfinished: weakref.WeakSet[Running] = weakref.WeakSet()


@atexit.register
def _leave_all() -> None:
    """Engines that were never stopped say goodbye; their leases go back uncounted."""
    for running in list(_unfinished):
        if running.life.identity.is_registered:
            running.life.identity.leave(LEAVE_SECONDS)
