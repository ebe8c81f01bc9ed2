"""Reads the members of a JSON object, and notes every wrong place of a request."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any, cast

from eventlease.testing.fake_server import clock
from eventlease.testing.fake_server.refusals import invalid

MAX_DETAIL_BYTES = 262_144
MAX_PAYLOAD_BYTES = 1_048_576
MAX_JSON_DEPTH = 64

Check = Callable[[Any], Any]
Errors = list[dict[str, str]]


_KINDS = (
    (bool, "a boolean"),
    (dict, "an object"),
    (list, "an array"),
    (str, "a string"),
    (int, "a number"),
    (float, "a number"),
)


class Wrong(ValueError):
    """What is wrong with a member, in words."""


class Fields:
    """The members of one object. Checks raise Wrong."""

    def __init__(self, value: Any, place: str, errors: Errors) -> None:
        self.place, self.errors = place, errors
        self._left: dict[str, Any] = {}
        if isinstance(value, dict):
            self._left = dict(members(value))
        else:
            self.error("", f"must be an object, not {kind(value)}")

    def error(self, name: str, detail: str) -> None:
        """Notes what is wrong with a member."""
        self.errors.append({"pointer": f"{self.place}/{name}" if name else self.place, "detail": detail})

    def has(self, name: str) -> bool:
        """Whether the member was sent and not read yet."""
        return name in self._left

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

    def finish(self, explain: Callable[[str], str] | None = None) -> None:
        """Notes the members that nobody has read."""
        for name in self._left:
            self.error(name, explain(name) if explain else "is not a field of this object")

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


def kind(value: Any) -> str:
    """What a JSON value is, for messages."""
    for type_of_value, said in _KINDS:
        if isinstance(value, type_of_value):
            return said
    return "null"


def integer(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any) -> int:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or value != int(value) or not least <= value <= most:
            suffix = "" if is_number else f", not {kind(value)}"
            raise Wrong(f"must be a whole number from {least} to {most}{suffix}")
        return int(value)

    return check


def text(most: int) -> Check:
    """A text without control characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(f"must be a string, not {kind(value)}")
        if not value:
            raise Wrong("must not be empty")
        if len(value) > most:
            raise Wrong(f"has {len(value)} characters; at most {most} are taken")
        if re.search(r"[\x00-\x1f\x7f-\x9f]", value):
            raise Wrong("has a control character")
        return value

    return check


def name(value: Any) -> str:
    """The name of an engine type or event type."""
    checked: str = text(64)(value)
    wrong = re.search(r"[^A-Za-z0-9._:-]", checked)
    if wrong:
        raise Wrong(f"has the character {wrong[0]!r}; allowed are letters, digits and . _ : -")
    return checked


def boolean(value: Any) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise Wrong(f"must be true or false, not {kind(value)}")
    return value


def identifier(value: Any) -> str:
    """A UUID."""
    try:
        return str(uuid.UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise Wrong("is not a UUID") from None


def token(value: Any) -> str:
    """A lease token."""
    if not isinstance(value, str) or not re.fullmatch("[0-9a-fA-F]{32}", value):
        raise Wrong("is not a lease token")
    return value.lower()


def moment(value: Any) -> float:
    """A time."""
    try:
        return clock.read(value)
    except (ValueError, TypeError, AttributeError):
        raise Wrong("is not a time like 2030-01-31T12:00:00Z") from None


def run_id(value: Any) -> str:
    """A scenario run's id: a text, or a whole number, which is kept as text."""
    checked: str = text(64)(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    return checked


def one_of(*values: str) -> Check:
    """One of a fixed list of words."""

    def check(value: Any) -> str:
        if value not in values:
            raise Wrong(f"must be one of {', '.join(values)}")
        return str(value)

    return check


def items(least: int, most: int, noun: str = "item") -> Check:
    """An array within bounds."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Wrong(f"must be an array, not {kind(value)}")
        listed = listing(value)
        if len(listed) < least:
            raise Wrong(f"must have at least one {noun}")
        if len(listed) > most:
            raise Wrong(f"has {len(listed)} items; at most {most} are taken")
        return listed

    return check


def any_json(most_bytes: int) -> Check:
    """Any JSON within the limits of size and depth."""

    def check(value: Any) -> Any:
        if depth(value) > MAX_JSON_DEPTH:
            raise Wrong(f"is nested deeper than {MAX_JSON_DEPTH} levels")
        length = byte_length(value)
        if length > most_bytes:
            raise Wrong(f"has {length} bytes; at most {most_bytes} are taken")
        return value

    return check


def any_object(value: Any) -> Any:
    """An object of the caller's own members."""
    if not isinstance(value, dict):
        raise Wrong(f"must be an object, not {kind(value)}")
    return any_json(MAX_DETAIL_BYTES)(members(value))


def members(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one in the place of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """A JSON array, or an empty one in the place of anything else."""
    if not isinstance(value, list):
        return []
    listed: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON holds anything
    return listed


def byte_length(value: Any) -> int:
    """The bytes of a value as the clients write it."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def depth(value: Any) -> int:
    """How deep arrays and objects are nested."""
    levels = 0
    layer: list[Any] = [value]
    while layer:
        inner: list[Any] = []
        is_nested = False
        for item in layer:
            if isinstance(item, dict):
                inner.extend(members(item).values())
                is_nested = True
            elif isinstance(item, list):
                inner.extend(listing(item))
                is_nested = True
        levels += is_nested
        layer = inner
    return levels
