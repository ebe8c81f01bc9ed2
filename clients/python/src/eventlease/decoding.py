"""Makes payloads into values of a type, which is read once."""

from __future__ import annotations

import dataclasses
import datetime
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from eventlease.errors import ConfigurationError

Decode = Callable[[Any], Any]
Places = list[dict[str, str]]
_Read = Callable[[Any, str, Places], Any]

_CONTAINERS: dict[Any, Callable[[Any], Any]] = {
    list: list, Sequence: list, tuple: tuple, set: set, frozenset: frozenset,
}  # fmt: skip
_PARSED: dict[Any, Callable[[str], Any]] = {
    UUID: UUID,
    datetime.datetime: lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")),
    datetime.date: datetime.date.fromisoformat,
}
_ARRAY: Any = list
_OBJECT: Any = dict
_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false", type(None): "null"}
_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")  # before Python 3.11 they are those of typing_extensions


class PayloadInvalid(Exception):
    """The payload is not what the handler asks for; `places` says where."""

    def __init__(self, places: Places) -> None:
        super().__init__("; ".join(f"{place['pointer'] or '/'}: {place['detail']}" for place in places))
        self.places = places


def decoder(wanted: Any, what: str = "the payload") -> Decode | None:
    """Makes values of a type; None if every value is one. Raises ConfigurationError for types it does not know."""
    if isinstance(wanted, typing.TypeVar):
        return None
    read = _reader(wanted, what, {})
    if read is _any:
        return None

    def decode(value: Any) -> Any:
        places: Places = []
        decoded = read(value, "", places)
        if places:
            raise PayloadInvalid(places)
        return decoded

    return decode


def _any(value: Any, _at: str, _places: Places) -> Any:
    return value


def _reader(wanted: Any, what: str, known: dict[Any, _Read]) -> _Read:
    origin, args = get_origin(wanted), get_args(wanted)
    if wanted in (Any, object, typing.Any):
        return _any
    if wanted is None or wanted in _NAMES:
        return _plain(type(None) if wanted is None else wanted)
    if origin is Annotated or _is_qualifier(origin):
        return _reader(args[0], what, known)
    if hasattr(wanted, "__supertype__"):
        return _reader(wanted.__supertype__, what, known)
    if origin is Literal:
        return _literal(args)
    if origin in (Union, types.UnionType):
        return _union([_reader(arg, what, known) for arg in args])
    kind: Any = origin or wanted
    if kind in _CONTAINERS:
        return _container(kind, args, what, known)
    if kind in (dict, Mapping):
        return _mapping(_reader(args[1], what, known) if args else _any)
    if wanted in _PARSED:
        return _parsed(wanted.__name__, _PARSED[wanted])
    if isinstance(wanted, type):
        if wanted not in known:
            made: list[_Read] = []

            def read(value: Any, at: str, places: Places) -> Any:
                return made[0](value, at, places)

            known[wanted] = read  # types may contain themselves
            made.append(_class(cast("type[Any]", wanted), what, known))
        return known[wanted]
    raise ConfigurationError(f"{what}: {wanted!r} cannot be decoded; give payload= instead")


def _class(wanted: type[Any], what: str, known: dict[Any, _Read]) -> _Read:
    if hasattr(wanted, "model_validate"):
        return _foreign(wanted.model_validate, ValueError)
    if hasattr(wanted, "__struct_fields__"):
        msgspec: Any = sys.modules["msgspec"]
        return _foreign(lambda value: msgspec.convert(value, wanted), msgspec.ValidationError)
    if issubclass(wanted, Enum):
        return _parsed(wanted.__name__, cast("Callable[[Any], Any]", wanted), only_text=False)
    try:
        hints = get_type_hints(wanted, include_extras=True)
    except Exception as error:
        raise ConfigurationError(f"{what}: an annotation of {wanted.__name__} cannot be resolved ({error})") from error
    if dataclasses.is_dataclass(wanted):
        fields = [field for field in dataclasses.fields(wanted) if field.init]
        missing = dataclasses.MISSING
        needed = {f.name for f in fields if f.default is missing and f.default_factory is missing}
        readers = {field.name: _reader(hints[field.name], what, known) for field in fields}
        return _members(readers, needed, lambda members: wanted(**members), keeps_others=False)
    if hasattr(wanted, "__required_keys__"):
        readers = {name: _reader(hint, what, known) for name, hint in hints.items()}
        required = cast("frozenset[str]", wanted.__required_keys__)  # pyright: ignore[reportAttributeAccessIssue]
        needed = {name for name, hint in hints.items() if _is_required(hint, name in required)}
        return _members(readers, needed, lambda members: members, keeps_others=True)
    raise ConfigurationError(f"{what}: {wanted.__name__} cannot be decoded; give payload= instead")


def _is_qualifier(origin: Any) -> bool:
    return getattr(origin, "_name", None) in _QUALIFIERS


def _is_required(hint: Any, otherwise: bool) -> bool:
    """As its qualifier says: `__required_keys__` knows nothing of qualifiers in postponed annotations."""
    origin = get_origin(hint)
    if origin is Annotated or _is_qualifier(origin):
        name = getattr(origin, "_name", None)
        return name == "Required" if name in _QUALIFIERS[:2] else _is_required(get_args(hint)[0], otherwise)
    return otherwise


def _plain(wanted: Any) -> _Read:
    def read(value: Any, at: str, places: Places) -> Any:
        if wanted is float and type(value) is int:
            return float(value)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            places.append(_place(at, f"must be {_NAMES[wanted]}"))
        return value

    return read


def _literal(values: tuple[Any, ...]) -> _Read:
    def read(value: Any, at: str, places: Places) -> Any:
        if not any(value == each and type(value) is type(each) for each in values):
            places.append(_place(at, f"must be one of {', '.join(map(repr, values))}"))
        return value

    return read


def _union(readers: Sequence[_Read]) -> _Read:
    def read(value: Any, at: str, places: Places) -> Any:
        first: Places = []
        for reader in readers:
            found: Places = []
            decoded = reader(value, at, found)
            if not found:
                return decoded
            first = first if first and len(first[0]["pointer"]) >= len(found[0]["pointer"]) else found
        places.extend(first)  # of the alternative that fitted furthest
        return value

    return read


def _container(kind: Any, args: tuple[Any, ...], what: str, known: dict[Any, _Read]) -> _Read:
    make = _CONTAINERS[kind]
    each = [_reader(arg, what, known) for arg in args if arg is not Ellipsis]
    length = len(args) if kind is tuple and args and args[-1] is not Ellipsis else None

    def read(value: Any, at: str, places: Places) -> Any:
        if not isinstance(value, _ARRAY) or (length is not None and len(value) != length):
            places.append(_place(at, "must be an array" + (f" of {length}" if length is not None else "")))
            return value
        items: list[Any] = value
        if not each:
            return make(items)
        return make([each[i if length is not None else 0](item, f"{at}/{i}", places) for i, item in enumerate(items)])

    return read


def _mapping(reader: _Read) -> _Read:
    def read(value: Any, at: str, places: Places) -> Any:
        if not isinstance(value, _OBJECT):
            places.append(_place(at, "must be an object"))
            return value
        members = cast("dict[str, Any]", value)
        return {key: reader(item, _below(at, key), places) for key, item in members.items()}

    return read


def _members(
    readers: Mapping[str, _Read], needed: set[str], make: Callable[[dict[str, Any]], Any], *, keeps_others: bool
) -> _Read:
    def read(value: Any, at: str, places: Places) -> Any:
        if not isinstance(value, _OBJECT):
            places.append(_place(at, "must be an object"))
            return value
        given, before = cast("dict[str, Any]", value), len(places)
        places.extend(_place(_below(at, name), "is missing") for name in readers if name in needed - given.keys())
        members = dict(given) if keeps_others else {}
        for name, reader in readers.items():
            if name in given:
                members[name] = reader(given[name], _below(at, name), places)
        if len(places) > before:
            return value
        try:
            return make(members)
        except (TypeError, ValueError) as error:  # of a dataclass that checks its values
            places.append(_place(at, str(error)))
            return value

    return read


def _parsed(name: str, parse: Callable[[Any], Any], *, only_text: bool = True) -> _Read:
    def read(value: Any, at: str, places: Places) -> Any:
        if isinstance(value, str) or not only_text:
            with suppress(TypeError, ValueError):
                return parse(value)
        places.append(_place(at, f"is no {name}"))
        return value

    return read


def _foreign(convert: Callable[[Any], Any], refusal: type[Exception]) -> _Read:
    """pydantic and msgspec, whose errors say where."""

    def read(value: Any, at: str, places: Places) -> Any:
        try:
            return convert(value)
        except refusal as error:
            errors: Any = getattr(error, "errors", None)
            if callable(errors):
                for each in cast("list[dict[str, Any]]", errors()):
                    pointer = "".join(_below("", str(part)) for part in each["loc"])
                    places.append(_place(at + pointer, str(each["msg"])))
            else:
                places.append(_place(at, str(error)))
            return value

    return read


def _below(at: str, name: str) -> str:
    return f"{at}/{name.replace('~', '~0').replace('/', '~1')}"


def _place(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
