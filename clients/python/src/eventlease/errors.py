"""What calls raise. Programs decide by class and by `code`, never by text."""

from __future__ import annotations

import copyreg
from typing import Any


class Portable(BaseException):
    """An exception that can be pickled whatever its constructor takes, so that a process of a pool may raise it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class EventLeaseError(Portable, Exception):
    """The base of the library's own exceptions."""


class ProblemError(EventLeaseError):
    """The server refused a call; `problem` is the body of its reply."""

    def __init__(self, problem: dict[str, Any], status: int, request_id: str | None = None) -> None:
        self.problem = problem
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail") or problem.get("title") or "")
        self.errors: list[dict[str, Any]] = problem.get("errors") or []
        self.request_id = request_id
        super().__init__(self._text())

    def _text(self) -> str:
        text = f"{self.code or self.status}: {self.detail}"
        for error in self.errors:
            place = error.get("pointer") or error.get("parameter") or error.get("header") or "body"
            text += f"; {place}: {error.get('detail', '')}"
        return f"{text} (request {self.request_id})" if self.request_id else text


class InvalidInput(ProblemError):
    """400, 405, 413, 415, 422, 431: the request itself is wrong; `errors` names every wrong place."""


def refused_here(detail: str, status: int = 422) -> InvalidInput:
    """The error for a request that the client does not send, because it cannot be right."""
    return InvalidInput({"code": "payload_too_large" if status == 413 else "invalid_input", "detail": detail}, status)


class Unauthenticated(ProblemError):
    """401: the token is missing, unknown, revoked or expired."""

    def _text(self) -> str:
        return f"{super()._text()}; the token is that of the option `token`, or else of EVENTLEASE_TOKEN"


class Forbidden(ProblemError):
    """403, 421: this caller may not do that."""


class NotFound(ProblemError):
    """404: there is no such event, engine, queue or address."""


class Conflict(ProblemError):
    """409: the state of the server does not allow it."""


class LeaseLost(Conflict):
    """The lease had ended before the report arrived."""

    @property
    def lease_ended_by(self) -> str | None:
        """How the lease ended: `expired`, `engine_unresponsive`, …; None where there never was such a lease."""
        ended_by: str | None = self.problem.get("lease_ended_by")
        return ended_by


class AlreadySettled(Conflict):
    """The lease was settled with another status; `settled_as` is the one that stands."""

    @property
    def settled_as(self) -> str | None:
        """The status with which the lease was settled."""
        settled_as: str | None = self.problem.get("settled_as")
        return settled_as


class Unavailable(EventLeaseError):
    """No definite answer within the time limit: the server did not answer, or could not serve the call.

    `is_unknown` is True if the server may have carried out the call nevertheless.
    """

    def __init__(
        self,
        message: str,
        *,
        is_unknown: bool = False,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown
        self.status = status
        self.code = code
        self.request_id = request_id


class NotEventLease(EventLeaseError):
    """The reply does not come from an EventLease server but, for example, from a proxy or another service."""


class BufferFull(EventLeaseError):
    """Too many events wait to be enqueued, and the client was made with `on_full="raise"`."""


class ConfigurationError(EventLeaseError):
    """An engine or a client cannot work as it is set up."""


class EventFailed(EventLeaseError):
    """The awaited event ended without success; `event` is the event as the server describes it."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.event = event
        self.event_id = str(event["event_id"])
        self.error_type: str | None = event.get("error_type")
        self.error: Any = event.get("error")
        message = event.get("error_message") or event.get("dead_letter_reason") or "no error was reported"
        super().__init__(f"event {self.event_id} failed: {f'{self.error_type}: ' if self.error_type else ''}{message}")


class EventCancelled(EventLeaseError):
    """The awaited event was cancelled, by a call or because of its `discard_after_seconds`."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.event = event
        self.event_id = str(event["event_id"])
        super().__init__(f"event {self.event_id} was cancelled")


_BY_CODE: dict[str, type[ProblemError]] = {"lease_lost": LeaseLost, "already_settled": AlreadySettled}
_BY_STATUS: dict[int, type[ProblemError]] = {
    **dict.fromkeys((400, 405, 413, 415, 422, 431), InvalidInput),
    401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict, 421: Forbidden,
}  # fmt: skip


def problem_error(problem: dict[str, Any], status: int | None = None, request_id: str | None = None) -> ProblemError:
    """The error for a problem document, of a whole reply or of one entry of it. Unknown codes keep their family."""
    status = status if status is not None else int(problem.get("status", 0))
    kind = _BY_CODE.get(str(problem.get("code"))) or _BY_STATUS.get(status, ProblemError)
    return kind(problem, status, request_id)
