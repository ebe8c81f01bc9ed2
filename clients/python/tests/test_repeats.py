"""The rules of repeating, by the cases that all languages share."""

import json
from pathlib import Path
from typing import Any

import pytest

from eventlease.rules.backoff import pause_after_nothing, pause_asked_for, pause_seconds
from eventlease.rules.repeats import Failure, Repeat, changes_server, failure_of_reply, may_have_arrived, next_step

VECTORS = Path(__file__).parents[2] / "vectors"


def cases(name: str, part: str = "cases") -> list[Any]:
    found: list[Any] = json.loads((VECTORS / name).read_text())[part]
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", cases("backoff.json"))
def test_pause(case: dict[str, Any]) -> None:
    pause = pause_seconds(case["repeats"], case["random"], spread=case["spread"], retry_after=case["retry_after"])
    assert pause == pytest.approx(case["pause_seconds"])


@pytest.mark.parametrize("case", cases("backoff.json", "asked_for"))
def test_pause_that_a_reply_asks_for(case: dict[str, Any]) -> None:
    pause = pause_asked_for(case["asked"], case["least"], case["random"])
    assert pause == pytest.approx(case["pause_seconds"])


@pytest.mark.parametrize("case", cases("backoff.json", "after_nothing"))
def test_pause_after_nothing(case: dict[str, Any]) -> None:
    pause = pause_after_nothing(case["waited"], case["wait_seconds"], case["notice"], case["random"])
    assert pause == pytest.approx(case["pause_seconds"])


@pytest.mark.parametrize("case", cases("repeats.json"))
def test_what_follows_a_try(case: dict[str, Any]) -> None:
    failure = None if case["failure"] is None else Failure(case["failure"])
    status = case.get("status")
    if status is not None:
        assert failure_of_reply(status, case.get("code")) is failure
    if failure is None:
        return
    step = next_step(
        failure,
        Repeat(case["safe"], None),
        was_at_once=case.get("was_at_once", False),
        internal_errors=case.get("internal_errors", 0),
    )
    assert step.value == case["step"]
    assert changes_server(failure, status) == case["changes_server"]
    assert may_have_arrived(failure) == case["may_have_arrived"]
