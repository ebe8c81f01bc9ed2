"""Which handler answers which request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from eventlease.testing.fake_server import engines, enqueueing, heartbeats, leasing, reading, settling, tokens
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.refusals import Refused, invalid

Handler = Callable[[Call], "tuple[int, Any]"]


def _server(call: Call) -> tuple[int, Any]:
    return 200, engines.server(call.state)


# The misfortunes that a test orders name operations as they stand here.
ROUTES: list[tuple[str, str, str, Handler]] = [
    ("register", "POST", "/engines", engines.register),
    ("read_engine", "GET", "/engines/{engine_id}", engines.read),
    ("change_engine", "PATCH", "/engines/{engine_id}", engines.change),
    ("deregister", "DELETE", "/engines/{engine_id}", engines.deregister),
    ("heartbeat", "POST", "/engines/{engine_id}/heartbeat", heartbeats.heartbeat),
    ("drain", "POST", "/engines/{engine_id}/drain", engines.drain),
    ("resume", "POST", "/engines/{engine_id}/resume", engines.resume),
    ("renew_token", "POST", "/engines/{engine_id}/token", engines.renew_token),
    ("exchange", "POST", "/events/queue/{engine_type}/lease", leasing.exchange),
    ("settle_many", "PUT", "/events/status", settling.settle_many),
    ("settle_one", "PUT", "/events/{event_id}/status", settling.settle_one),
    ("enqueue", "POST", "/events", enqueueing.enqueue),
    ("enqueue_batch", "POST", "/events/batch", enqueueing.enqueue_batch),
    ("wait", "POST", "/events/wait", reading.wait),
    ("read_event", "GET", "/events/{event_id}", reading.read_event),
    ("attempts", "GET", "/events/{event_id}/attempts", reading.attempts),
    ("cancel", "POST", "/events/{event_id}/cancel", reading.cancel),
    ("read_run", "GET", "/scenario-runs/{scenario_run_id}", reading.read_run),
    ("cancel_run", "POST", "/scenario-runs/{scenario_run_id}/cancel", reading.cancel_run),
    ("reopen_run", "POST", "/scenario-runs/{scenario_run_id}/reopen", reading.reopen_run),
    ("create_token", "POST", "/tokens", tokens.create),
    ("list_tokens", "GET", "/tokens", tokens.list_all),
    ("revoke_token", "DELETE", "/tokens/{token_id}", tokens.revoke),
    ("read_server", "GET", "/server", _server),
]
OPERATIONS = frozenset(name for name, *_ in ROUTES)
_PATTERNS = [
    (name, method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), handler)
    for name, method, path, handler in ROUTES
]
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def find(method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
    """The operation, its handler and the parameters of the path."""
    methods: list[str] = []
    for name, of_route, pattern, handler in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        if of_route == method:
            params = match.groupdict()
            wrong = [key for key, value in params.items() if key.endswith("_id") and not _is_id(key, value)]
            if wrong:
                raise invalid([{"parameter": key, "detail": "is not a UUID"} for key in wrong])
            return name, handler, params
        methods.append(of_route)
    if methods:
        refused = Refused("method_not_allowed", f"{method} is not among the methods in Allow")
        refused.headers["allow"] = ", ".join(methods)
        raise refused
    raise Refused("not_found", f"no resource has the path /api/v1{path}")


def _is_id(key: str, value: str) -> bool:
    return key == "scenario_run_id" or _UUID.fullmatch(value) is not None
