"""The handlers of an engine, by event type."""

from __future__ import annotations

import inspect
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from eventlease.annotations import decoder_of, name_of
from eventlease.errors import ConfigurationError
from eventlease.settings import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from eventlease.decoding import Decode
    from eventlease.event import Event

ANY_TYPE = "*"


@dataclass(slots=True)
class Handler:
    """A function of the author's, and how it is to be called."""

    name: str
    call: Callable[[Event[Any, Any]], Any]
    is_async: bool
    decode: Decode | None
    timeout_seconds: float | None
    not_retryable: tuple[type[BaseException], ...]


class Handlers:
    """One handler for each event type, and the layers around them."""

    def __init__(self, timeout_seconds: float | None) -> None:
        self._timeout_seconds = timeout_seconds
        self._by_type: dict[str, Handler] = {}
        self._around: list[Callable[..., Any]] = []

    def add(
        self,
        event_type: str,
        function: Callable[[Event[Any, Any]], Any],
        payload: Callable[[Any], Any] | None,
        timeout_seconds: float | None,
        not_retryable: Iterable[type[BaseException]],
    ) -> None:
        """Decides how payloads are decoded. Raises ConfigurationError where that cannot be known."""
        check_callable(function, "the event")
        if event_type in self._by_type:
            raise ConfigurationError(f"{event_type} has a handler already")
        if timeout_seconds is not None and not (is_number(timeout_seconds, 0) and timeout_seconds):
            raise ConfigurationError("timeout_seconds: a number above 0")
        if payload is not None and (not callable(payload) or is_async_function(payload)):
            raise ConfigurationError("payload: a type, or a function (`def`) that makes something of the payload")
        given: Any = not_retryable
        classes: tuple[Any, ...] = tuple(given) if hasattr(given, "__iter__") else (given,)
        if not all(isinstance(each, type) and issubclass(each, BaseException) for each in classes):
            raise ConfigurationError("not_retryable: exception classes, such as (KeyError, ValueError)")
        decode = decoder_of(function, payload)
        limit = timeout_seconds if timeout_seconds is not None else self._timeout_seconds
        is_async = is_async_function(function)
        self._by_type[event_type] = Handler(name_of(function), function, is_async, decode, limit, classes)

    def add_around(self, wrapper: Callable[..., Any]) -> None:
        """A layer: `def` around the handlers that are `def`, `async def` around those that are `async def`."""
        check_callable(wrapper, "the event", "what it calls")
        self._around.append(wrapper)

    def find(self, event_type: str) -> Handler | None:
        """The handler of a type, or the one of all others."""
        return self._by_type.get(event_type) or self._by_type.get(ANY_TYPE)

    def types(self) -> list[str]:
        """The event types that have a handler of their own."""
        return sorted(self._by_type.keys() - {ANY_TYPE})

    def has_async(self) -> bool:
        """True if some handler needs an event loop."""
        return any(handler.is_async for handler in self._by_type.values())

    def __len__(self) -> int:
        return len(self._by_type)

    def layered(self) -> Handlers:
        """A copy in which the layers are around the handlers, the first outermost."""
        layered = Handlers(self._timeout_seconds)
        for event_type, handler in self._by_type.items():
            call = handler.call
            for wrapper in reversed(self._around):
                if is_async_function(wrapper) == handler.is_async:
                    call = _layer(wrapper, call)
            layered._by_type[event_type] = replace(handler, call=call)
        return layered


def is_async_function(function: Callable[..., Any]) -> bool:
    """True if calling it makes a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def _layer(wrapper: Callable[..., Any], call: Callable[[Event[Any, Any]], Any]) -> Callable[[Event[Any, Any]], Any]:
    """A layer that forgets `return` would drop the result of the handler, with its follow-up events."""

    def layered(event: Event[Any, Any]) -> Any:
        results: list[Any] = []

        def kept(passed: Event[Any, Any]) -> Any:
            results.append(call(passed))
            return results[-1]

        return _not_dropped(wrapper, wrapper(event, kept), results)

    async def layered_on_loop(event: Event[Any, Any]) -> Any:
        results: list[Any] = []

        async def kept(passed: Event[Any, Any]) -> Any:
            results.append(await call(passed))
            return results[-1]

        return _not_dropped(wrapper, await wrapper(event, kept), results)

    return layered_on_loop if is_async_function(wrapper) else layered


def _not_dropped(wrapper: Callable[..., Any], returned: Any, results: list[Any]) -> Any:
    if returned is None and any(result is not None for result in results):
        raise TypeError(f"the layer {name_of(wrapper)} must return what `call` returns: write `return call(event)`")
    return returned


def check_callable(function: Callable[..., Any], *arguments: str) -> None:
    """Raises ConfigurationError for what cannot be called with these."""
    if isinstance(function, type) or not callable(function):
        raise ConfigurationError(f"{function!r} is not a function")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError(f"{name_of(function)} is a generator: write `return` instead of `yield`")
    with suppress(ValueError):  # of a function that is no Python
        try:
            inspect.signature(function, follow_wrapped=False).bind(*arguments)
        except TypeError as error:
            count = ["one argument", "two arguments", "three arguments"][len(arguments) - 1]
            message = f"{name_of(function)} must take {count} ({', '.join(arguments)}): {error}"
            raise ConfigurationError(message) from None


def check_callback(callback: Callable[..., Any], *arguments: str) -> None:
    """As `check_callable`, for a function that a thread of the engine calls."""
    check_callable(callback, *arguments)
    if is_async_function(callback):
        raise ConfigurationError(f"{name_of(callback)} must be `def`, not `async def`: a thread of the engine calls it")
