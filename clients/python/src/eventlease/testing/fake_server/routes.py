"""Which handler answers which request, and of whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from eventlease.testing.fake_server import engines, enqueueing, heartbeats, leasing, reading, settling, tokens
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.refusals import Refused, invalid

Handler = Callable[[Call], "tuple[int, Any]"]


class Route(NamedTuple):
    """What an operation is; `roles` are those who may ask for it, engines for themselves only. None: all."""

    operation: str
    method: str
    path: str
    handler: Handler
    roles: str | None


def _server(call: Call) -> tuple[int, Any]:
    return 200, engines.server(call.state)


_ENGINE, _EVENT, _RUN = "/engines/{engine_id}", "/events/{event_id}", "/scenario-runs/{scenario_run_id}"
_PRODUCERS, _READERS = "producer orchestrator operator", "producer orchestrator operator reader"
# The misfortunes that a test orders name operations as they stand here.
ROUTES = [
    Route("register", "POST", "/engines", engines.register, "engine orchestrator registrar"),
    Route("read_engine", "GET", _ENGINE, engines.read, "engine orchestrator operator reader"),
    Route("change_engine", "PATCH", _ENGINE, engines.change, "orchestrator"),
    Route("deregister", "DELETE", _ENGINE, engines.deregister, "engine orchestrator"),
    Route("heartbeat", "POST", f"{_ENGINE}/heartbeat", heartbeats.heartbeat, "engine"),
    Route("drain", "POST", f"{_ENGINE}/drain", engines.drain, "engine orchestrator operator"),
    Route("resume", "POST", f"{_ENGINE}/resume", engines.resume, "orchestrator operator"),
    Route("renew_token", "POST", f"{_ENGINE}/token", engines.renew_token, "orchestrator registrar"),
    Route("exchange", "POST", "/events/queue/{engine_type}/lease", leasing.exchange, "engine"),
    Route("settle_many", "PUT", "/events/status", settling.settle_many, "engine"),
    Route("settle_one", "PUT", f"{_EVENT}/status", settling.settle_one, "engine"),
    Route("enqueue", "POST", "/events", enqueueing.enqueue, _PRODUCERS),
    Route("enqueue_batch", "POST", "/events/batch", enqueueing.enqueue_batch, _PRODUCERS),
    Route("wait", "POST", "/events/wait", reading.wait, _READERS),
    Route("read_event", "GET", _EVENT, reading.read_event, _READERS),
    Route("attempts", "GET", f"{_EVENT}/attempts", reading.attempts, _READERS),
    Route("cancel", "POST", f"{_EVENT}/cancel", reading.cancel, _PRODUCERS),
    Route("read_run", "GET", _RUN, reading.read_run, "orchestrator operator reader"),
    Route("cancel_run", "POST", f"{_RUN}/cancel", reading.cancel_run, "orchestrator operator"),
    Route("reopen_run", "POST", f"{_RUN}/reopen", reading.reopen_run, "orchestrator operator"),
    Route("create_token", "POST", "/tokens", tokens.create, "admin"),
    Route("list_tokens", "GET", "/tokens", tokens.list_all, "admin"),
    Route("revoke_token", "DELETE", "/tokens/{token_id}", tokens.revoke, "admin"),
    Route("read_server", "GET", "/server", _server, None),
]
OPERATIONS = frozenset(route.operation for route in ROUTES)
_PATTERNS = [(route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))) for route in ROUTES]
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route, and the parameters of the path."""
    methods: list[str] = []
    for route, pattern in _PATTERNS:
        match = pattern.fullmatch(path)
        if match and route.method == method:
            params = match.groupdict()
            wrong = [key for key, value in params.items() if key.endswith("_id") and not _is_id(key, value)]
            if wrong:
                raise invalid([{"parameter": key, "detail": "is not a UUID"} for key in wrong])
            return route, params
        methods += [route.method] if match else []
    if methods:
        refused = Refused("method_not_allowed", f"{method} is not among the methods in Allow")
        refused.headers["allow"] = ", ".join(methods)
        raise refused
    raise Refused("not_found", f"no resource has the path /api/v1{path}")


def _is_id(key: str, value: str) -> bool:
    return key == "scenario_run_id" or _UUID.fullmatch(value) is not None
