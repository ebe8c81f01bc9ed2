"""Annotations that are postponed: types are texts until they are looked up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import pytest

from eventlease import ConfigurationError, Engine, Event
from eventlease.annotations import decoder_of
from eventlease.misfits import PayloadInvalid

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


if TYPE_CHECKING:
    from somewhere import Missing, Pool  # type: ignore[import-not-found]  # pyright: ignore

    import eventlease as el


def of_module(event: el.Event) -> None: ...
def of_module_typed(event: el.Event[Scene]) -> None: ...
def with_state(event: Event[Scene, Pool]) -> None: ...  # pyright: ignore[reportUnknownParameterType]
def of_anything(event: Event[Any, Pool]) -> None: ...  # pyright: ignore[reportUnknownParameterType]
def unknown(event: Event[Missing]) -> None: ...  # pyright: ignore[reportUnknownParameterType]
def unknown_within(event: Event[list[Missing]]) -> None: ...  # pyright: ignore[reportUnknownParameterType]
def no_event(event: Missing) -> None: ...  # pyright: ignore[reportUnknownParameterType]
def no_event_at_all(event: Scene) -> None: ...
def returns_unknown(event: Event[Scene]) -> Missing: ...  # pyright: ignore


OTHER = """
from __future__ import annotations
from typing import Any, TYPE_CHECKING
if TYPE_CHECKING:
    from eventlease import Event

class Scene: ...
def plain(event: Event) -> None: ...
def quoted(event: "Event") -> None: ...
def of_anything(event: Event[Any]) -> None: ...
def of_object(event: Event[dict[str, Any]]) -> None: ...
"""


@pytest.mark.parametrize("name", ["plain", "quoted", "of_anything", "of_object"])
def test_an_event_may_be_imported_for_type_checkers_alone(name: str) -> None:
    names: dict[str, Any] = {"__name__": "elsewhere"}
    exec(OTHER, names)
    decode = decoder_of(names[name])
    assert (decode is None) == (name != "of_object")
    Engine("x").on("y")(names[name])


HANDLERS: dict[str, Any] = globals()


@pytest.mark.parametrize("name", ["of_module", "of_anything"])
def test_an_event_of_any_payload_needs_nothing_else_to_be_known(name: str) -> None:
    assert decoder_of(HANDLERS[name]) is None


@pytest.mark.parametrize("name", ["of_module_typed", "with_state", "returns_unknown"])
def test_only_the_type_of_the_payload_has_to_be_known(name: str) -> None:
    decode = decoder_of(HANDLERS[name])
    assert decode is not None
    with pytest.raises(PayloadInvalid):
        decode({})


@pytest.mark.parametrize("name", ["unknown", "unknown_within", "no_event"])
def test_a_payload_of_an_unknown_type_is_refused_unless_it_is_given(name: str) -> None:
    with pytest.raises(ConfigurationError, match="payload="):
        decoder_of(HANDLERS[name])
    assert decoder_of(HANDLERS[name], dict) is not None


def test_an_argument_that_is_no_event_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no_event_at_all"):
        decoder_of(no_event_at_all)


def test_an_own_class_of_that_name_is_no_event() -> None:
    names: dict[str, Any] = {"__name__": "elsewhere"}
    exec("from __future__ import annotations\nclass Event: ...\ndef handle(event: Event): ...", names)
    with pytest.raises(ConfigurationError, match="not <class"):
        decoder_of(names["handle"])
