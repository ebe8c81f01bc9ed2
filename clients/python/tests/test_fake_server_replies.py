"""The replies of the fake server beside the server's document."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from eventlease.testing import FakeServer
from eventlease.transport import Request

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
ADMIN = "el_" + "a" * 64


class Caller:
    """Calls the server, and compares each reply with what the document says of that operation and status."""

    def __init__(self, server: FakeServer) -> None:
        self._transport = server.transport("")
        self.wrong: dict[str, None] = {}

    def __call__(
        self, method: str, template: str, *ids: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        left = iter(ids)
        path = re.sub(r"\{\w+\}", lambda _: next(left), template)
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {ADMIN}", **(headers or {})}
        reply = self._transport.send(Request(method, path, sent, data), 30)
        read: Any = json.loads(reply.body) if reply.body else {}
        name = f"{method} {template} {reply.status}"
        responses = DOCUMENT["paths"][f"/api/v1{template}"][method.lower()]["responses"]
        if str(reply.status) not in responses:
            self.wrong[f"{name}: the document has no such reply"] = None
            return read
        media = responses[str(reply.status)].get("content", {}).get(reply.headers.get("content-type"))
        if reply.body and media is not None:
            schema = {**media["schema"], "components": DOCUMENT["components"]}
            validator: Any = jsonschema.Draft202012Validator(schema)
            for error in validator.iter_errors(read):
                self.wrong[f"{name}: {error.json_path}: {error.message}"] = None
        return read


@pytest.fixture
def call(server: FakeServer) -> Caller:
    return Caller(server)


def test_every_reply_is_one_that_the_document_knows(server: FakeServer, call: Caller) -> None:
    registration = {"engine_type": "dialogue", "metadata": {"static_config": {"capabilities": ["speaking"]}}}
    engine_id = call("POST", "/engines", body=registration)["engine_id"]
    own = {"X-Engine-Id": engine_id}
    event = {"engine_type": "dialogue", "event_type": "asked", "payload": {"npc": "Mira"}, "scenario_run_id": "run-1"}
    enqueued = call("POST", "/events", body={**event, "unique_key": "u", "discard_after_seconds": 60})
    event_id = enqueued["event_id"]
    call("POST", "/events", body={**event, "unique_key": "u"})
    call("POST", "/events", body={**event, "priority": 10})
    call("POST", "/events/batch", body={"events": [event, event, {**event, "priority": 10}]})
    call("GET", "/events/{event_id}", event_id)
    lease = ("POST", "/events/queue/{engine_type}/lease", "dialogue")
    events = call(*lease, body={"limit": 3}, headers=own)["events"]
    reports = [{"event_id": each["event_id"], "lease_token": each["lease"]["lease_token"]} for each in events]
    beat = {"leases": [{**report, "progress": 1} for report in reports], "current_workload": 3}
    call("POST", "/engines/{engine_id}/heartbeat", engine_id, body=beat, headers=own)
    call("GET", "/engines/{engine_id}", engine_id)
    call("GET", "/events/{event_id}", event_id)
    call("POST", "/events/{event_id}/cancel", event_id)
    first, second, third = reports
    completed = {**first, "status": "completed", "result": {"line": "Hello"}, "enqueue": [event]}
    failed = {**second, "status": "failed", "error": {"type": "Bad", "message": "no"}, "delay_seconds": 0}
    released = {**third, "status": "queued", "code": "hold", "reason": "busy"}
    call(*lease, body={"settlements": [{**completed, "typo": 1}, completed, failed]}, headers=own)
    settlements = [completed, {**second, "status": "queued"}, released]
    call("PUT", "/events/status", body={"settlements": settlements}, headers=own)
    again = {"lease_token": third["lease_token"], "status": "completed"}
    call("PUT", "/events/{event_id}/status", third["event_id"], body=again, headers=own)
    for report in reports:
        call("GET", "/events/{event_id}", report["event_id"])
        call("GET", "/events/{event_id}/attempts", report["event_id"])
    call(*lease, body={}, headers=own)
    server.expire_leases()
    call(*lease, body={}, headers=own)
    awaited = [*(report["event_id"] for report in reports), "01900000-0000-7000-8000-000000000000"]
    call("POST", "/events/wait", body={"event_ids": awaited, "until": "any"})
    call("GET", "/scenario-runs/{scenario_run_id}", "run-1")
    call("POST", "/scenario-runs/{scenario_run_id}/cancel", "run-1")
    call("GET", "/scenario-runs/{scenario_run_id}", "run-1")
    call("POST", "/scenario-runs/{scenario_run_id}/reopen", "run-1")
    holding_off = {"holding_off": {"until": "2100-01-01T00:00:00Z", "reason": "busy"}}
    call("POST", "/engines/{engine_id}/heartbeat", engine_id, body=holding_off, headers=own)
    call(*lease, body={}, headers=own)
    call("PATCH", "/engines/{engine_id}", engine_id, body={"metadata": {"static_config": {"capabilities": []}}})
    call("POST", "/engines/{engine_id}/drain", engine_id, body={"reason": "a new version"})
    call(*lease, body={}, headers=own)
    call("POST", "/engines/{engine_id}/heartbeat", engine_id, body={}, headers=own)
    call("POST", "/engines/{engine_id}/resume", engine_id)
    call("POST", "/engines/{engine_id}/token", engine_id)
    call("GET", "/server")
    call("DELETE", "/engines/{engine_id}", engine_id)
    call("GET", "/engines/{engine_id}", engine_id)
    assert list(call.wrong) == []


def test_so_are_those_about_tokens() -> None:
    with FakeServer(admin_token=ADMIN) as server:
        call = Caller(server)
        made = call("POST", "/tokens", body={"role": "registrar", "name": "r", "engine_types": ["dialogue"]})
        registrar = {"Authorization": f"Bearer {made['token']}"}
        engine = call("POST", "/engines", body={"engine_type": "dialogue"}, headers=registrar)
        call("POST", "/engines/{engine_id}/token", engine["engine_id"], headers=registrar)
        call("POST", "/engines", body={"engine_type": "voice"}, headers=registrar)
        call("POST", "/engines", body={}, headers={"Authorization": ""})
        call("GET", "/server")
        call("GET", "/tokens")
        call("DELETE", "/tokens/{token_id}", made["token_id"])
        assert list(call.wrong) == []
