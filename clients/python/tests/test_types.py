"""What the types of the library let through, and what they do not."""

from pathlib import Path

import pytest
from types_checked import type_errors

import eventlease

FOLLOW_UPS = """
from eventlease import Completed, Engine, Event, NewEvent, Previous

engine = Engine("writing")

def before(previous: Previous | None) -> str:
    return previous.outcome if previous else "none"

@engine.on("scene.requested")
def write(event: Event[str]) -> Completed:
    voice: NewEvent = {"engine_type": "voice", "event_type": "voice.requested", "payload": before(event.previous)}
    return Completed("done", enqueue=[voice, {"engine_type": "a", "event_type": "b", "payload": 1, "priority": 9}])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


@pytest.mark.parametrize("name", ["NewEvent", "Previous", "Stats"])
def test_what_handlers_see_and_return_can_be_named(name: str) -> None:
    assert name in eventlease.__all__
    assert hasattr(eventlease, name)


def test_follow_ups_are_events(folder: Path) -> None:
    assert type_errors(folder, FOLLOW_UPS) == []


def test_what_is_no_event_is_no_follow_up(folder: Path) -> None:
    wrong = ['{"engine_type": "a"}', '{"engine_type": "a", "event_type": "b", "payload": 1, "prio": 9}', "3"]
    lines = [f"Completed(1, enqueue=[{each}])" for each in wrong]
    errors = type_errors(folder, "from eventlease import Completed\n" + "\n".join(lines))
    assert [error.partition("]): ")[0] + "])" for error in errors] == lines


def test_an_async_client_has_the_signatures_of_a_client(folder: Path) -> None:
    program = """
from eventlease import AsyncClient
from eventlease.openapi import Event, ScenarioRun

async def follow(client: AsyncClient) -> tuple[Event, ScenarioRun]:
    return await client.read("1"), await client.wait_for_run(7, timeout=3)

async def wrong(client: AsyncClient) -> None:
    await client.read()
"""
    errors = type_errors(folder, program)
    assert [error.partition(":")[0] for error in errors] == ["await client.read()"]
