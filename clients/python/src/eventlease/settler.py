"""Carries settlements to the server, and applies its answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from eventlease.errors import NotEventLease, ProblemError, Unavailable, problem_error
from eventlease.event import Event
from eventlease.outcomes import Failed, Report
from eventlease.rules.repeats import ENGINE
from eventlease.rules.replies import Verdict, next_batch, verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from eventlease.calls import Calls
    from eventlease.identity import Identity
    from eventlease.leases import Leases, Settlement
    from eventlease.poller import Poller
    from eventlease.rules.leases import Row

log = logging.getLogger("eventlease.settler")

MAX_ENTRIES = 500
MAX_BYTES = 4 * 1024 * 1024
CALL_SECONDS = 30.0
PAUSE_SECONDS = 1.0

Settled = Callable[[Event[Any, Any], Report, dict[str, Any]], Any]
Lost = Callable[[Event[Any, Any]], Any]


class Settlements:
    """How many settlements go into one request, and what the answers to them mean."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self.entries = MAX_ENTRIES
        self.on_settled: list[Settled] = []
        self.on_lost: list[Lost] = []

    def take(self) -> list[Settlement]:
        """What goes with the next request. The lock of the leases is held."""
        return self._leases.take(self.entries, MAX_BYTES)

    @contextmanager
    def kept(self, sent: Sequence[Settlement]) -> Generator[None]:
        """What was sent is sent again if the part that sent it crashes: nothing happens twice by that."""
        try:
            yield
        except BaseException:
            self._leases.put_back(sent)
            raise

    def apply(self, sent: Sequence[Settlement], results: Sequence[dict[str, Any]], sent_at: float) -> bool:
        """True if every settlement got a definite answer."""
        leases = self._leases
        self.entries = min(self.entries * 2, MAX_ENTRIES)
        refused = [(each, result["error"]) for each, result in zip(sent, results, strict=False) if "error" in result]
        cancelled: list[Row] = []
        free: list[Event[Any, Any]] = []
        with leases.lock:
            leases.heard(sent_at)
            for each, result in zip(sent, results, strict=False):
                if "error" in result:
                    continue
                if each.report is not None:
                    free += leases.remove(each.row)
                elif "expires_in_seconds" in result:
                    leases.renewed(each.row, each.progress, sent_at + result["expires_in_seconds"])
                    cancelled += [each.row] if result.get("cancel_requested") else []
            leases.wake()
        if free:
            leases.take_in(free)
        if cancelled:
            leases.tell(cancelled, "cancel_requested")
        if self.on_settled:
            self._tell_settled(sent, results)
        again = [each for each, problem in refused if self._refused(each, problem)]
        again += sent[len(results) :]
        if again:
            leases.put_back(again)
        return not again

    def refused_whole(self, sent: Sequence[Settlement], error: ProblemError | Unavailable) -> None:
        """The request that carried them was refused: they go again, fewer at a time where that may help."""
        code, status = error.code or "", error.status or 0
        if len(sent) == 1 and status >= 400 and status not in (401, 404, 409):
            problem = error.problem if isinstance(error, ProblemError) else {"code": code, "status": status}
            if not self._refused(sent[0], {"detail": str(error), **problem, "status": status}, is_alone=True):
                return
        self.entries = next_batch(len(sent), status)
        self._leases.put_back(sent)

    def _refused(self, each: Settlement, problem: dict[str, Any], *, is_alone: bool = False) -> bool:
        """True if it should be sent again."""
        error, leases, row = problem_error(problem), self._leases, each.row
        each.internal_errors += error.status >= 500
        what = verdict(error.code, error.status, is_fallback=each.is_fallback, internal_errors=each.internal_errors)
        if what is Verdict.AGAIN:
            return True
        if each.report is None or each.event is None:  # a renewal
            if what is Verdict.LOST:
                with leases.lock:
                    lost = leases.table.lose(row.event_id, row.lease_token, problem.get("lease_ended_by"), leases.now())
                leases.interrupt([lost] if lost else [])
            return False
        fields = row.fields(code=error.code, lost=row.ended)
        if what is Verdict.REFUSED:
            log.error("the report of %s was refused, and it fails: %s", row, error, extra=fields)
            details = {"code": error.code, "errors": error.errors}
            kind = "ClientBug" if is_alone and error.status in (400, 415) else "ResultRefused"
            leases.replace(each, Failed({"type": kind, "message": error.detail, "details": details}, retryable=False))
            return False
        level = logging.ERROR if what is Verdict.DROPPED else logging.INFO if row.ended else logging.WARNING
        if what is Verdict.LOST and leases.inherit(each, problem.get("event_status")):
            log.info("the report of %s came too late, and goes with a newer lease if there is one", row, extra=fields)
            return False
        log.log(level, "the report of %s was not taken: %s", row, error, extra=fields)
        self._drop(each)
        return False

    def polled(self) -> None:
        """A poll is over: reports that came too late meanwhile go with the leases that it has brought, or nowhere."""
        for late in self._leases.polled():
            if not self._leases.inherit(late, None):
                log.warning("the report of %s was not taken: its event was leased again", late.row)
                self._drop(late)

    def _drop(self, each: Settlement) -> None:
        leases = self._leases
        with leases.lock:
            free = leases.remove(each.row)
            leases.stats.results_lost += 1
            leases.wake()
        if free:
            leases.take_in(free)
        for callback in self.on_lost:
            _guarded(callback, each.event)

    def _tell_settled(self, sent: Sequence[Settlement], results: Sequence[dict[str, Any]]) -> None:
        for each, result in zip(sent, results, strict=False):
            if each.report is not None and "error" not in result:
                for callback in self.on_settled:
                    _guarded(callback, each.event, each.report, result)


class Settler:
    """Sends settlements while the poller waits for events, or does not ask for any."""

    def __init__(
        self, leases: Leases, settlements: Settlements, calls: Calls, identity: Identity, poller: Poller
    ) -> None:
        self._leases = leases
        self._settlements = settlements
        self._calls = calls
        self._identity = identity
        self._poller = poller
        self.stopped = threading.Event()

    def run(self) -> None:
        """Until stopped."""
        leases = self._leases
        while True:
            with leases.lock:
                while not self.stopped.is_set() and not self._has_work():
                    leases.wait(leases.renewals_in_seconds() or None)
                if self.stopped.is_set():
                    return
                sent = self._settlements.take()
            with self._settlements.kept(sent):
                is_done = not sent or send(self._calls, self._identity, leases, self._settlements, sent)
            if not is_done:
                self.stopped.wait(PAUSE_SECONDS)

    def _has_work(self) -> bool:
        leases = self._leases
        if leases.outbox:
            return not self._poller.takes_settlements()
        return leases.renewals_in_seconds() == 0 and not self._poller.takes_renewals()


def send(
    calls: Calls, identity: Identity, leases: Leases, settlements: Settlements, sent: Sequence[Settlement]
) -> bool:
    """One request of settlements. False if a pause should follow."""
    generation = identity.generation
    body = b'{"settlements":[' + b",".join([each.body for each in sent]) + b"]}"
    try:
        reply = calls.send("PUT", "/events/status", body, seconds=CALL_SECONDS, repeat=ENGINE)
        results = calls.decode_object(reply, "results")["results"]
    except (ProblemError, Unavailable) as error:
        settlements.refused_whole(sent, error)
        if isinstance(error, ProblemError):
            identity.recover(error, generation)
        return False
    except NotEventLease as error:
        leases.put_back(sent)
        log.error("%s", error)  # noqa: TRY400
        return False
    return settlements.apply(sent, results, calls.sent_at)


def _guarded(callback: Callable[..., Any], *arguments: Any) -> None:
    try:
        callback(*arguments)
    except Exception:
        log.exception("a callback failed, with %r", arguments[0])
