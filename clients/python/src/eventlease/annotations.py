"""What the annotation of a handler asks for. It is read once, when the handler is added."""

from __future__ import annotations

import builtins
import functools
import inspect
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from eventlease.decoding import Decode, decoder
from eventlease.errors import ConfigurationError
from eventlease.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable


class Unknown:
    """Stands for a name that is imported for type checkers alone. It may be a module, and then has an `Event`."""


class Names(dict[str, Any]):
    """The global names of a handler. Those that are imported for type checkers alone are an `Unknown`."""

    def __missing__(self, name: str) -> Any:
        if name == "Event":
            return Event
        known = vars(builtins).get(name)
        return known or type(f"{name}, which is not known when the program runs,", (Unknown,), {"Event": Event})


def decoder_of(handler: Callable[..., Any], payload: Callable[[Any], Any] | None = None) -> Decode | None:
    """By the annotation of the first parameter, `Event[…]`; None takes payloads as they come.

    `payload` replaces the annotation: a type that can be decoded, or any function.
    """
    try:
        annotation = annotation_of(handler)
    except ConfigurationError:
        if payload is None:
            raise
        annotation = Event
    is_typed = get_origin(annotation) is Event
    if not is_typed and annotation not in (Any, object, Event):
        raise ConfigurationError(f"{name_of(handler)}: its argument is an Event or an Event[…], not {annotation}")
    if payload is not None:
        is_type = isinstance(payload, type) or get_origin(payload) is not None
        return decoder(payload, f"payload= of {name_of(handler)}") if is_type else payload
    return decoder(get_args(annotation)[0], f"the payload of {name_of(handler)}") if is_typed else None


def name_of(handler: Callable[..., Any]) -> str:
    """How errors and logs name it."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    return str(getattr(handler, "__qualname__", type(handler).__qualname__))


def annotation_of(handler: Callable[..., Any]) -> Any:
    """The annotation of the first parameter; Any where there is none. Raises ConfigurationError."""
    with suppress(ValueError):  # of a function that is no Python
        parameter = next(iter(inspect.signature(handler).parameters), "")
        while isinstance(handler, functools.partial):
            handler = handler.func
        function = handler if hasattr(handler, "__code__") or hasattr(handler, "__func__") else type(handler).__call__
        try:
            if parameter not in (annotations := getattr(function, "__annotations__", {})):
                return Any
            # Only this one is resolved: the other annotations need not be resolvable when the program runs.
            alone = SimpleNamespace(__annotations__={parameter: annotations[parameter]})
            names = getattr(inspect.unwrap(function), "__globals__", {})
            found: Any = get_type_hints(alone, names, Names(names), include_extras=True)[parameter]
        except Exception as error:
            message = f"the annotation of {name_of(handler)} cannot be resolved ({error}); give payload= instead"
            raise ConfigurationError(message) from error
        if Unknown in getattr(found, "__mro__", ()):
            raise ConfigurationError(f"the annotation of {name_of(handler)} cannot be resolved; give payload= instead")
        return found
    return Any
