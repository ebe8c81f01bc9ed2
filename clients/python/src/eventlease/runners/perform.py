"""One handler's call, from the payload to the report."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eventlease import tracing
from eventlease.event import body_of, enter, row_of
from eventlease.outcomes import Completed, Failed, Report
from eventlease.reports import report_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from eventlease.leases import Leases
    from eventlease.runners.slots import Job, Slots

log = logging.getLogger("eventlease.handler")


@dataclass(slots=True)
class Performer:
    """What all calls of handlers share."""

    leases: Leases
    slots: Slots
    engine_type: str
    state: Any = None
    report_traceback: bool = True
    log_failures: bool = True

    def begin(self, job: Job) -> bool:
        """False if the handler must not begin; the event is given back then."""
        if self.leases.begin(job.row, job.handler.timeout_seconds):
            self.slots.active[job.row.lease_token] = job
            if log.isEnabledFor(logging.DEBUG):
                log.debug("begun", extra={"eventlease": {"event_id": job.row.event_id, "attempt": job.row.attempt}})
            return True
        self.leases.decline(job.event, job.row)
        return False

    def span(self, job: Job) -> AbstractContextManager[tracing.Ended]:
        """The span of this attempt, where there are traces."""
        return tracing.processing(body_of(job.event), self.engine_type)

    def prepare(self, job: Job) -> None:
        """Raises PayloadInvalid, or what the author's own decoder raises."""
        event, decode = job.event, job.handler.decode
        enter(event)
        event.state = self.state
        payload = body_of(event)["payload"]
        event.payload = payload if decode is None else decode(payload)

    def failed(self, job: Job, error: BaseException, *, is_cancelled: bool = False) -> Report | None:
        """What is reported of an exception."""
        handler, told = job.handler, job.row.told
        report = report_of(
            error, told, handler=handler.name, not_retryable=handler.not_retryable,
            with_traceback=self.report_traceback, is_cancelled=is_cancelled,
        )  # fmt: skip
        if self.log_failures and told is None and getattr(report, "error", None):
            fields = {"event_id": job.row.event_id, "event_type": job.event.event_type, "attempt": job.row.attempt}
            log.warning("a handler failed", exc_info=error, extra={"eventlease": fields})
        return report

    def broke(self, job: Job, error: BaseException) -> None:
        """Reports the event where the library itself has raised, so that neither it nor its slot is lost."""
        fields = {"event_id": job.row.event_id}
        log.error("a handler could not be run", exc_info=error, extra={"eventlease": fields})
        self.finish(job, Failed({"type": "ClientBug", "message": "the client library raised an error"}))

    def finish(self, job: Job, report: Report | None) -> None:
        """Hands over the report; an event that waited for this handler may begin."""
        self.slots.active.pop(job.row.lease_token, None)
        after = self.leases.finish(job.event, job.row, report)
        if after is not None:
            self.slots.add([type(job)(after, row_of(after), job.handler)])


def outcome(report: Report | None) -> str:
    """The name of what is reported."""
    return "nothing" if report is None else type(report).__name__.lower()


def completed(result: Any) -> Report:
    """What is reported of a handler that returned."""
    return result if isinstance(result, Completed) else Completed(result)
