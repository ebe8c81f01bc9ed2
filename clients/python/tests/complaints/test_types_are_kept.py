"""Types and models stay what they are, for type checkers and when the program runs.

`assert_type` is judged by the type checkers, which read this file as they read the library.
"""

import asyncio
import datetime
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec
import pydantic
import pytest
from working import Desk

from eventlease import AsyncClient, Client, Completed, ConfigurationError, Engine, Enqueued, Event, EventLeaseError
from eventlease.testing import FakeServer, run

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value: Any, _: Any) -> Any:
        return value


@dataclass
class Pool:
    size: int = 3


@dataclass
class Scene:
    npc: str
    lines: int = 1


class Mood(Enum):
    CALM = "calm"


@dataclass
class Line:
    text: str
    mood: Mood
    said_at: datetime.datetime
    said_by: UUID
    next: "Line | None" = None


class Model(pydantic.BaseModel):
    npc: str
    lines: list[Scene] = []


class Aliased(pydantic.BaseModel):
    npc: str = pydantic.Field(alias="npcName")


class Outer(pydantic.BaseModel):
    scenes: dict[str, Aliased]


class Struct(msgspec.Struct):
    npc: str


class Tagged(msgspec.Struct, tag=True, rename="camel"):
    said_at: datetime.datetime
    said_by: UUID
    lines_by_number: dict[int, Struct]


@dataclass
class Play:
    scene: Struct
    aliased: Aliased


class Point(NamedTuple):
    x: int
    y: int


def pool() -> AbstractContextManager[Pool]:
    return nullcontext(Pool())


engine = Engine("dialogue", lifespan=pool)


@engine.on("def")
def speak(event: Event[Scene, Pool]) -> dict[str, int]:
    assert_type(event.payload, Scene)
    assert_type(event.payload.lines, int)
    assert_type(event.state, Pool)
    assert_type(event.attempt, int)
    return {event.payload.npc: event.state.size}


@engine.on("async-def")
async def speak_on_loop(event: Event[Scene, Pool]) -> dict[str, int]:
    return speak(event)


@engine.around
def layer(event: Event[Any, Any], call: Any) -> Any:
    return call(event)


def test_a_handler_keeps_its_type_and_can_still_be_called() -> None:
    async def call(event: Event[Scene, Pool]) -> None:
        assert_type(speak(event), dict[str, int])
        assert_type(await speak_on_loop(event), dict[str, int])

    async def of_a_test(event: Event[Scene, Pool]) -> None:
        event.payload, event.state = Scene("Mira"), Pool(3)
        await call(event)

    tried = Engine("dialogue")
    tried.on("x")(of_a_test)
    assert run(tried, "x", {"npc": "Ada"}) == Completed(None)
    for event_type in ("def", "async-def"):
        assert run(engine, event_type, {"npc": "Mira"}, state=Pool(3)) == Completed({"Mira": 3})


def test_what_a_client_says_has_types(server: FakeServer) -> None:
    async def main() -> None:
        async with AsyncClient(transport=server.transport) as client:
            assert_type(await client.enqueue("q", "t", 1), Enqueued)
            assert_type(await client.enqueue_many([]), list[Enqueued | EventLeaseError])

    with Client(transport=server.transport) as client:
        event = assert_type(client.enqueue("q", "t", 1, priority=7), Enqueued)
        assert_type(event.event_id, str)
        assert_type(client.read(event.event_id)["priority"], int)
        assert_type(client.enqueue_many([]), list[Enqueued | EventLeaseError])
        with pytest.raises(EventLeaseError):
            client.enqueue("q", "t", 1, priorty=7)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        with pytest.raises(EventLeaseError):
            client.enqueue("q", "t", 1, priority="high")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    asyncio.run(main())


MOMENT = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone.utc)
PERSON = UUID("0198c0de-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    "value",
    [
        Scene("Mira", 2),
        Line("Hello!", Mood.CALM, MOMENT, PERSON, Line("Out!", Mood.CALM, MOMENT, PERSON)),
        Model(npc="Mira", lines=[Scene("Ada")]),
        Aliased(npcName="Mira"),
        Outer(scenes={"first": Aliased(npcName="Mira")}),
        Struct("Mira"),
        Tagged(MOMENT, PERSON, {1: Struct("Mira")}),
        Play(Struct("Mira"), Aliased(npcName="Ada")),
        Mood.CALM,
        MOMENT,
        PERSON,
        {"a": [1, None, True]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_model_arrives_as_the_model_that_was_enqueued(server: FakeServer, value: Any) -> None:
    desk = Desk(server)
    arrived: list[Any] = []

    def handle(event: Event) -> Any:
        arrived.append(event.payload)
        return event.payload

    kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]
    desk.engine.on("x", payload=kind)(handle)
    event_id = desk.put(payload=value)
    with desk.working():
        assert desk.answer()["outcome"] == "completed"
    assert arrived == [value]
    assert type(arrived[0]) is kind
    body: Any = next(body for name, body in server.requests if name == "enqueue")
    assert desk.client.read(event_id)["result"] == body["payload"]


def test_a_type_that_would_lose_its_names_is_refused() -> None:
    tried = Engine("dialogue")
    with pytest.raises(ConfigurationError, match="Point"):

        @tried.on("x")
        def handle(event: Event[Point]) -> None:
            """Is not called."""
