"""The examples of both READMEs run as they stand, beside a fake server and an engine that completes their events.

Each is a program of its own, for type checkers too.
"""

import asyncio
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from types_checked import type_errors

from eventlease import Client, Engine, Event
from eventlease.testing import FakeServer

README = Path(__file__).parents[1] / "README.md"
README_OF_THE_PROJECT = Path(__file__).parents[3] / "README.md"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    with FakeServer() as server, server.over_http() as url:
        monkeypatch.setenv("EVENTLEASE_URL", url)
        yield url


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    """The engines whose `run` an example has called; they do not begin."""
    ran: list[Engine] = []

    def run(engine: Engine) -> None:
        ran.append(engine)

    monkeypatch.setattr(Engine, "run", run)
    return ran


def examples_of(readme: Path) -> list[str]:
    examples = re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)
    assert examples
    return examples


def run_examples(readme: Path, url: str) -> dict[str, Any]:
    """What they leave behind, by name."""
    found: dict[str, Any] = {}
    for example in examples_of(readme):
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(example.replace("http://127.0.0.1:8080", url), names)
        found.update(names)
    return found


def test_the_examples_of_the_readme(url: str, ran: list[Engine]) -> None:
    other = Engine("dialogue")

    @other.on("*")
    def complete(event: Event[Any, Any]) -> Any:
        return event.payload

    with other:
        names = run_examples(README, url)
    assert len(ran) == 1
    assert names["result"] == {"npc": "Mira"}
    names["in_a_notebook"]()
    asyncio.run(names["lifespan"]())


def test_the_engine_of_the_projects_readme(url: str, ran: list[Engine]) -> None:
    engine: Engine = run_examples(README_OF_THE_PROJECT, url)["engine"]
    assert ran == [engine]
    with engine, Client() as client:
        event = client.enqueue("dialogue", "dialogue.requested", {"npc": "Mira"})
        assert client.wait(event.event_id, 30) == {"line": "Hello, Mira!"}


def test_the_examples_pass_a_strict_type_checker(tmp_path: Path) -> None:
    examples = examples_of(README) + examples_of(README_OF_THE_PROJECT)
    assert type_errors(tmp_path, *examples) == []
