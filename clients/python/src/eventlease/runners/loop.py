"""An event loop of the engine's own, for programs that have none."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

log = logging.getLogger("eventlease.engine")

LEFTOVER_SECONDS = 1.0


def current_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class OwnLoop:
    """It goes on when handlers stop it, or raise SystemExit in tasks of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._is_over = False
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def start(self, name: str) -> None:
        """Runs in a thread."""
        self._thread = threading.Thread(target=self.finish, name=name, daemon=True)
        self._thread.start()

    @property
    def thread_id(self) -> int | None:
        """The id of the thread in which it runs."""
        return self._thread.ident if self._thread is not None else None

    def run(self) -> None:
        """Runs in the calling thread until `end`. Raises what signal handlers and tasks raise to end the program."""
        asyncio.set_event_loop(self.loop)
        while not self._is_over and not self.loop.is_closed():
            self.loop.run_forever()

    def finish(self) -> None:
        """As `run`, but raises nothing; then cancels and awaits the tasks that are left, and closes the loop."""
        while not self._is_over and not self.loop.is_closed():
            try:
                self.run()
            except BaseException:
                log.exception("an exception has stopped the event loop of the engine; it goes on")
        self._is_closing = True
        if not self.loop.is_closed():
            for step in (self._cancel_tasks, self.loop.shutdown_asyncgens, self.loop.shutdown_default_executor):
                try:
                    self.loop.run_until_complete(step())
                except BaseException:
                    log.exception("an exception was raised as the event loop of the engine was closed")
            self.loop.close()
        asyncio.set_event_loop(None)

    def end(self) -> None:
        """Ends it, from any thread."""

        def stop() -> None:
            if not self._is_closing:
                self.loop.stop()

        self._is_over = True
        with suppress(RuntimeError):  # of a loop that is closed
            self.loop.call_soon_threadsafe(stop)

    def end_after(self, all_done: Sequence[Future[None]]) -> None:
        """Ends it once all of these are done."""

        def check(_: object = None) -> None:
            if all(done.done() for done in all_done):
                self.end()

        check()
        for done in all_done:
            done.add_done_callback(check)

    def join(self, seconds: float) -> None:
        """Waits for the end of its thread."""
        if self._thread is not None:
            self._thread.join(seconds)

    async def _cancel_tasks(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=LEFTOVER_SECONDS)
