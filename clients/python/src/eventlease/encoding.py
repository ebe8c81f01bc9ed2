"""Values to JSON and back."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import sys
import traceback
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Protocol, cast
from uuid import UUID

from eventlease.errors import refused_here


class Json(Protocol):
    """What an author may hand in instead of the standard library: orjson, or one that keeps decimals.

    The module `json` itself does as well; `dumps` may return text or bytes.
    """

    def dumps(self, obj: Any, /) -> str | bytes:
        """The JSON text of a value."""
        ...

    def loads(self, data: bytes, /) -> Any:
        """The value of a JSON text."""
        ...


def plain(value: Any) -> Any:
    """What JSON can hold, for a value that it cannot: dates, UUIDs, decimals, enums, sets, dataclasses, models."""
    if isinstance(value, type):
        raise TypeError(f"the type {value.__name__} cannot be written as JSON")
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)  # as it is read
    if (serializer := getattr(value, "__pydantic_serializer__", None)) is not None:  # of a dataclass of pydantic's
        return serializer.to_python(value, mode="json", by_alias=True)
    if hasattr(value, "__struct_fields__"):
        return sys.modules["msgspec"].to_builtins(value, str_keys=True, enc_hook=plain)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | Decimal | PurePath):
        return str(value)
    if isinstance(value, set | frozenset):
        return list(cast("set[Any]", value))
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


class StandardJson:
    """The standard library, without spaces and without escapes of what UTF-8 can hold. Refuses NaN and infinities."""

    _encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=plain)

    def dumps(self, obj: Any, /) -> str:
        """See `Json.dumps`."""
        return self._encoder.encode(obj)

    def loads(self, data: bytes, /) -> Any:
        """See `Json.loads`."""
        return json.loads(data)


STANDARD = StandardJson()
_FRACTION = re.compile(r"\.(\d+)")
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def dump_bytes(value: Any, using: Json = STANDARD) -> bytes:
    """The JSON text of a value in UTF-8. A lone surrogate is a ValueError, as is NaN."""
    text = using.dumps(value)
    return text if isinstance(text, bytes) else text.encode()


def dump_request(value: Any, using: Json = STANDARD) -> bytes:
    """As `dump_bytes`, for a request. Whatever the author's classes raise becomes InvalidInput."""
    try:
        return dump_bytes(value, using)
    except Exception as error:
        why = "".join(traceback.format_exception_only(error)).strip()
        raise refused_here(f"it cannot be written as JSON: {why}") from error


def read_time(text: str) -> datetime.datetime:
    """A time as the server and other clients write it. Before Python 3.11, `fromisoformat` reads but a few forms."""
    text = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text.replace("Z", "+00:00"))
    return datetime.datetime.fromisoformat(text)


def depth(text: bytes) -> int:
    """How many levels of arrays and objects a JSON text has."""
    deepest = level = 0
    for token in _TOKENS.findall(text):
        level += (token in b"[{") - (token in b"]}")  # texts are neither
        deepest = max(deepest, level)
    return deepest
