"""The examples of the README run as they stand, one after the other, beside an engine that completes their events."""

import re
from pathlib import Path
from typing import Any

import pytest

from eventlease import Engine, Event
from eventlease.testing import FakeServer

README = Path(__file__).parents[1] / "README.md"


def test_the_examples_of_the_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(examples) >= 5
    ran: list[Engine] = []

    def run(engine: Engine) -> None:
        ran.append(engine)

    monkeypatch.setattr(Engine, "run", run)
    with FakeServer() as server, server.over_http() as url:
        monkeypatch.setenv("EVENTLEASE_URL", url)
        other = Engine("dialogue")

        @other.on("*")
        def complete(event: Event[Any, Any]) -> Any:
            return event.payload

        names: dict[str, Any] = {}
        with other:
            for example in examples:
                exec(example.replace("http://127.0.0.1:8080", url), names)  # as whoever copies it would
    assert len(ran) == 1
    assert names["result"] == {"npc": "Mira"}
