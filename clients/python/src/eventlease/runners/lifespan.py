"""The context manager around all handlers: entered before the first of them, left after the last."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, wait
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any

from eventlease.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeManager = Callable[[], AbstractContextManager[Any] | AbstractAsyncContextManager[Any]]


class Lifespan:
    """A context manager, plain or async. An async one is entered and left by one task of the loop."""

    def __init__(self, make: MakeManager | None) -> None:
        """Raises ConfigurationError where `make` does not make a context manager."""
        self._manager = None if make is None else _made(make)
        self._held: tuple[asyncio.AbstractEventLoop, asyncio.Event, Future[None]] | None = None

    @property
    def is_async(self) -> bool:
        """True if it needs an event loop."""
        return isinstance(self._manager, AbstractAsyncContextManager)

    def enter(self, loop: asyncio.AbstractEventLoop | None) -> Any:
        """Enters it, and returns what it yields. Not to be called on the loop's thread."""
        if isinstance(self._manager, AbstractContextManager):
            return self._manager.__enter__()
        if self._manager is None or loop is None:
            return None
        entered: Future[Any] = Future()
        leave = asyncio.Event()
        held = asyncio.run_coroutine_threadsafe(_hold(self._manager, entered, leave), loop)
        self._held = loop, leave, held
        return entered.result()

    def leave(self, seconds: float) -> None:
        """Leaves it, as after a block that has ended well, however long that takes.

        `seconds` is how long the loop may be blocked before that. Raises what leaving raises.
        """
        if isinstance(self._manager, AbstractContextManager):
            self._manager.__exit__(None, None, None)
        elif self._held is not None:
            loop, leave, held = self._held
            loop.call_soon_threadsafe(leave.set)
            while not wait([held], seconds).done:
                if not leave.is_set() or loop.is_closed():
                    raise RuntimeError("the event loop of the lifespan does not run")
            held.result()


def _made(make: MakeManager) -> AbstractContextManager[Any] | AbstractAsyncContextManager[Any]:
    kinds = AbstractContextManager, AbstractAsyncContextManager
    made: Any = make() if callable(make) and not isinstance(make, kinds) else None
    if isinstance(made, kinds):
        return made  # pyright: ignore[reportUnknownVariableType]
    with suppress(AttributeError):
        made.close()  # a coroutine would warn that it was never awaited
    advice = "decorate it with `contextmanager` or `asynccontextmanager` of contextlib"
    raise ConfigurationError(f"lifespan: a function that returns a context manager; {advice}")


async def _hold(manager: AbstractAsyncContextManager[Any], entered: Future[Any], leave: asyncio.Event) -> None:
    try:
        async with manager as state:
            entered.set_result(state)
            await leave.wait()
    except BaseException as error:
        if entered.done():
            raise
        entered.set_exception(error)
