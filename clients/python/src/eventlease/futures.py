"""Futures of threads and event loops that threads of the client resolve. Errors are delivered as values."""

from __future__ import annotations

import concurrent.futures
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    Future = asyncio.Future[Any] | concurrent.futures.Future[Any]

T = TypeVar("T")


def resolve(pairs: Iterable[tuple[Future, Any]]) -> None:
    """Gives the futures their values: those of an event loop there, all in one call."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[tuple[Future, Any]]] = defaultdict(list)
    for future, value in pairs:
        loop = None if isinstance(future, concurrent.futures.Future) else future.get_loop()
        by_loop[loop].append((future, value))
    for loop, of_loop in by_loop.items():
        if loop is None:
            _set(of_loop)
        else:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_set, of_loop)


def unwrapped(value: T | BaseException) -> T:
    """The value. Raises it where it is an error."""
    if isinstance(value, BaseException):
        raise value
    return value


def _set(pairs: Iterable[tuple[Future, Any]]) -> None:
    for future, value in pairs:
        if not future.done():  # as it is if its task was cancelled
            future.set_result(value)
