"""One handler's call, from the payload to the report."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eventlease import tracing
from eventlease.decoding import PayloadInvalid
from eventlease.event import body_of, enter
from eventlease.outcomes import Completed, Failed, NotRetryable, Released, Report, RetryAfter
from eventlease.reports import report_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from eventlease.leases import Leases
    from eventlease.runners.slots import Job, Slots

log = logging.getLogger("eventlease.handler")

MAX_LOG_CHARS = 500


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
                log.debug("%s begins", job.row, extra=job.row.fields(engine_type=self.engine_type))
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
        if self.log_failures and told in (None, "timeout") and report is not None:
            self._log(job, error, report)
        return report

    def _log(self, job: Job, error: BaseException, report: Report) -> None:
        """One line; with a traceback where nobody has foreseen it."""
        level, text, is_foreseen = logging.INFO, "", True
        if isinstance(report, Released):
            how = f"for {report.delay_seconds} s at least"
            if report.hold_seconds is not None:
                how = f"and the engine holds off for {report.hold_seconds:g} s"
            text = f"goes back, {how}: {report.reason}"
        elif isinstance(report, Failed):
            text = f"failed, and is retried in {report.delay_seconds} s: {report.error['message']}"
            if not isinstance(error, RetryAfter):
                level, text = logging.WARNING, f"failed: {report.error['type']}: {report.error['message']}"
                is_foreseen = job.row.told is not None or isinstance(error, NotRetryable | PayloadInvalid)
        text = " ".join(text.split())[:MAX_LOG_CHARS]
        fields = job.row.fields(engine_type=self.engine_type)
        log.log(level, "%s %s", job.row, text, exc_info=None if is_foreseen else error, extra=fields)

    def broke(self, job: Job, error: BaseException) -> None:
        """Reports the event where the library itself has raised, so that neither it nor its slot is lost."""
        fields = job.row.fields(engine_type=self.engine_type)
        log.error("the handler of %s could not be run", job.row, exc_info=error, extra=fields)
        self.finish(job, Failed({"type": "ClientBug", "message": "the client library raised an error"}))

    def finish(self, job: Job, report: Report | None) -> None:
        """Hands over the report."""
        self.slots.active.pop(job.row.lease_token, None)
        self.leases.finish(job.event, job.row, report)


def outcome(report: Report | None) -> str:
    """The name of what is reported."""
    return "nothing" if report is None else type(report).__name__.lower()


def completed(result: Any) -> Report:
    """What is reported of a handler that returned."""
    return result if isinstance(result, Completed) else Completed(result)
