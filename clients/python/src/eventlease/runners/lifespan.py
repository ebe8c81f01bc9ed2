"""What lives as long as the handlers: entered before the first of them, left after the last."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any


class Lifespan:
    """A context manager, plain or async. An async one is entered and left by one task of the loop."""

    def __init__(self, manager: AbstractContextManager[Any] | AbstractAsyncContextManager[Any] | None) -> None:
        self._manager = manager
        self._leave: asyncio.Event | None = None
        self._task: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_async(self) -> bool:
        """True if it needs an event loop."""
        return isinstance(self._manager, AbstractAsyncContextManager)

    def enter(self, loop: asyncio.AbstractEventLoop | None) -> Any:
        """What it yields. Not to be called on the loop's thread."""
        if isinstance(self._manager, AbstractContextManager):
            return self._manager.__enter__()
        if self._manager is None or loop is None:
            return None
        self._loop = loop
        return asyncio.run_coroutine_threadsafe(self._begin(self._manager), loop).result()

    def leave(self, seconds: float) -> None:
        """Leaves it, as after a block that has ended well."""
        if isinstance(self._manager, AbstractContextManager):
            self._manager.__exit__(None, None, None)
        elif self._loop is not None and self._leave is not None:
            self._loop.call_soon_threadsafe(self._leave.set)
            asyncio.run_coroutine_threadsafe(self._ended(), self._loop).result(seconds)

    async def _begin(self, manager: AbstractAsyncContextManager[Any]) -> Any:
        self._leave = leave = asyncio.Event()
        entered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def hold() -> None:
            try:
                async with manager as state:
                    entered.set_result(state)
                    await leave.wait()
            except BaseException as error:
                if entered.done():
                    raise
                entered.set_exception(error)

        self._task = asyncio.create_task(hold())
        return await entered

    async def _ended(self) -> None:
        await self._task
