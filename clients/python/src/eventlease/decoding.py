"""Makes payloads into values of a type, which is read once."""

from __future__ import annotations

import dataclasses
import datetime
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from eventlease.errors import ConfigurationError, Portable

Decode = Callable[[Any], Any]
Places = list[dict[str, str]]

_ARRAYS: dict[Any, Callable[[Any], Any]] = {
    list: list, Sequence: list, tuple: tuple, set: set, frozenset: frozenset,
}  # fmt: skip
_PARSED: dict[Any, Callable[[Any], Any]] = {
    UUID: UUID,
    datetime.datetime: lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")),
    datetime.date: datetime.date.fromisoformat,
}
_ARRAY: Any = list
_OBJECT: Any = dict
_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false", type(None): "null"}
_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")  # before Python 3.11 they are those of typing_extensions


class PayloadInvalid(Portable, Exception):
    """The payload is not what the handler asks for; `places` says where, with `pointer` and `detail` of each."""

    def __init__(self, places: Places) -> None:
        super().__init__("; ".join(f"{place['pointer'] or '/'}: {place['detail']}" for place in places))
        self.places = places


def decoder(wanted: Any, what: str = "the payload") -> Decode | None:
    """Makes values of a type; None if every value is one. Raises ConfigurationError for types it does not know."""
    decode = _any if isinstance(wanted, typing.TypeVar) else _reader(wanted, what, {})
    return None if decode is _any else decode


def _any(value: Any) -> Any:
    return value


def _reader(wanted: Any, what: str, known: dict[Any, Decode]) -> Decode:
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
    if kind in _ARRAYS:
        return _array(kind, args, what, known)
    if kind in (dict, Mapping):
        return _mapping(_reader(args[1], what, known) if args else _any)
    if wanted in _PARSED:
        return _checked(_PARSED[wanted], f"is no {wanted.__name__}")
    if isinstance(wanted, type):
        if wanted not in known:
            # Types may contain themselves: what is made meanwhile finds the reader when it is there.
            known[wanted] = lambda value: known[wanted](value)  # noqa: PLW0108
            known[wanted] = _class(cast("type[Any]", wanted), what, known)
        return known[wanted]
    raise ConfigurationError(f"{what}: {wanted!r} cannot be decoded; give payload= instead")


def _class(wanted: type[Any], what: str, known: dict[Any, Decode]) -> Decode:
    if hasattr(wanted, "model_validate"):
        return _foreign(wanted.model_validate, ValueError)
    if hasattr(wanted, "__struct_fields__"):
        msgspec: Any = sys.modules["msgspec"]
        return _foreign(lambda value: msgspec.convert(value, wanted, str_keys=True), msgspec.ValidationError)
    if issubclass(wanted, Enum):
        return _checked(cast("Callable[[Any], Any]", wanted), f"is no {wanted.__name__}")
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


def _checked(make: Callable[[Any], Any], otherwise: str) -> Decode:
    """What `make` makes of a value; where it cannot, `otherwise` is what is wrong."""

    def read(value: Any) -> Any:
        try:
            return make(value)
        except (AttributeError, TypeError, ValueError):
            raise _misfit(otherwise) from None

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
    def make(value: Any) -> Any:
        if not any(value == each and type(value) is type(each) for each in values):
            raise ValueError
        return value

    return _checked(make, f"must be one of {', '.join(map(repr, values))}")


def _union(readers: Sequence[Decode]) -> Decode:
    def read(value: Any) -> Any:
        misfits: list[PayloadInvalid] = []
        for reader in readers:
            try:
                return reader(value)
            except PayloadInvalid as misfit:
                misfits.append(misfit)
        raise max(misfits, key=lambda misfit: len(misfit.places[0]["pointer"]))  # the one that fitted furthest

    return read


def _array(kind: Any, args: tuple[Any, ...], what: str, known: dict[Any, Decode]) -> Decode:
    each = [_reader(arg, what, known) for arg in args if arg is not Ellipsis] or [_any]
    length = len(args) if kind is tuple and args and args[-1] is not Ellipsis else None

    def read(value: Any) -> Any:
        if not isinstance(value, _ARRAY) or (length is not None and len(value) != length):
            raise _misfit("must be an array" + (f" of {length}" if length is not None else ""))
        readers = each if length is not None else each * len(value)
        return _ARRAYS[kind](_all(zip(range(len(value)), readers, value, strict=True)))

    return read


def _mapping(reader: Decode) -> Decode:
    def read(value: Any) -> Any:
        given = _object(value)
        return dict(zip(given, _all((name, reader, item) for name, item in given.items()), strict=True))

    return read


def _members(
    readers: Mapping[str, Decode], needed: set[str], make: Callable[[dict[str, Any]], Any], *, keeps_others: bool
) -> Decode:
    def read(value: Any) -> Any:
        given = _object(value)
        missing = [_place(_below(name), "is missing") for name in readers if name in needed and name not in given]
        names = [name for name in readers if name in given]
        read_members = _all(((name, readers[name], given[name]) for name in names), missing)
        try:
            return make((given if keeps_others else {}) | dict(zip(names, read_members, strict=True)))
        except (TypeError, ValueError) as error:  # of a dataclass that checks its values
            raise _misfit(str(error)) from None

    return read


def _foreign(convert: Callable[[Any], Any], refusal: type[Exception]) -> Decode:
    """pydantic and msgspec, whose errors say where."""

    def read(value: Any) -> Any:
        try:
            return convert(value)
        except refusal as error:
            errors: Any = getattr(error, "errors", None)
            listed: list[dict[str, Any]] = errors() if errors else [{"loc": (), "msg": error}]
            places = [_place("".join(map(_below, each["loc"])), str(each["msg"])) for each in listed]
            raise PayloadInvalid(places) from None

    return read


def _all(items: Iterable[tuple[object, Decode, Any]], wrong: Iterable[dict[str, str]] = ()) -> list[Any]:
    """The items of an array or object, decoded. Raises PayloadInvalid with all of their wrong places."""
    decoded: list[Any] = []
    places = [*wrong]
    for key, reader, item in items:
        try:
            decoded.append(reader(item))
        except PayloadInvalid as misfit:
            places += [_place(_below(key) + place["pointer"], place["detail"]) for place in misfit.places]
    if places:
        raise PayloadInvalid(places)
    return decoded


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, _OBJECT):
        raise _misfit("must be an object")
    members: dict[str, Any] = value
    return members


def _misfit(detail: str) -> PayloadInvalid:
    return PayloadInvalid([_place("", detail)])


def _below(name: object) -> str:
    return f"/{str(name).replace('~', '~0').replace('/', '~1')}"


def _place(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
