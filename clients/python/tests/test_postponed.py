"""Annotations that are postponed: types are texts until they are looked up."""

from __future__ import annotations

import sys
from typing import Annotated, Any, TypedDict

import pytest

from eventlease import Event  # noqa: TC001, it is looked up in the annotations
from eventlease.annotations import decoder_of
from eventlease.decoding import PayloadInvalid

if sys.version_info >= (3, 11):
    from typing import NotRequired, Required
else:
    from typing_extensions import NotRequired, Required


class Scene(TypedDict):
    npc: str
    mood: NotRequired[str]
    place: Annotated[NotRequired[str], "where"]


class Loose(TypedDict, total=False):
    npc: Required[str]
    lines: int


class Longer(Loose):
    title: str
    end: NotRequired[Annotated[str, "how"]]


def scene(event: Event[Scene]) -> None: ...
def loose(event: Event[Loose]) -> None: ...
def longer(event: Event[Longer]) -> None: ...


@pytest.mark.parametrize(
    ("handler", "payload", "missing"),
    [
        (scene, {"npc": "Mira"}, []),
        (scene, {"npc": "Mira", "mood": 1}, ["/mood"]),
        (scene, {}, ["/npc"]),
        (loose, {"npc": "Mira"}, []),
        (loose, {"lines": 1}, ["/npc"]),
        (longer, {"npc": "Mira", "title": "a"}, []),
        (longer, {"lines": 1, "end": "b"}, ["/npc", "/title"]),
    ],
)
def test_members_are_required_as_their_annotation_says(handler: Any, payload: Any, missing: list[str]) -> None:
    decode = decoder_of(handler)
    assert decode is not None
    if not missing:
        assert decode(payload) == payload
        return
    with pytest.raises(PayloadInvalid) as raised:
        decode(payload)
    assert [place["pointer"] for place in raised.value.places] == missing
