"""What an engine shows of itself, and what a child process has of it."""

import json
import logging
import os
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
from working import Desk, got, nothing, until

from eventlease import Event, Hold, NotRetryable, Release, RetryAfter, running
from eventlease.testing import FakeServer


def health(desk: Desk, path: str) -> tuple[int, list[str]]:
    """The status of a probe, and what it says is wrong."""
    until(lambda: desk.engine.health_port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{desk.engine.health_port}{path}", timeout=30) as reply:
            return reply.status, json.load(reply)["causes"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["causes"]


def test_an_engine_is_ready_once_it_is_registered_and_until_it_drains(server: FakeServer) -> None:
    desk = Desk(server, health_port=0)
    desk.engine.on("x")(nothing)
    server.go_away()
    with desk.working():
        assert health(desk, "/readyz") == (503, ["not registered"])
        assert health(desk, "/healthz") == (200, [])
        assert health(desk, "/other")[0] == 404
        server.come_back()
        until(lambda: health(desk, "/readyz") == (200, []))
        path = f"/engines/{desk.engine.engine_id}"
        until(lambda: desk.bodies("heartbeat"))
        desk.client.call("POST", f"{path}/drain", {"then": "stay"})
        until(lambda: health(desk, "/readyz") == (503, ["draining"]))
        assert health(desk, "/healthz") == (200, [])


def test_an_engine_without_a_server_need_not_be_restarted(server: FakeServer) -> None:
    desk = Desk(server, health_port=0)
    desk.engine.on("x")(nothing)
    with desk.working():
        until(lambda: desk.bodies("heartbeat"))
        server.go_away()
        assert health(desk, "/healthz") == (200, [])
        server.come_back()


def test_a_loop_that_is_blocked_for_good_is_unhealthy_and_gets_no_more_events(server: FakeServer) -> None:
    desk = Desk(server, health_port=0, stall_seconds=0.1)
    over = threading.Event()

    @desk.engine.on("x")
    async def handle(_: Event) -> None:
        got(over)

    desk.put()
    with desk.working():
        until(lambda: health(desk, "/healthz") == (503, ["the event loop is blocked"]))
        over.set()
        desk.answer()
        until(lambda: health(desk, "/healthz") == (200, []))
        desk.put()
        desk.answer()


def test_counts(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(event: Event) -> None:
        if event.payload:
            raise ValueError("broken")

    desk.put()
    desk.put(payload=1)
    desk.put("other")
    with pytest.raises(RuntimeError, match="does not work"):
        desk.engine.stats()
    with desk.working():
        for _ in range(3):
            desk.answer()
        stats = desk.engine.stats()
    assert (stats.completed, stats.failed, stats.released, stats.running, stats.waiting) == (1, 1, 1, 0, 0)
    assert stats.polls


def test_a_failure_is_logged_once_and_payloads_never(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    quiet, loud = Desk(server, log_failures=False), Desk(server)

    def handle(_: Event) -> None:
        raise ValueError("broken")

    for desk, failures in ((quiet, 0), (loud, 1)):
        desk.engine.on("x")(handle)
        desk.put(payload={"secret": "hush"})
        with desk.working():
            desk.answer()
        logged = [record for record in caplog.records if " failed: ValueError: broken" in record.message]
        assert len(logged) == failures
    assert "hush" not in caplog.text
    assert not [record for record in caplog.records if "lease_token" in str(record.__dict__)]


@pytest.mark.parametrize(
    ("error", "level", "text", "has_traceback"),
    [
        (RetryAfter(9, "busy"), logging.INFO, "failed, and is retried in 9 s: busy", False),
        (Hold(60, "429"), logging.INFO, "goes back, and the engine holds off for 60 s: 429", False),
        (Release(3, "not now"), logging.INFO, "goes back, for 3 s at least: not now", False),
        (NotRetryable("never"), logging.WARNING, "failed: NotRetryable: never", False),
        (ValueError("broken"), logging.WARNING, "failed: ValueError: broken", True),
        (ValueError("two\nlines"), logging.WARNING, "failed: ValueError: two lines", True),
    ],
)
def test_a_log_line_names_its_event(
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    level: int,
    text: str,
    has_traceback: bool,
) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk(server)

    @desk.engine.on("scene")
    def handle(event: Event[dict[str, Any]]) -> None:
        try:
            event.payload["cause"]
        except KeyError as cause:
            raise error from cause

    event_id = desk.put("scene", {})
    with desk.working():
        desk.answer()
    (record,) = [record for record in caplog.records if record.name == "eventlease.handler"]
    assert record.message == f"event {event_id} (scene, attempt 1) {text}"
    assert (record.levelno, bool(record.exc_info)) == (level, has_traceback)
    assert vars(record)["eventlease"] == {
        "event_id": event_id, "event_type": "scene", "attempt": 1, "engine_type": "dialogue"
    }  # fmt: skip


def test_a_log_says_of_which_engine_and_why_it_ends(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk(server, concurrency=1)
    over = threading.Event()

    @desk.engine.on("x", timeout_seconds=0.01)
    def handle(_: Event) -> None:
        over.wait(30)

    event_id = desk.put()
    with pytest.raises(SystemExit) as ended:
        desk.engine.run()
    over.set()
    assert ended.value.code == 4
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert f"event {event_id} (x, attempt 1)" in errors[0]
    assert "dialogue" in errors[1]
    assert "status 4" in errors[1]
    assert "hang" in errors[1]
    assert all("dialogue" in record.message for record in caplog.records if record.name == "eventlease.engine")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_child_of_a_fork_has_no_working_engine(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    with desk.working():
        desk.put()
        desk.answer()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, _seen_by_child(desk))
            os._exit(0)  # without the parent's farewells
        os.waitpid(child, 0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            assert pipe.read() == b"RuntimeError"
        desk.put()
        desk.answer()


def _seen_by_child(desk: Desk) -> bytes:
    try:
        running._leave_all()  # pyright: ignore[reportPrivateUsage]  # as `atexit` does
        if "deregister" in [operation for operation, _ in desk.server.requests]:
            return b"the parent's engine was deregistered"
        desk.engine.stop()  # nothing of the parent's is stopped
        desk.engine.stats()
    except Exception as error:  # noqa: BLE001
        return type(error).__name__.encode()
    return b"it works"


def test_settings_come_from_the_environment(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine_id = "0198c0de-0000-4000-8000-000000000001"
    monkeypatch.setenv("EVENTLEASE_ENGINE_ID", engine_id)
    desk = Desk(server, software_version="1.2", metadata={"room": "left"}, capabilities=["talk"])
    desk.engine.on("x")(nothing)
    with desk.working():
        until(lambda: desk.bodies("heartbeat"))
    body: dict[str, Any] = desk.bodies("register")[0]
    assert body["engine_id"] == engine_id
    config = body["metadata"]["static_config"]
    assert config["client"].startswith("eventlease-python/")
    assert (config["capabilities"], config["engine_software_version"], config["room"]) == (["talk"], "1.2", "left")
    assert config["resource_limits"] == {"max_concurrent_events": 10}
