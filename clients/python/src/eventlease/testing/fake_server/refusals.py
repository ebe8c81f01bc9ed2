"""What the fake server refuses, as problem documents."""

from __future__ import annotations

from typing import Any

_CODES = {
    400: ["malformed_json"],
    401: ["unauthenticated"],
    403: ["forbidden"],
    404: ["not_found", "engine_not_found", "event_not_found"],
    405: ["method_not_allowed"],
    409: ["lease_lost", "already_settled", "engine_type_mismatch", "engine_id_taken", "engine_superseded",
          "event_is_final", "run_cancelled"],
    413: ["payload_too_large"],
    422: ["invalid_input", "idempotency_key_reused", "follow_up_refused", "poll_id_reused"],
    429: ["overloaded", "rate_limited"],
    500: ["internal"],
    503: ["database_unavailable", "shutting_down"],
}  # fmt: skip
STATUSES = {code: status for status, codes in _CODES.items() for code in codes}
_HEADERS = {401: {"www-authenticate": "Bearer"}, 429: {"retry-after": "1"}, 503: {"retry-after": "1"}}


class Refused(Exception):
    """A refusal; `members` are further members of its problem document, `headers` go with a reply of its own."""

    def __init__(self, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.members = code, detail, members
        self.status = STATUSES[code]
        self.headers = dict(_HEADERS.get(self.status, {}))

    def problem(self) -> dict[str, Any]:
        """The problem document."""
        kind, title = f"urn:eventlease:problem:{self.code}", self.code.replace("_", " ").capitalize()
        named = {"type": kind, "title": title, "status": self.status, "detail": self.detail, "code": self.code}
        return {**named, **self.members}


def invalid(errors: list[dict[str, str]], code: str = "invalid_input") -> Refused:
    """The refusal of a request with these wrong places."""
    return Refused(code, f"{len(errors)} places of the request are wrong", errors=errors)


def engine_not_found(engine_id: str) -> Refused:
    """No such engine is registered."""
    return Refused("engine_not_found", f"no engine {engine_id} is registered; register it with POST /api/v1/engines")


def event_not_found(event_id: str) -> Refused:
    """No such event is known."""
    return Refused("event_not_found", f"no event {event_id} is known")
