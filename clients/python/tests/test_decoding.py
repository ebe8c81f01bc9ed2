"""Payloads as handlers ask for them."""

import datetime
import functools
from collections.abc import AsyncIterator, Iterator
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NewType, TypedDict
from unittest.mock import Mock
from uuid import UUID

import msgspec
import pydantic
import pytest
from typing_extensions import TypeAliasType

from eventlease import Completed, ConfigurationError, Engine, Event, Failed
from eventlease.annotations import decoder_of
from eventlease.decoding import decoder
from eventlease.misfits import PayloadInvalid
from eventlease.testing import run

Name = NewType("Name", str)


class Mood(Enum):
    CALM = "calm"
    ANGRY = "angry"


@dataclass
class Line:
    text: str
    loudness: float = 1.0


@dataclass
class Scene:
    npc: Name
    mood: Mood = Mood.CALM
    lines: list[Line] = field(default_factory=list[Line])
    parent: "Scene | None" = None


class _Needed(TypedDict):
    npc: str


class Loose(_Needed, total=False):
    lines: int


class Model(pydantic.BaseModel):
    npc: str
    lines: int = 1


class Struct(msgspec.Struct):
    npc: str
    lines: int = 1


@pydantic.dataclasses.dataclass
class Aliased:
    npc_name: str = pydantic.Field(alias="npcName")


@dataclass
class Doubled:
    number: InitVar[int]
    double: int = field(init=False)

    def __post_init__(self, number: int) -> None:
        self.double = 2 * number


Numbers = TypeAliasType("Numbers", list[int])
Above = Annotated[int, pydantic.Field(gt=0)]
AboveForStructs = Annotated[int, msgspec.Meta(gt=0)]


def decode(wanted: Any, value: Any) -> Any:
    """What is made of a value."""
    made = decoder(wanted)
    return value if made is None else made(value)


@pytest.mark.parametrize(
    ("wanted", "value", "decoded"),
    [
        (Any, {"a": [1]}, {"a": [1]}),
        (object, {"a": 1}, {"a": 1}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (str, "a", "a"),
        (float, 1, 1.0),
        (int | None, None, None),
        (Literal["a", 1], 1, 1),
        (Annotated[int, "size"], 3, 3),
        (list[Name], ["a"], ["a"]),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (frozenset[int], [1, 1], frozenset({1})),
        (Mood, "angry", Mood.ANGRY),
        (UUID, "0198c0de-0000-7000-8000-000000000000", UUID("0198c0de-0000-7000-8000-000000000000")),
        (datetime.date, "2026-11-29", datetime.date(2026, 11, 29)),
        (
            datetime.datetime,
            "2026-11-29T10:00:00Z",
            datetime.datetime(2026, 11, 29, 10, tzinfo=datetime.timezone.utc),
        ),
        (Scene, {"npc": "Mira", "unknown": 1}, Scene(Name("Mira"))),
        (
            Scene,
            {"npc": "Mira", "mood": "angry", "lines": [{"text": "Out!", "loudness": 2}], "parent": {"npc": "Ada"}},
            Scene(Name("Mira"), Mood.ANGRY, [Line("Out!", 2.0)], Scene(Name("Ada"))),
        ),
        (Loose, {"npc": "Mira", "more": 1}, {"npc": "Mira", "more": 1}),
        (Model, {"npc": "Mira"}, Model(npc="Mira")),
        (list[Model], [{"npc": "Mira", "lines": 2}], [Model(npc="Mira", lines=2)]),
        (Struct, {"npc": "Mira"}, Struct("Mira")),
        (Aliased, {"npcName": "Mira"}, Aliased(npcName="Mira")),
        (list[Aliased], [{"npcName": "Mira"}], [Aliased(npcName="Mira")]),
        (Doubled, {"number": 2}, Doubled(2)),
        (Numbers, [1], [1]),
        (Above, 1, 1),
        (AboveForStructs, 1, 1),
        (Literal[Mood.CALM], "calm", Mood.CALM),
        (Decimal, "1.10", Decimal("1.10")),
        (Decimal, 1.5, Decimal("1.5")),
        (datetime.time, "10:30:00", datetime.time(10, 30)),
        (dict[int, str], {"1": "a"}, {1: "a"}),
        (dict[Mood, int], {"calm": 1}, {Mood.CALM: 1}),
    ],
)
def test_values_are_decoded(wanted: Any, value: Any, decoded: Any) -> None:
    assert decode(wanted, value) == decoded


MISFITS: list[tuple[Any, Any, list[str]]] = [
    (int, "1", [""]),
    (int, True, [""]),
    (int, 1.5, [""]),
    (str, None, [""]),
    (int | str, [], [""]),
    (Literal["a"], "b", [""]),
    (Literal[1], True, [""]),
    (tuple[int, str], [1], [""]),
    (Mood, "sad", [""]),
    (UUID, 1, [""]),
    (datetime.date, "tomorrow", [""]),
    (list[int], {"a": 1}, [""]),
    (list[int], [1, "2", None], ["/1", "/2"]),
    (dict[str, int], {"a/b": "x", "c~": "y"}, ["/a~1b", "/c~0"]),
    (Scene, {}, ["/npc"]),
    (Scene, [], [""]),
    (Scene, {"npc": 1, "lines": [{"text": 2}, {}]}, ["/npc", "/lines/0/text", "/lines/1/text"]),
    (Scene, {"npc": "a", "parent": {"npc": "b", "parent": {}}}, ["/parent/parent/npc"]),
    (Loose, {"lines": "x"}, ["/npc", "/lines"]),
    (Model, {"lines": "x"}, ["/npc", "/lines"]),
    (list[Model], [{}], ["/0/npc"]),
    (Struct, {"lines": "x"}, [""]),
    (Aliased, {"npc_name": "Mira"}, ["/npcName"]),
    (Doubled, {}, ["/number"]),
    (Numbers, ["x"], ["/0"]),
    (Above, 0, [""]),
    (list[Above], [1, 0], ["/1"]),
    (AboveForStructs, 0, [""]),
    (Literal[Mood.CALM], "angry", [""]),
    (Decimal, "ten", [""]),
    (datetime.time, 10, [""]),
    (dict[int, str], {"one": "a"}, ["/one"]),
    (set, [[]], [""]),
]


@pytest.mark.parametrize(("wanted", "value", "pointers"), MISFITS)
def test_every_place_that_does_not_fit_is_named(wanted: Any, value: Any, pointers: list[str]) -> None:
    with pytest.raises(PayloadInvalid) as raised:
        decode(wanted, value)
    assert [place["pointer"] for place in raised.value.places] == pointers


def test_the_annotation_of_a_handler_decides() -> None:
    def plain(event: Event) -> None: ...

    def typed(event: Event[Scene]) -> None: ...

    def none(event): ...  # type: ignore[no-untyped-def]  # pyright: ignore

    class Handlers:
        def method(self, event: Event[Scene]) -> None: ...

        async def __call__(self, event: Event[Scene]) -> None: ...

    assert decoder_of(plain) is None
    assert decoder_of(none) is None  # pyright: ignore[reportUnknownArgumentType]
    for handler in (typed, Handlers().method, Handlers(), functools.partial(typed)):
        made = decoder_of(handler)
        assert made is not None
        assert made({"npc": "Mira"}) == Scene(Name("Mira"))


class Takes:
    def __init__(self, event: Event) -> None: ...

    def method(self, event: Event) -> None: ...

    @staticmethod
    def static(event: Event) -> None: ...


def other(event: Scene) -> None: ...
def number(event: int) -> None: ...
def nothing() -> None: ...
def two(event: Event, more: int) -> None: ...
def keyword(event: Event, *, more: int) -> None: ...
def text(event: "Scene") -> None: ...
def some(event: Event[Scene] | None) -> None: ...
def produce(event: Event) -> Iterator[int]:
    yield event.attempt


async def produce_async(event: Event) -> AsyncIterator[int]:
    yield event.attempt


@pytest.mark.parametrize(
    "handler",
    [
        *(other, number, nothing, two, keyword, text, some, produce, produce_async),
        *(Takes, Takes.method, functools.partial(two), 3),
    ],
)
@pytest.mark.parametrize("options", [{}, {"payload": dict}])
def test_what_cannot_be_a_handler_is_refused_when_it_is_added(handler: Any, options: Any) -> None:
    with pytest.raises(ConfigurationError):
        Engine("x").on("y", **options)(handler)


async def decode_on_loop(payload: Any) -> Any:
    return payload


@pytest.mark.parametrize(
    "options",
    [
        *({"timeout_seconds": limit} for limit in (0, -1, "1", True)),
        *({"not_retryable": classes} for classes in (["x"], [3], [int], 3, None)),
        *({"payload": decodes} for decodes in ("Scene", 3, [int], decode_on_loop)),
    ],
)
def test_options_of_a_handler_are_looked_at_when_it_is_added(options: Any) -> None:
    def handle(event: Event) -> None: ...

    with pytest.raises(ConfigurationError, match=next(iter(options))):
        Engine("x").on("y", **options)(handle)


@pytest.mark.parametrize("event_type", [nothing, None, 3, "", "two words", "x" * 65, "**", ["x"]])
def test_an_event_type_that_no_event_can_have_is_refused(event_type: Any) -> None:
    with pytest.raises(ConfigurationError, match=r'write @engine\.on\("dialogue\.requested"\)'):
        Engine("x").on(event_type)


def test_one_class_may_be_not_retryable() -> None:
    def handle(_: Event) -> None:
        raise KeyError

    engine = Engine("x")
    engine.on("y", not_retryable=KeyError)(handle)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    report = run(engine, "y")
    assert isinstance(report, Failed)
    assert not report.retryable


def test_a_generic_type_may_stand_in_the_place_of_the_annotation() -> None:
    def handle(event: Event) -> str:
        return repr(event.payload)

    engine = Engine("x")
    engine.on("y", payload=dict[int, str])(handle)
    assert run(engine, "y", {"1": "a"}) == Completed("{1: 'a'}")


async def on_loop(*_: Any) -> None: ...


@pytest.mark.parametrize("callback", [3, None, nothing, on_loop, Takes])
@pytest.mark.parametrize("kind", ["on_settled", "on_lost"])
def test_callbacks_that_cannot_be_called_are_refused_when_they_are_added(kind: str, callback: Any) -> None:
    with pytest.raises(ConfigurationError):
        getattr(Engine("x"), kind)(callback)


def test_layers_take_the_event_and_what_is_called() -> None:
    def one(event: Event) -> None: ...

    with pytest.raises(ConfigurationError):
        Engine("x").around(one)  # type: ignore[type-var]  # pyright: ignore


def test_what_can_be_called_with_an_event_is_a_handler() -> None:
    def injects(function: Any) -> Any:
        @functools.wraps(function)
        def call(event: Any) -> Any:
            return function(event, 1)

        return call

    def bare(event): ...  # type: ignore[no-untyped-def]  # pyright: ignore

    def anything(event: Any, more: int = 1) -> None: ...

    engine = Engine("x")
    handlers: list[Any] = [bare, anything, injects(two), Takes.static, functools.partial(two, more=1)]
    for number, handler in enumerate([*handlers, Mock(return_value=1)]):
        engine.on(str(number))(handler)
    assert run(engine, "2", None) == Completed()


def test_annotations_that_cannot_be_decoded_are_refused_at_the_start() -> None:
    class Other:
        pass

    def typed(event: "Event[Other]") -> None: ...

    def unknown(event: "Event[Missing]") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore

    def deep(event: Event[list[complex]]) -> None: ...

    with pytest.raises(ConfigurationError, match="payload="):
        decoder_of(unknown)  # pyright: ignore[reportUnknownArgumentType]
    with pytest.raises(ConfigurationError, match="complex"):
        decoder_of(deep)
    for wanted in (set[dict[str, int]], frozenset[Line], [int], {"a": int}, Annotated[Other, pydantic.Field()]):
        with pytest.raises(ConfigurationError, match="the payload of handle"):
            decoder(wanted, "the payload of handle")
    with pytest.raises(ConfigurationError):
        decoder_of(typed)
