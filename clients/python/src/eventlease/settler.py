"""Carries settlements to the server, and applies its answers."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from eventlease.errors import NotEventLease, ProblemError, Unavailable, problem_error
from eventlease.event import Event
from eventlease.outcomes import Failed, Report
from eventlease.rules.repeats import ENGINE
from eventlease.rules.replies import Verdict, next_batch, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.calls import Calls
    from eventlease.leases import Settlement
    from eventlease.life import Life
    from eventlease.rules.leases import Row

log = logging.getLogger("eventlease.settler")

MAX_ENTRIES = 500
MAX_BYTES = 4 * 1024 * 1024
CALL_SECONDS = 30.0
PAUSE_SECONDS = 1.0
MAX_REASON_CHARS = 2000

Settled = Callable[[Event[Any, Any], Report, dict[str, Any]], Any]
Lost = Callable[[Event[Any, Any]], Any]


class Settlements:
    """How many settlements go into one request, and what the answers to them mean."""

    def __init__(self, life: Life) -> None:
        self._leases = life.leases
        self._identity = life.identity
        self.entries = MAX_ENTRIES
        self.on_settled: list[Settled] = []
        self.on_lost: list[Lost] = []

    def take(self) -> list[Settlement]:
        """What goes with the next request. The lock of the leases is held."""
        return self._leases.take(self.entries, MAX_BYTES)

    def send(
        self, calls: Calls, sent: Sequence[Settlement], poll: bytes = b"", path: str = "", seconds: float = CALL_SECONDS
    ) -> tuple[dict[str, Any], bool] | None:
        """One request of settlements, which may be a poll at the same time. None without a reply.

        The reply, and true if every settlement got a definite answer. What was sent is sent again if the part that
        sent it crashes: nothing happens twice by that.
        """
        settlements = b'"settlements":[' + b",".join([each.body for each in sent]) + b"]"
        body = b"{" + b",".join([part for part in (poll, settlements if sent else b"") if part]) + b"}"
        method, path = ("POST", path) if poll else ("PUT", "/events/status")
        try:
            reply = calls.send(method, path, body, seconds=seconds, repeat=ENGINE)
            answer = calls.decode_object(reply, *(("results", "events") if poll else ("results",)))
            return answer, not sent or self.apply(sent, answer["results"], calls.sent_at)
        except (ProblemError, Unavailable, NotEventLease) as error:
            self._refused_whole(sent, error)
            return None
        except BaseException:
            self._leases.put_back(sent)
            raise

    def apply(self, sent: Sequence[Settlement], results: Sequence[dict[str, Any]], sent_at: float) -> bool:
        """True if every settlement got a definite answer."""
        leases = self._leases
        self.entries = min(self.entries * 2, MAX_ENTRIES)
        answered = list(zip(sent, results, strict=False))
        cancelled: list[Row] = []
        free: list[Row] = []
        with leases.lock:
            leases.heard(sent_at)
            for each, result in answered:
                if "error" in result:
                    continue
                if each.report is not None:
                    free += leases.remove(each.row)
                elif "expires_in_seconds" in result:
                    leases.renewed(each.row, each.progress, sent_at + float(result["expires_in_seconds"]))
                    cancelled += [each.row] if result.get("cancel_requested") else []
            leases.changed.notify_all()
        if free:
            leases.take_in(free)
        if cancelled:
            leases.tell(cancelled, "cancel_requested")
        if self.on_settled:
            for each, result in answered:
                if each.report is not None and "error" not in result:
                    for callback in self.on_settled:
                        _guarded(callback, each.event, each.report, result)
        again = [each for each, result in answered if "error" in result and self._refused(each, result["error"])]
        again += sent[len(results) :]
        if again:
            leases.put_back(again)
        return not again

    def _refused_whole(self, sent: Sequence[Settlement], error: ProblemError | Unavailable | NotEventLease) -> None:
        """The request that carried them was refused: they go again, fewer at a time where that may help."""
        if isinstance(error, NotEventLease):
            self._leases.put_back(sent)
            log.error("%s", error)
            return
        code, status = error.code or "", error.status or 0
        is_taken_back = bool(sent)
        if len(sent) == 1 and status >= 400 and status not in (401, 404, 409):
            problem = error.problem if isinstance(error, ProblemError) else {"code": code}
            problem = {"detail": str(error), **problem, "status": status}
            is_taken_back = self._refused(sent[0], problem, is_alone=True)
        if is_taken_back:
            self.entries = next_batch(len(sent), status)
            self._leases.put_back(sent)
        if isinstance(error, ProblemError):
            self._identity.recover(error)

    def polled(self) -> None:
        """A poll is over: reports that came too late meanwhile go with the leases that it has brought, or nowhere."""
        for late in self._leases.polled():
            if not self._leases.inherit(late, None):
                log.warning("the report of %s was not taken: its event was leased again", late.row)
                self._drop(late)

    def _refused(self, each: Settlement, problem: dict[str, Any], *, is_alone: bool = False) -> bool:
        """True if it should be sent again."""
        error, leases, row = problem_error(problem), self._leases, each.row
        each.internal_errors += error.status >= 500
        what = verdict(error.code, error.status, is_fallback=each.is_fallback, internal_errors=each.internal_errors)
        if what is Verdict.AGAIN:
            return True
        if each.report is None:  # a renewal
            if what is Verdict.LOST:
                with leases.lock:
                    is_news = leases.table.lose(row, problem.get("lease_ended_by"), leases.now())
                leases.interrupt([row] if is_news else [])
            return False
        fields = row.fields(code=error.code, lost=row.ended)
        if what is Verdict.REFUSED:
            why = _why_refused(error)
            log.error("the report of %s was refused, so the event fails: %s", row, why, extra=fields)
            details = {"code": error.code, "errors": error.errors}
            kind = "ClientBug" if is_alone and error.status in (400, 415) else "ResultRefused"
            leases.replace(each, Failed({"type": kind, "message": why, "details": details}, retryable=False))
        elif what is Verdict.LOST and leases.inherit(each, problem.get("event_status")):
            log.info("the report of %s came too late, and goes with a newer lease if there is one", row, extra=fields)
        else:
            level = logging.ERROR if what is Verdict.DROPPED else logging.INFO if row.ended else logging.WARNING
            log.log(level, "the report of %s was not taken: %s", row, error, extra=fields)
            self._drop(each)
        return False

    def _drop(self, each: Settlement) -> None:
        leases = self._leases
        with leases.lock:
            free = leases.remove(each.row)
            leases.stats.results_lost += 1
            leases.changed.notify_all()
        if free:
            leases.take_in(free)
        for callback in self.on_lost:
            _guarded(callback, each.event)


class Settler:
    """Sends settlements while the poller waits for events, or does not ask for any."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._leases = life.leases
        self._calls = life.new_calls(life.identity)
        self._hold_said_until = 0.0

    def run(self) -> None:
        """Until the engine stops."""
        leases, settlements, stopped = self._leases, self._life.settlements, self._life.stopped
        while True:
            with leases.lock:
                while not stopped.is_set() and not self._has_work():
                    leases.changed.wait(leases.renewals_in_seconds() or None)
                if stopped.is_set():
                    return
                sent = settlements.take()
            if self._hold_said_until <= leases.now() < leases.hold_until:
                self._hold_said_until = leases.hold_until
                self._life.heart.say_hold(self._calls)
            if sent:
                _, is_settled = settlements.send(self._calls, sent) or ({}, False)
                if not is_settled:
                    stopped.wait(PAUSE_SECONDS)

    def _has_work(self) -> bool:
        leases, poller = self._leases, self._life.poller
        if leases.outbox:
            return not poller.takes_settlements()
        return leases.renewals_in_seconds() == 0 and not poller.takes_renewals()


def _why_refused(error: ProblemError) -> str:
    """The wrong places of the report, for people; without them, what the server says of the whole."""
    if not error.errors:
        return f"{error.code}: {error.detail}"
    places: list[str] = []
    for each in error.errors:
        place = re.sub(r"^/settlements/\d+", "", each.get("pointer") or "")
        places.append(f"{place or 'the report'}: {each.get('detail', '')}")
    return "; ".join(places)[:MAX_REASON_CHARS]


def _guarded(callback: Callable[..., Any], *arguments: Any) -> None:
    try:
        callback(*arguments)
    except BaseException:
        log.exception("a callback failed, with %r", arguments[0])
