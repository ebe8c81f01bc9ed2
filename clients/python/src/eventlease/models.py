"""Decoding by pydantic and msgspec. They are never imported here: a program that uses their types has imported them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from eventlease.errors import ConfigurationError
from eventlease.misfits import PayloadInvalid, below, place

if TYPE_CHECKING:
    from collections.abc import Callable


def constrained(wanted: Any, metadata: tuple[Any, ...], what: str) -> Callable[[Any], Any] | None:
    """The decoder of an `Annotated` type with constraints of these libraries, such as `Field(gt=0)`; else None."""
    libraries = {type(each).__module__.partition(".")[0] for each in metadata}
    if "pydantic" in sys.modules and libraries & {"pydantic", "annotated_types"}:
        return by_pydantic(wanted, what)
    return by_msgspec(wanted) if "msgspec" in libraries else None


def by_pydantic(wanted: Any, what: str) -> Callable[[Any], Any]:
    """The decoder of anything that pydantic can validate. Raises ConfigurationError for what it cannot."""
    pydantic: Any = sys.modules["pydantic"]
    try:
        return _converted(pydantic.TypeAdapter(wanted).validate_python, ValueError)
    except Exception as error:
        raise ConfigurationError(f"{what}: pydantic cannot decode {wanted!r}: {error}") from error


def by_msgspec(wanted: Any) -> Callable[[Any], Any]:
    """The decoder of a struct, or of a type with constraints."""
    msgspec: Any = sys.modules["msgspec"]
    return _converted(lambda value: msgspec.convert(value, wanted, str_keys=True), msgspec.ValidationError)


def _converted(convert: Callable[[Any], Any], refusal: type[Exception]) -> Callable[[Any], Any]:
    """Raises PayloadInvalid with the places that the library names."""

    def read(value: Any) -> Any:
        try:
            return convert(value)
        except refusal as error:
            errors: Any = getattr(error, "errors", None)
            listed: list[dict[str, Any]] = errors() if errors else [{"loc": (), "msg": error}]
            places = [place("".join(map(below, each["loc"])), str(each["msg"])) for each in listed]
            raise PayloadInvalid(places) from None

    return read
