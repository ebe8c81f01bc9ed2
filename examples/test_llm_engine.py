"""Tests of `llm_engine`: its handler alone, and the whole program beside a fake server."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import TypedDict, cast

import pytest

from eventlease import Client, Completed, Engine, Event, Failed, NewEvent, Released, Report
from eventlease.testing import FakeServer, run
from llm_engine import connections, engine

PATIENCE_SECONDS = 30
SCENE = {"npc": "Mira", "prompt": "Greet the harbour master."}
SPOKEN = {"npc": "Mira", "line": "Good morning to you"}
VOICE: NewEvent = {"engine_type": "voice", "event_type": "voice.requested", "payload": SPOKEN}


class Asked(TypedDict):
    prompt: str
    continue_after: list[str]


class Model(ThreadingHTTPServer):
    """Stands in for the service: refuses calls as ordered, then sends words."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.refusals: SimpleQueue[tuple[int, dict[str, str]]] = SimpleQueue()
        self.asked: list[Asked] = []
        self.words = ["Good", "morning", "to", "you"]
        self.never_ends = False
        self.hung_up = threading.Event()


class Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert self.path == "/generate"
        model = cast("Model", self.server)
        asked: Asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model.asked.append(asked)
        if not model.refusals.empty():
            status, headers = model.refusals.get()
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for word in model.words[len(asked["continue_after"]) :]:
                self.send_chunk(f"{word}\n".encode())
            while model.never_ends:
                self.send_chunk(b"and\n")
            self.send_chunk(b"")
        except OSError:
            model.hung_up.set()

    def send_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Keeps the output of the tests clean."""


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Generator[Model]:
    with Model() as model:
        threading.Thread(target=model.serve_forever, args=(0.01,)).start()
        monkeypatch.setenv("MODEL_URL", model.url)
        try:
            yield model
        finally:
            model.never_ends = False
            model.shutdown()


def speak(*, cancel_after: float | None = None, words_before: list[str] | None = None) -> Report | None:
    """What is reported of an event."""
    previous = {"outcome": "expired", "progress": {"words": words_before}} if words_before else None
    with connections() as pool:
        return run(engine, "line.requested", SCENE, state=pool, cancel_after=cancel_after, previous=previous)


@contextmanager
def start(url: str) -> Generator[subprocess.Popen[bytes]]:
    """The program, which is killed in the end if it is still there."""
    search = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("llm_engine.py"))],
        env={**os.environ, "EVENTLEASE_URL": url, "PYTHONPATH": search},
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def test_the_words_are_the_result_and_go_on_to_the_voice_engines(model: Model) -> None:
    assert speak() == Completed(SPOKEN, enqueue=[VOICE])
    assert model.asked == [{"prompt": SCENE["prompt"], "continue_after": []}]


def test_a_later_attempt_goes_on_where_the_one_before_stopped(model: Model) -> None:
    assert speak(words_before=["Good", "morning"]) == Completed(SPOKEN, enqueue=[VOICE])
    assert model.asked[0]["continue_after"] == ["Good", "morning"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, 21_600),
        ({"Retry-After": "soon"}, 10),
        ({"Retry-After": "0"}, 10),
        ({}, 10),
    ],
)
def test_while_the_model_takes_no_calls_the_engine_holds_off(
    model: Model, headers: dict[str, str], seconds: float
) -> None:
    model.refusals.put((429, headers))
    assert speak() == Released(0, "hold", "the model takes no more calls", seconds)


@pytest.mark.parametrize(("status", "is_retryable"), [(400, False), (422, False), (500, True), (503, True)])
def test_a_refused_prompt_is_a_dead_letter_and_other_failures_are_retried(
    model: Model, status: int, is_retryable: bool
) -> None:
    model.refusals.put((status, {}))
    report = speak()
    assert isinstance(report, Failed)
    assert report.retryable is is_retryable


def test_an_answer_that_is_cut_is_retried(model: Model) -> None:
    model.refusals.put((200, {"Content-Length": "100", "Connection": "close"}))
    report = speak()
    assert isinstance(report, Failed)
    assert report.retryable


def test_a_cancelled_event_ends_the_call_of_the_model(model: Model) -> None:
    model.never_ends = True
    report = speak(cancel_after=0.05)
    assert isinstance(report, Released)
    assert report.code == "cancel_requested"
    assert model.hung_up.wait(PATIENCE_SECONDS)


def test_the_program_works_through_a_hold_and_a_failure_and_ends_in_order(model: Model) -> None:
    model.refusals.put((429, {"Retry-After": "1"}))
    model.refusals.put((500, {}))
    heard: SimpleQueue[Event[object]] = SimpleQueue()
    with FakeServer() as server, server.over_http() as url, closing(Client(url)) as client:
        voice = Engine("voice", url=url)
        voice.on("voice.requested")(heard.put)
        program = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("llm_engine.py"))],
            env={**os.environ, "EVENTLEASE_URL": url, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        try:
            with voice:
                event = client.enqueue(
                    "dialogue", "line.requested", SCENE, retry_policy={"retry_delay": {"initial": 0}}
                )
                assert client.wait(event.event_id, PATIENCE_SECONDS) == SPOKEN
                assert heard.get(timeout=PATIENCE_SECONDS).payload == SPOKEN
            assert len(model.asked) == 3
            program.send_signal(signal.SIGTERM)
            assert program.wait(PATIENCE_SECONDS) == 0
        finally:
            program.kill()
            program.wait()


def test_the_program_does_not_begin_without_the_address_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODEL_URL", raising=False)
    with FakeServer() as server, server.over_http() as url, closing(Client(url)) as client:
        event = client.enqueue("dialogue", "line.requested", SCENE)
        with start(url) as program:
            assert program.wait(PATIENCE_SECONDS) != 0
        assert client.read(event.event_id)["status"] == "queued"
