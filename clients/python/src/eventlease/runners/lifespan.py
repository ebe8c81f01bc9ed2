"""The context manager around all handlers: entered before the first of them, left after the last."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, wait
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any

from eventlease.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeManager = Callable[[], AbstractContextManager[Any] | AbstractAsyncContextManager[Any]]


class Lifespan:
    """A context manager, plain or async: entered and left by one thread, or by one task of the loop.

    Neither is waited for here, so that signals are heard however long it takes.
    """

    def __init__(self, make: MakeManager | None) -> None:
        """Raises ConfigurationError where `make` does not make a context manager."""
        self._manager = None if make is None else _made(make)
        self._entered: Future[Any] = Future()
        self._left: Future[None] = Future()
        self._may_leave = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave_on_loop = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self.thread: threading.Thread | None = None
        """The thread that enters and leaves a plain one."""
        self.is_begun = False

    @property
    def is_async(self) -> bool:
        """True if it needs an event loop."""
        return isinstance(self._manager, AbstractAsyncContextManager)

    @property
    def is_entering(self) -> bool:
        """True until it was entered, or failed to be."""
        return self.is_begun and not self._entered.done()

    def enter(self, name: str, loop: asyncio.AbstractEventLoop | None, entered: Callable[[], None]) -> None:
        """Begins to enter it, and calls `entered` once `state` can be read."""
        self.is_begun = True
        self._entered.add_done_callback(lambda _: entered())
        if isinstance(self._manager, AbstractContextManager):
            self.thread = threading.Thread(target=self._hold, args=(self._manager,), name=name, daemon=True)
            self.thread.start()
        elif self._manager is None or loop is None:
            self._entered.set_result(None)
            self._left.set_result(None)
        else:
            self._loop = loop
            self._left = asyncio.run_coroutine_threadsafe(self._hold_on_loop(self._manager), loop)

    def state(self) -> Any:
        """What it yielded. Raises what entering raised."""
        return self._entered.result()

    def leave(self) -> None:
        """Begins to leave it, as after a block that has ended well; what is still being entered is cancelled."""
        if self._loop is None:
            self._may_leave.set()
        else:
            self._loop.call_soon_threadsafe(self._leave_soon)

    def has_left(self, seconds: float) -> bool:
        """Waits for the end of leaving at most that long. Raises what leaving raised."""
        if not wait([self._left], seconds).done:
            return False
        if self.thread is not None:
            self.thread.join()
        self._left.result()
        return True

    @property
    def is_out_of_reach(self) -> bool:
        """True while its event loop has not heard of `leave`, or is closed."""
        return self._loop is not None and (not self._leave_on_loop.is_set() or self._loop.is_closed())

    def _leave_soon(self) -> None:
        self._leave_on_loop.set()
        if self._task is not None and self.is_entering:
            self._task.cancel()

    def _hold(self, manager: AbstractContextManager[Any]) -> None:
        try:
            with manager as state:
                self._entered.set_result(state)
                self._may_leave.wait()
        except BaseException as error:  # noqa: BLE001  # raised again by `state` or `has_left`
            if self._entered.done():
                self._left.set_exception(error)
                return
            self._entered.set_exception(error)
        self._left.set_result(None)

    async def _hold_on_loop(self, manager: AbstractAsyncContextManager[Any]) -> None:
        self._task = asyncio.current_task()
        try:
            async with manager as state:
                self._entered.set_result(state)
                await self._leave_on_loop.wait()
        except BaseException as error:
            if self._entered.done():
                raise
            self._entered.set_exception(error)


def _made(make: MakeManager) -> AbstractContextManager[Any] | AbstractAsyncContextManager[Any]:
    kinds = AbstractContextManager, AbstractAsyncContextManager
    made: Any = make() if callable(make) and not isinstance(make, kinds) else None
    if isinstance(made, kinds):
        return made  # pyright: ignore[reportUnknownVariableType]
    with suppress(AttributeError):
        made.close()  # a coroutine would warn that it was never awaited
    advice = "decorate it with `contextmanager` or `asynccontextmanager` of contextlib"
    raise ConfigurationError(f"lifespan: a function that returns a context manager; {advice}")
