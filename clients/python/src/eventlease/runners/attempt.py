"""One attempt of a handler, from the payload to the report."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from eventlease import tracing
from eventlease.event import body_of, enter
from eventlease.misfits import PayloadInvalid
from eventlease.outcomes import Failed, NotRetryable, Released, Report
from eventlease.reports import report_of, report_of_return

if TYPE_CHECKING:
    from types import TracebackType

    from eventlease.event import Event
    from eventlease.rules.leases import Row
    from eventlease.runners.slots import Slots

log = logging.getLogger("eventlease.handler")

MAX_LOG_CHARS = 500


class Attempt:
    """Surrounds the call of a handler. Whatever is raised within becomes a report, and goes no further."""

    def __init__(self, slots: Slots, row: Row) -> None:
        self._slots = slots
        self._row = row
        self._event: Event[Any, Any] = row.event
        self.report: Report | None = None

    def __enter__(self) -> Attempt:
        self._span = tracing.processing(body_of(self._event), self._slots.settings.engine_type)
        self._ended = self._span.__enter__()
        return self

    def event(self) -> Event[Any, Any]:
        """The event with its decoded payload. Raises PayloadInvalid, or what the author's own decoder raises."""
        event, decode = self._event, self._row.handler.decode
        enter(event)
        event.state = self._slots.state
        payload = body_of(event)["payload"]
        event.payload = payload if decode is None else decode(payload)
        return event

    def returned(self, result: Any) -> None:
        """The handler has returned."""
        self.report = report_of_return(result)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None:
            self.report = report_of(error, self._row, with_traceback=self._slots.settings.report_traceback)
        is_news = error is None or self._row.told in (None, "timeout")
        if is_news and isinstance(self.report, (Failed, Released)) and self._slots.settings.log_failures:
            self._log(error, self.report)
        self._ended("nothing" if self.report is None else type(self.report).__name__.lower(), error)
        self._span.__exit__(None, None, None)
        self._slots.leases.finish(self._row, self.report)
        return True

    def _log(self, error: BaseException | None, report: Failed | Released) -> None:
        """One line, with a traceback for an exception that the library does not know."""
        level, unforeseen = logging.INFO, None
        if isinstance(report, Released):
            how = f"for {report.delay_seconds} s at least"
            if report.hold_seconds is not None:
                how = f"and the engine holds off for {report.hold_seconds:g} s"
            text = f"goes back, {how}: {report.reason}"
        elif report.delay_seconds is not None and not self._event.is_last_attempt:
            text = f"failed, and is retried in {report.delay_seconds} s: {report.error['message']}"
        elif report.delay_seconds is not None:
            level = logging.WARNING
            why = f"{report.error['type']}: {report.error['message']}"
            text = f"failed, and becomes a dead letter, because no retries are left: {why}"
        else:
            level, text = logging.WARNING, f"failed: {report.error['type']}: {report.error['message']}"
            if self._row.told is None and not isinstance(error, NotRetryable | PayloadInvalid):
                unforeseen = error
        fields = self._row.fields(engine_type=self._slots.settings.engine_type)
        log.log(level, "%s %s", self._row, " ".join(text.split())[:MAX_LOG_CHARS], exc_info=unforeseen, extra=fields)
