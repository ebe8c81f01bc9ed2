"""Payloads, results and tokens stand in no log line and in no text form."""

import logging
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypedDict

import msgspec
import pydantic
import pytest
from working import QUEUE, Desk

from eventlease import AsyncClient, Client, Completed, Engine, Event, EventLeaseError, RetryAfter
from eventlease.coalesce import Waiting
from eventlease.enqueuing import NewBody
from eventlease.testing import FakeServer, run
from eventlease.transport import Reply, Request

SECRET = "hush-hush"


@dataclass
class Data:
    number: int


class Dict(TypedDict):
    number: int


class Model(pydantic.BaseModel):
    number: int


class Struct(msgspec.Struct):
    number: int


class Unwritable:
    def __repr__(self) -> str:
        return SECRET


def test_the_log_of_a_day_has_none_of_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeServer(admin_token="el_admin") as server:
        admin = Client("http://fake", token="el_admin", transport=server.transport)

        def token(role: str) -> str:
            body = {"role": role, "name": role, "engine_types": [QUEUE] if role == "registrar" else None}
            secret: str = admin.call("POST", "/tokens", {k: v for k, v in body.items() if v is not None})["token"]
            return secret

        registrar = token("registrar")
        desk = Desk(server, token=registrar)
        desk.client = Client("http://fake", token=token("orchestrator"), transport=server.transport)
        tries: list[int] = []

        @desk.engine.on("good")
        def good(event: Event) -> Any:
            event.progress(SECRET, now=True)
            return event.payload

        @desk.engine.on("unwritable")
        def unwritable(_: Event) -> Any:
            return {"a": Unwritable()}

        @desk.engine.on("too.large")
        def too_large(event: Event) -> Any:
            return str(event.payload) * 100_000

        @desk.engine.on("refused")
        def refused(event: Event) -> Completed:
            return Completed(
                event.payload, enqueue=[{"engine_type": "not allowed", "event_type": "x", "payload": SECRET}]
            )

        @desk.engine.on("later")
        def later(event: Event) -> Any:
            tries.append(1)
            if len(tries) == 1:
                raise RetryAfter(0, "not now")
            return event.payload

        @desk.engine.on("misfit")
        def misfit(_: Event[Data | Dict | Model | Struct | list[int]]) -> None:
            """Is not called."""

        server.refuse_next("heartbeat", "unauthenticated")
        server.lose_next_reply("exchange")
        with desk.working():
            for event_type, answers in (
                *(("good", 1), ("unwritable", 1), ("too.large", 1), ("refused", 1), ("later", 2), ("misfit", 1)),
                ("unknown", 1),
            ):
                desk.put(event_type, {"number": SECRET} if event_type == "misfit" else SECRET)
                for _ in range(answers):
                    desk.answer()
        logged = [f"{vars(record)} {record.getMessage()} {record.exc_text}" for record in caplog.records]
        assert logged
        for secret in (SECRET, registrar, *server.state.tokens):
            assert [line for line in logged if secret in line] == []


@pytest.mark.parametrize("wanted", [Data, Dict, Model, Struct, int, list[int], dict[str, int]])
def test_a_payload_that_does_not_fit_is_not_quoted(wanted: Any) -> None:
    engine = Engine("dialogue")

    def handle(_: Event) -> None:
        """Is not called."""

    handle.__annotations__["_"] = Event[wanted]
    engine.on("x")(handle)
    for payload in (SECRET, {"number": SECRET}, [SECRET]):
        report = run(engine, "x", payload)
        assert "PayloadInvalid" in str(report)
        assert SECRET not in str(report)


@pytest.mark.parametrize(
    "value",
    [
        Engine("dialogue", token=SECRET),
        Client("http://fake", token=SECRET),
        AsyncClient("http://fake", token=SECRET),
        Request("GET", "/", {"Authorization": f"Bearer {SECRET}"}, SECRET.encode()),
        Reply(200, {"x-secret": SECRET}, SECRET.encode()),
        Waiting(NewBody(SECRET.encode(), has_key=True, key_is_made_up=True), Future()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_text_form_has_them(value: object) -> None:
    assert SECRET not in f"{value} {value!r}"


def test_a_wrong_token_is_not_quoted() -> None:
    with FakeServer(admin_token="el_admin") as server:
        with pytest.raises(EventLeaseError) as refused:
            Client("http://fake", token=SECRET, transport=server.transport).read_run("r")
        assert SECRET not in f"{refused.value} {refused.value!r}"
    with pytest.raises(EventLeaseError) as wrong:
        Client("http://fake", token=f"{SECRET}\n{SECRET}")
    assert SECRET not in str(wrong.value)
