"""What the values of members may be: each check returns the value, or raises Wrong."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any, cast

from eventlease.testing.fake_server import clock

MAX_DETAIL_BYTES = 262_144
MAX_PAYLOAD_BYTES = 1_048_576
MAX_JSON_DEPTH = 64

Check = Callable[[Any], Any]

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
