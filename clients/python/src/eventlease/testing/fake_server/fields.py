"""Reads the members of JSON objects, and notes every wrong place of a request."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any, cast

from eventlease.encoding import depth
from eventlease.testing.fake_server import state
from eventlease.testing.fake_server.refusals import invalid

MAX_DETAIL_BYTES = 262_144
MAX_PAYLOAD_BYTES = 1_048_576
MAX_JSON_DEPTH = 64

Check = Callable[[Any], Any]
"""Returns the value of a member, or raises Wrong."""
Errors = list[dict[str, str]]


class Wrong(ValueError):
    """What is wrong with a member, in words."""


class Fields:
    """The members of one object."""

    def __init__(self, value: Any, place: str, errors: Errors) -> None:
        self.place, self.errors = place, errors
        self._left = dict(members(value))
        if not isinstance(value, dict):
            self.error("", "must be an object")

    def error(self, name: str, detail: str) -> None:
        """Notes what is wrong with a member."""
        self.errors.append({"pointer": f"{self.place}/{name}" if name else self.place, "detail": detail})

    def has(self, name: str) -> bool:
        """Whether the member was sent and not read yet."""
        return name in self._left

    def is_given(self, name: str) -> bool:
        """True if the member is there, is not null, and was not read yet."""
        return self._left.get(name) is not None

    def part(self, name: str, read: Callable[[Fields], Any]) -> Any:
        """An object of known members that may be left out, or null, which is the same."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        part = Fields(value, f"{self.place}/{name}", self.errors)
        read_value = read(part)
        part.finish()
        return read_value

    def optional(self, name: str, check: Check, default: Any = None) -> Any:
        """A member that may be left out, or null, which is the same."""
        value = self._left.pop(name, None)
        return default if value is None else self._checked(name, value, check, default)

    def required(self, name: str, check: Check) -> Any:
        """A member that must be there; null is a value that the check has to take."""
        if name not in self._left:
            self.error(name, "is missing")
            return None
        return self._checked(name, self._left.pop(name), check, None)

    def drop(self, *names: str) -> None:
        """Lets members pass that nothing is read of."""
        for name in names:
            self._left.pop(name, None)

    def finish(self, explain: Callable[[str], str] = lambda _: "is not a field of this object") -> None:
        """Notes the members that nobody has read."""
        for name in self._left:
            self.error(name, explain(name))

    def _checked(self, name: str, value: Any, check: Check, default: Any) -> Any:
        try:
            return check(value)
        except Wrong as error:
            self.error(name, str(error))
            return default


def read_whole(body: Any, read: Callable[[Fields], Any]) -> Any:
    """Reads a request's body, or refuses it with all its wrong places."""
    errors: Errors = []
    fields = Fields(body, "", errors)
    value = read(fields) if not errors else None
    fields.finish()
    if errors:
        raise invalid(errors)
    return value


def integer(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def is_right(value: Any) -> bool:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and least <= value <= most and value == int(value)

    return _checking(is_right, f"must be a whole number from {least} to {most}", int)


def number(least: float, most: float) -> Check:
    """A number within bounds."""

    def is_right(value: Any) -> bool:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most

    return _checking(is_right, f"must be a number from {least} to {most}")


def text(most: int) -> Check:
    """A text without control characters."""
    pattern = rf"[^\x00-\x1f\x7f-\x9f]{{1,{most}}}"
    return _matching(pattern, f"must be a string of 1 to {most} characters without control characters")


def one_of(*values: str) -> Check:
    """One of a fixed list of words."""
    return _checking(lambda value: value in values, f"must be one of {', '.join(values)}")


def items(least: int, most: int) -> Check:
    """An array within bounds."""
    detail = f"must be an array of {least} to {most} items"
    return _checking(lambda value: isinstance(value, list) and least <= len(listing(value)) <= most, detail)


def any_json(most_bytes: int) -> Check:
    """Any JSON within the limits of size and depth."""

    def is_right(value: Any) -> bool:
        text = _text_of(value)
        return len(text) <= most_bytes and depth(text) <= MAX_JSON_DEPTH

    return _checking(is_right, f"must have no more than {most_bytes} bytes and {MAX_JSON_DEPTH} levels")


def any_object(value: Any) -> Any:
    """An object of the caller's own members."""
    if not isinstance(value, dict):
        raise Wrong("must be an object")
    return any_json(MAX_DETAIL_BYTES)(members(value))


def identifier(value: Any) -> str:
    """A UUID."""
    try:
        return str(uuid.UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise Wrong("is not a UUID") from None


def moment(value: Any) -> float:
    """A time."""
    try:
        return state.read_time(value)
    except (ValueError, TypeError, AttributeError):
        raise Wrong("is not a time like 2030-01-31T12:00:00Z") from None


def run_id(value: Any) -> str:
    """A scenario run's id: a text, or a whole number, which is kept as text."""
    checked: str = text(64)(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    return checked


def members(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one in the place of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """A JSON array, or an empty one in the place of anything else."""
    items: Any = value
    return items if isinstance(value, list) else []


def byte_length(value: Any) -> int:
    """The bytes of a value as the clients write it."""
    return len(_text_of(value))


def _text_of(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _checking(is_right: Callable[[Any], bool], detail: str, read: Callable[[Any], Any] = lambda value: value) -> Check:
    def check(value: Any) -> Any:
        if not is_right(value):
            raise Wrong(detail)
        return read(value)

    return check


def _matching(pattern: str, detail: str, read: Callable[[Any], Any] = str) -> Check:
    return _checking(lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value)), detail, read)


name = _matching("[A-Za-z0-9._:-]{1,64}", "must be 1 to 64 letters, digits and . _ : -")
traceparent = _matching(
    "(?!ff)(?=.{55,64}$)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}((?<!00-.{52})-[^\\x00-\\x1f\\x7f-\\x9f]*)?",
    "must be a W3C traceparent, like 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
token = _matching("[0-9a-fA-F]{32}", "is not a lease token", str.lower)
boolean = _checking(lambda value: isinstance(value, bool), "must be true or false")
