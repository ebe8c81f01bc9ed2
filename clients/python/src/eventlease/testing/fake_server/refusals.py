"""What the fake server refuses, as problem documents."""

from __future__ import annotations

from typing import Any

# By code: the status, and the title.
KINDS: dict[str, tuple[int, str]] = {
    "malformed_json": (400, "The body is not JSON"),
    "unauthenticated": (401, "Authentication required"),
    "forbidden": (403, "Not allowed"),
    "not_found": (404, "Nothing is here"),
    "engine_not_found": (404, "The engine is not registered"),
    "event_not_found": (404, "The event is not known"),
    "method_not_allowed": (405, "The method does not fit the resource"),
    "lease_lost": (409, "The lease is over"),
    "already_settled": (409, "The lease was settled otherwise"),
    "engine_type_mismatch": (409, "The engine is of another type"),
    "engine_id_taken": (409, "The engine id is taken"),
    "engine_superseded": (409, "The engine has registered again"),
    "event_is_final": (409, "The event has ended"),
    "run_cancelled": (409, "The scenario run is cancelled"),
    "payload_too_large": (413, "The body is too large"),
    "invalid_input": (422, "The request has errors"),
    "idempotency_key_reused": (422, "The idempotency key stands for another body"),
    "follow_up_refused": (422, "A follow-up event cannot be enqueued"),
    "poll_id_reused": (422, "The poll id stands for another poll"),
    "overloaded": (429, "Too much at once"),
    "rate_limited": (429, "Too much in too short a time"),
    "internal": (500, "Something went wrong here"),
    "database_unavailable": (503, "The database is not available"),
    "shutting_down": (503, "The service is stopping"),
}


class Refused(Exception):
    """A refusal; `members` are further members of its problem document, `headers` go with a reply of its own."""

    def __init__(self, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.members = code, detail, members
        self.headers: dict[str, str] = {}
        if self.status == 401:
            self.headers["www-authenticate"] = "Bearer"
        elif self.status in (429, 503):
            self.headers["retry-after"] = "1"

    @property
    def status(self) -> int:
        """The status of a reply that says only this."""
        return KINDS[self.code][0]

    def problem(self) -> dict[str, Any]:
        """The problem document."""
        status, title = KINDS[self.code]
        kind = f"urn:eventlease:problem:{self.code}"
        return {
            "type": kind,
            "title": title,
            "status": status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }


def invalid(errors: list[dict[str, str]], code: str = "invalid_input") -> Refused:
    """The refusal of a request with these wrong places."""
    count = "one place" if len(errors) == 1 else f"{len(errors)} places"
    verb = "is" if len(errors) == 1 else "are"
    return Refused(code, f"{count} of the request {verb} wrong", errors=errors)


def engine_not_found(engine_id: str) -> Refused:
    """No such engine is registered."""
    return Refused("engine_not_found", f"no engine {engine_id} is registered; register it with POST /api/v1/engines")


def event_not_found(event_id: str) -> Refused:
    """No such event is known."""
    return Refused("event_not_found", f"no event {event_id} is known")
