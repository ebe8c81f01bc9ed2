"""Decoders of payloads, made once for each handler from the type in its annotation."""

from __future__ import annotations

import datetime
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from eventlease.encoding import read_time
from eventlease.errors import ConfigurationError
from eventlease.misfits import PayloadInvalid, below, misfit, place
from eventlease.models import by_msgspec, by_pydantic, constrained

Decode = Callable[[Any], Any]

_ARRAYS: dict[Any, Callable[[Any], Any]] = {
    list: list, Sequence: list, tuple: tuple, set: set, frozenset: frozenset,
}  # fmt: skip
_PARSED: dict[Any, Callable[[Any], Any]] = {
    UUID: UUID,
    Decimal: lambda number: Decimal(str(number)),
    datetime.datetime: read_time,
    datetime.date: datetime.date.fromisoformat,
    datetime.time: datetime.time.fromisoformat,
}
_ARRAY: Any = list
_OBJECT: Any = dict
_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false", type(None): "null"}
_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")  # before Python 3.11 they are those of typing_extensions


def decoder(wanted: Any, what: str = "the payload") -> Decode | None:
    """The decoder of a type; None if any value will do. Raises ConfigurationError for types that it does not know."""
    decode = _any if isinstance(wanted, typing.TypeVar) else _reader(wanted, what, {})
    return None if decode is _any else decode


def _any(value: Any) -> Any:
    return value


def _reader(wanted: Any, what: str, known: dict[Any, Decode]) -> Decode:
    if isinstance(wanted, InitVar):
        wanted = cast("Any", wanted).type
    origin, args = get_origin(wanted), get_args(wanted)
    if wanted in (Any, object):
        return _any
    if origin is Annotated and (by_library := constrained(wanted, args[1:], what)) is not None:
        return by_library
    if origin is Annotated or _is_qualifier(origin):
        return _reader(args[0], what, known)
    if hasattr(wanted, "__supertype__"):
        return _reader(wanted.__supertype__, what, known)
    if origin is Literal:
        return _literal(args)
    if origin in (Union, types.UnionType):
        return _union([_reader(arg, what, known) for arg in args])
    kind: Any = type(None) if wanted is None else origin or wanted
    if not isinstance(kind, type) and not hasattr(kind, "__value__"):
        raise _unknown(what, wanted)
    if kind in _NAMES:
        return _plain(kind)
    if kind in _ARRAYS:
        return _array(kind, args, what, known)
    if kind in (dict, Mapping):
        return _mapping(_key(args[0], what, known), _reader(args[1], what, known)) if args else _mapping(_any, _any)
    if kind in _PARSED:
        return _checked(_PARSED[kind], f"must be a {kind.__name__}")
    if origin is not None:
        raise _unknown(what, wanted)
    if wanted not in known:
        # A type may contain itself: readers of its members look it up when they are called.
        known[wanted] = lambda value: known[wanted](value)  # noqa: PLW0108
        known[wanted] = _class(wanted, what, known)
    return known[wanted]


def _unknown(what: str, wanted: Any) -> ConfigurationError:
    name = wanted.__name__ if isinstance(wanted, type) else repr(wanted)
    return ConfigurationError(f"{what}: {name} cannot be decoded; give a function that decodes it, as payload=")


def _class(wanted: Any, what: str, known: dict[Any, Decode]) -> Decode:
    if hasattr(wanted, "__value__"):  # the alias of a `type` statement
        return _reader(wanted.__value__, what, known)
    if hasattr(wanted, "__pydantic_validator__"):  # a model, or a dataclass of pydantic's
        return by_pydantic(wanted, what)
    if hasattr(wanted, "__struct_fields__"):
        return by_msgspec(wanted)
    if issubclass(wanted, Enum):
        names = ", ".join(repr(each.value) for each in wanted)
        return _checked(wanted, f"must be one of {names}")
    try:
        hints = get_type_hints(wanted, include_extras=True)
    except Exception as error:
        raise ConfigurationError(f"{what}: an annotation of {wanted.__name__} cannot be resolved ({error})") from error
    if hasattr(wanted, "__dataclass_fields__"):
        parameters = inspect.signature(wanted).parameters
        needed = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
        readers = {name: _reader(hints.get(name, Any), what, known) for name in parameters}
        return _members(readers, needed, lambda members: wanted(**members), keeps_others=False)
    if hasattr(wanted, "__required_keys__"):
        readers = {name: _reader(hint, what, known) for name, hint in hints.items()}
        needed = {name for name, hint in hints.items() if _is_required(hint, name in wanted.__required_keys__)}
        return _members(readers, needed, lambda members: members, keeps_others=True)
    raise _unknown(what, wanted)


def _is_qualifier(origin: Any) -> bool:
    return getattr(origin, "_name", None) in _QUALIFIERS


def _is_required(hint: Any, otherwise: bool) -> bool:
    """By the qualifier of its annotation: `__required_keys__` does not see qualifiers in postponed annotations."""
    origin = get_origin(hint)
    if origin is Annotated or _is_qualifier(origin):
        name = getattr(origin, "_name", None)
        return name == "Required" if name in _QUALIFIERS[:2] else _is_required(get_args(hint)[0], otherwise)
    return otherwise


def _checked(make: Callable[[Any], Any], otherwise: str) -> Decode:
    """Decodes with `make`; where that raises, `otherwise` is what is wrong with the value."""

    def read(value: Any) -> Any:
        try:
            return make(value)
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            raise misfit(otherwise) from None

    return read


def _plain(wanted: Any) -> Decode:
    def make(value: Any) -> Any:
        if wanted is float and type(value) is int:
            return float(value)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise TypeError
        return value

    return _checked(make, f"must be {_NAMES[wanted]}")


def _literal(values: tuple[Any, ...]) -> Decode:
    written = [value.value if isinstance(value, Enum) else value for value in values]

    def make(value: Any) -> Any:
        is_it = [value == each and type(value) is type(each) for each in written]  # 1 and True are equal
        return values[is_it.index(True)]

    return _checked(make, f"must be one of {', '.join(map(repr, written))}")


def _union(readers: Sequence[Decode]) -> Decode:
    def read(value: Any) -> Any:
        errors: list[PayloadInvalid] = []
        for reader in readers:
            try:
                return reader(value)
            except PayloadInvalid as error:
                errors.append(error)
        raise max(errors, key=lambda error: len(error.places[0]["pointer"]))  # the one that fitted furthest

    return read


def _array(kind: Any, args: tuple[Any, ...], what: str, known: dict[Any, Decode]) -> Decode:
    if kind in (set, frozenset) and args and getattr(get_origin(args[0]) or args[0], "__hash__", None) is None:
        raise ConfigurationError(f"{what}: {args[0]!r} cannot be in a set; write list[…]")
    each = [_reader(arg, what, known) for arg in args if arg is not Ellipsis] or [_any]
    make = _checked(_ARRAYS[kind], "has items that cannot be in a set")
    length = len(args) if kind is tuple and args and args[-1] is not Ellipsis else None

    def read(value: Any) -> Any:
        if not isinstance(value, _ARRAY) or (length is not None and len(value) != length):
            raise misfit("must be an array" + (f" of {length}" if length is not None else ""))
        readers = each if length is not None else each * len(value)
        return make(_all(zip(range(len(value)), readers, value, strict=True)))

    return read


def _mapping(key: Decode, item: Decode) -> Decode:
    def read(value: Any) -> Any:
        given = _object(value)
        keys = _all((name, key, name) for name in given)
        return dict(zip(keys, _all((name, item, each) for name, each in given.items()), strict=True))

    return read


def _key(wanted: Any, what: str, known: dict[Any, Decode]) -> Decode:
    """Names of members are texts in JSON, also where they are numbers."""
    return _checked(wanted, f"must be {_NAMES[wanted]}") if wanted in (int, float) else _reader(wanted, what, known)


def _members(
    readers: Mapping[str, Decode], needed: set[str], make: Callable[[dict[str, Any]], Any], *, keeps_others: bool
) -> Decode:
    def read(value: Any) -> Any:
        given = _object(value)
        missing = [place(below(name), "is missing") for name in readers if name in needed and name not in given]
        names = [name for name in readers if name in given]
        read_members = _all(((name, readers[name], given[name]) for name in names), missing)
        try:
            return make((given if keeps_others else {}) | dict(zip(names, read_members, strict=True)))
        except (TypeError, ValueError) as error:  # of a dataclass that checks its values
            raise misfit(str(error)) from None

    return read


def _all(items: Iterable[tuple[object, Decode, Any]], wrong: Iterable[dict[str, str]] = ()) -> list[Any]:
    """The items of an array or object, decoded. Raises PayloadInvalid with all of their wrong places."""
    decoded: list[Any] = []
    places = [*wrong]
    for key, reader, item in items:
        try:
            decoded.append(reader(item))
        except PayloadInvalid as error:
            places += [place(below(key) + each["pointer"], each["detail"]) for each in error.places]
    if places:
        raise PayloadInvalid(places)
    return decoded


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, _OBJECT):
        raise misfit("must be an object")
    members: dict[str, Any] = value
    return members
