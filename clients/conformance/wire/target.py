"""A server under test, real or fake, as the cases of this suite speak to it."""

from __future__ import annotations

import http.client
import json
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


# Connections that no call uses now, by server.
IDLE: dict[str, list[http.client.HTTPConnection]] = {}


@dataclass(frozen=True)
class Reply:
    """An answer, with its body decoded."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The code of a problem."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body)
        assert self.body["status"] == self.status and self.body["title"] and self.body["detail"]
        assert self.body["type"] == f"urn:eventlease:problem:{self.body['code']}"
        return str(self.body["code"])

    @property
    def places(self) -> list[str]:
        """Where the request is wrong, by pointer, parameter or header."""
        assert self.code == "invalid_input"
        return [error.get("pointer", error.get("parameter", error.get("header"))) for error in self.body["errors"]]


@dataclass
class Target:
    """Speaks to a server. `pass_time` lets so many seconds pass there, `now` is its time."""

    url: str
    pass_time: Callable[[float], object]
    now: Callable[[], float]
    token: str | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Sends one request; header names have underscores in the place of hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        idle = IDLE.setdefault(self.url, [])
        if idle:
            with suppress(OSError, http.client.HTTPException):  # the server may have closed it meanwhile
                return self._exchange(idle.pop(), method, path, data, sent)
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        return self._exchange(connection, method, path, data, sent)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        data: bytes | None,
        headers: dict[str, str],
    ) -> Reply:
        try:
            connection.request(method, f"/api/v1{path}", body=data, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
        except BaseException:
            connection.close()
            raise
        IDLE[self.url].append(connection)
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, names, json.loads(text) if text else None)

    def with_token(self, token: str | None) -> Target:
        """The same server, spoken to with another token."""
        return Target(self.url, self.pass_time, self.now, token)

    def soon(self, seconds: float) -> str:
        """A time so many seconds away, as the interface takes it."""
        return datetime.fromtimestamp(self.now() + seconds, timezone.utc).isoformat().replace("+00:00", "Z")

    def engine(self, engine_type: str | None = None, **registration: Any) -> EngineCaller:
        """Registers an engine, by default for a queue of its own."""
        body = {"engine_type": engine_type or new_queue(), **registration}
        reply = self.call("POST", "/engines", body)
        assert reply.status == 201, reply.body
        return EngineCaller(self, reply.body)

    def enqueue(self, engine_type: str, payload: Any = None, **members: Any) -> str:
        """Enqueues one event and returns its id."""
        body = {"engine_type": engine_type, "event_type": "tried", "payload": payload, **members}
        reply = self.call("POST", "/events", body)
        assert reply.status == 201, reply.body
        return str(reply.body["event_id"])

    def event(self, event_id: str) -> Any:
        """An event as the server has it."""
        return self.call("GET", f"/events/{event_id}").body

    def attempts(self, event_id: str) -> list[Any]:
        """The ended attempts, the newest first."""
        items: list[Any] = self.call("GET", f"/events/{event_id}/attempts").body["items"]
        return items


@dataclass
class EngineCaller:
    """Calls as one registered engine."""

    target: Target
    registered: Any
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"X_Engine_Id": self.id}
        if "engine_token" in self.registered:
            self.headers = {"Authorization": f"Bearer {self.registered['engine_token']}"}

    @property
    def id(self) -> str:
        return str(self.registered["engine_id"])

    @property
    def queue(self) -> str:
        return str(self.registered["engine_type"])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self.target.call(method, path, body, **{**self.headers, **headers})

    def exchange(self, **body: Any) -> Reply:
        return self.call("POST", f"/events/queue/{self.queue}/lease", body)

    def lease(self, limit: int = 100, **body: Any) -> list[Any]:
        """Leases events, which may be none."""
        reply = self.exchange(limit=limit, **body)
        assert reply.status == 200, reply.body
        events: list[Any] = reply.body["events"]
        return events

    def lease_one(self, payload: Any = None, **members: Any) -> Any:
        """Enqueues one event and leases it."""
        self.target.enqueue(self.queue, payload, **members)
        (event,) = self.lease(1)
        return event

    def settle(self, event: Any, status: str, **members: Any) -> Reply:
        body = {"lease_token": event["lease"]["lease_token"], "status": status, **members}
        return self.call("PUT", f"/events/{event['event_id']}/status", body)

    def settle_many(self, *settlements: Any) -> Reply:
        return self.call("PUT", "/events/status", {"settlements": list(settlements)})

    def heartbeat(self, **body: Any) -> Reply:
        return self.call("POST", f"/engines/{self.id}/heartbeat", body)

    def register_again(self, **registration: Any) -> Reply:
        return self.target.call("POST", "/engines", {"engine_id": self.id, "engine_type": self.queue, **registration})


def report(event: Any, status: str, **members: Any) -> dict[str, Any]:
    """A settlement of a leased event."""
    return {
        "event_id": event["event_id"],
        "lease_token": event["lease"]["lease_token"],
        "status": status,
        **members,
    }


def held(event: Any, **members: Any) -> dict[str, Any]:
    """A lease as a heartbeat lists it."""
    return {"event_id": event["event_id"], "lease_token": event["lease"]["lease_token"], **members}


def new_queue() -> str:
    """The name of a queue that nobody else uses."""
    return f"q-{uuid.uuid4().hex[:12]}"


UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"
NO_TOKEN = "0" * 32
