"""Values that JSON has no word for."""

import dataclasses
import datetime
import enum
import uuid
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import msgspec
import pydantic
import pytest

from eventlease.encoding import STANDARD, dump_bytes


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Scene:
    npc: str
    at: datetime.datetime
    inner: "Scene | None" = None


class Model(pydantic.BaseModel):
    npc: str = pydantic.Field(alias="npcName")
    colour: Colour = Colour.RED


@pydantic.dataclasses.dataclass
class Aliased:
    npc: str = pydantic.Field(alias="npcName")
    colour: Colour = Colour.RED


class Struct(msgspec.Struct, rename="camel"):
    npc_name: str
    inner: Scene | Model


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
        (Model(npcName="Mira"), '{"npcName":"Mira","colour":"red"}'),
        (Aliased(npcName="Mira"), '{"npcName":"Mira","colour":"red"}'),
        (Decimal("1.10"), '"1.10"'),
        (Struct("Mira", Model(npcName="Ada")), '{"npcName":"Mira","inner":{"npcName":"Ada","colour":"red"}}'),
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


@pytest.mark.parametrize("kind", [Scene, Model, Struct, Colour, int])
def test_a_type_is_no_value(kind: type) -> None:
    with pytest.raises(TypeError, match=f"the type {kind.__name__} cannot"):
        dump_bytes(kind)
