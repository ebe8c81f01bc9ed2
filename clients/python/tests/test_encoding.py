"""Values that JSON has no word for."""

import dataclasses
import datetime
import enum
import uuid
from pathlib import PurePosixPath
from typing import Any

import pytest

from eventlease.encoding import STANDARD, dump_bytes


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Scene:
    npc: str
    at: datetime.datetime
    inner: "Scene | None" = None


class Model:
    def model_dump(self, mode: str) -> dict[str, str]:
        return {"mode": mode}


AT = datetime.datetime(2026, 11, 29, 9, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (AT, '"2026-11-29T09:00:00+00:00"'),
        (AT.date(), '"2026-11-29"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Colour.RED, '"red"'),
        (PurePosixPath("/a"), '"/a"'),
        ({1}, "[1]"),
        (Model(), '{"mode":"json"}'),
        (
            Scene("Mira", AT),
            '{"npc":"Mira","at":"2026-11-29T09:00:00+00:00","inner":null}',
        ),
        ("ä\u2028\0", '"ä\u2028\\u0000"'),
        (2**70, "1180591620717411303424"),
    ],
)
def test_a_value_is_written_as_one_expects(value: Any, text: str) -> None:
    assert dump_bytes(value) == text.encode()


def test_another_library_may_write_and_read() -> None:
    class Loud:
        def dumps(self, obj: Any, /) -> bytes:
            return STANDARD.dumps(obj).upper().encode()

        def loads(self, data: bytes, /) -> Any:
            return STANDARD.loads(data)

    assert dump_bytes({"a": 1}, Loud()) == b'{"A":1}'
