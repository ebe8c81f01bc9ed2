"""How the end of a handler becomes the settlement that is sent."""

from __future__ import annotations

import inspect
import traceback
from typing import TYPE_CHECKING, Any, cast

from eventlease.encoding import STANDARD, Json, depth, dump_bytes
from eventlease.misfits import PayloadInvalid
from eventlease.outcomes import Completed, Failed, Hold, NotRetryable, Release, Released, Report, RetryAfter
from eventlease.rules.outcome import Ending, Kind, kind_of_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventlease.rules.leases import Row, Told

MAX_TYPE_CHARS = 200
MAX_MESSAGE_CHARS = 8192
MAX_TRACEBACK_CHARS = 16_000
MAX_CAUSES = 5
MAX_DETAIL_BYTES = 256 * 1024  # the server's, unless it says otherwise
MAX_JSON_DEPTH = 64
MAX_DELAY_SECONDS = 86_400
MAX_REASON_CHARS = 500
MAX_CODE_CHARS = 64
_ENDINGS: dict[type[BaseException], Ending] = {
    Release: Ending.RELEASE,
    Hold: Ending.HOLD,
    RetryAfter: Ending.RETRY_AFTER,
    NotRetryable: Ending.NOT_RETRYABLE,
    PayloadInvalid: Ending.NOT_RETRYABLE,
}
_TOLD_REASONS: dict[Told, str] = {"cancel_requested": "its cancellation was requested", "stopping": "the engine stops"}


def well_formed(text: str) -> str:
    """The text with U+FFFD in the place of lone surrogates, which UTF-8 cannot hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def encode(value: Any, using: Json = STANDARD) -> bytes:
    """JSON text. Raises ValueError or TypeError for values that JSON cannot hold."""
    try:
        return dump_bytes(value, using)
    except UnicodeEncodeError:
        text = using.dumps(value)
        return well_formed(text if isinstance(text, str) else text.decode("utf-8", "replace")).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def report_of_return(result: Any) -> Report:
    """The report for a returned value. If the handler should have raised or awaited it, a failure that says so."""
    completed = result if isinstance(result, Completed) else Completed(result)
    advice = _advice(completed.result)
    return completed if advice is None else Failed({"type": "ResultNotJson", "message": advice}, retryable=False)


def _advice(result: Any) -> str | None:
    """What to write instead of returning this value; None if it may be returned."""
    if result is None or isinstance(result, (str, int, float, dict, list, tuple)):
        return None
    kind = cast("type[Any]", result if inspect.isclass(result) else type(result))
    name = _printable(kind.__name__)
    if issubclass(kind, BaseException):
        return f"it returned {name}: write `raise {name}(…)` instead of `return {name}(…)`"
    if issubclass(kind, Failed | Released):
        return f"it returned {name}: raise an exception instead, such as RetryAfter, NotRetryable or Release"
    is_awaitable = inspect.isawaitable(result)
    if is_awaitable or inspect.isgenerator(result) or inspect.isasyncgen(result):
        if inspect.iscoroutine(result):
            result.close()  # otherwise Python warns that it was never awaited
        to_await = "write `async def` for the handler and its decorators, and `await` it"
        advice = to_await if is_awaitable else "return a list of its items"
        return f"it returned a {name}: {advice}"
    return None


def report_of(error: BaseException, row: Row, *, with_traceback: bool = True) -> Report | None:
    """The report for an exception of a handler; None if nothing is reported."""
    kind = kind_of_report(_ending(error, row.handler.not_retryable), row.told)
    if kind is Kind.NOTHING:
        return None
    if kind is Kind.TIMED_OUT:
        message = f"{row.handler.name} did not end within its time limit"
        return Failed({"type": "HandlerTimeout", "message": message})
    if isinstance(error, Hold):
        return Released(0, "hold", _reason(error.reason), hold_seconds=min(error.seconds, MAX_DELAY_SECONDS))
    if isinstance(error, Release):
        return Released(_delay(error.delay_seconds), _code(error.code), _reason(error.reason))
    if kind is Kind.RELEASED:
        return Released(0, row.told, _TOLD_REASONS.get(row.told) if row.told else None)
    delay = _delay(error.seconds) if isinstance(error, RetryAfter) else None
    described = describe(error, row.handler.name, with_traceback=with_traceback)
    return Failed(described, retryable=kind is not Kind.DEAD_LETTER, delay_seconds=delay)


def describe(error: BaseException, handler: str, *, with_traceback: bool = True) -> dict[str, Any]:
    """The `error` of a failure, cut to the server's limits."""
    details: dict[str, Any] = {"handler": handler}
    own = error.places if isinstance(error, PayloadInvalid) else getattr(error, "details", None)
    if own is not None:
        details["details"] = _bounded(own)
    if causes := _causes(error):
        details["cause"] = causes
    if with_traceback and not isinstance(error, PayloadInvalid):
        own = error.__traceback__  # its first frame is the library's
        text = "".join(traceback.format_exception(type(error), error, own.tb_next if own is not None else None))
        details["traceback"] = well_formed(text[-MAX_TRACEBACK_CHARS:])
    described = {"type": _type(error), "message": _text_of(error, str), "details": details}
    fingerprint = getattr(error, "fingerprint", None)
    if isinstance(error, NotRetryable) and isinstance(fingerprint, str) and fingerprint:
        described["fingerprint"] = _printable(fingerprint)[:200]
    return described


def settlement(
    row: Row, report: Report, using: Json = STANDARD, max_bytes: int = MAX_DETAIL_BYTES
) -> tuple[bytes, Report]:
    """The entry of a settlement list, and the report that it carries.

    For a result that cannot be sent, that is a failure that is not retried.
    """
    start = f'{{"event_id":"{row.event_id}","lease_token":"{row.lease_token}","status":'.encode()
    if isinstance(report, Completed):
        try:
            result = b"" if report.result is None else b',"result":' + encode(report.result, using)
            follow_ups = b',"enqueue":' + encode(list(report.enqueue), using) if report.enqueue else b""
        except Exception as error:  # noqa: BLE001, an author's class may raise anything where it is encoded
            refused = {"type": "ResultNotJson", "message": _text_of(error, str)}
        else:
            size = len(result) - len(b',"result":')
            if size <= max_bytes:
                return start + b'"completed"' + result + follow_ups + b"}", report
            message = f"a result of {size} bytes is longer than {max_bytes}"
            refused = {"type": "ResultRefused", "message": message}
        report = Failed(refused, retryable=False)
    members: dict[str, Any]
    if isinstance(report, Failed):
        retryable = None if report.retryable else False
        members = {"error": report.error, "delay_seconds": report.delay_seconds, "retryable": retryable}
    else:
        members = {"delay_seconds": report.delay_seconds or None, "code": report.code, "reason": report.reason}
    status = b'"failed"' if isinstance(report, Failed) else b'"queued"'
    rest = encode({name: value for name, value in members.items() if value is not None})[1:-1]
    progress = b""
    if row.progress is not None and row.progress_is_unsent:
        progress = b',"progress":' + row.progress
    return start + status + (b"," if rest else b"") + rest + progress + b"}", report


def _ending(error: BaseException, not_retryable: tuple[type[BaseException], ...]) -> Ending:
    for kind, ending in _ENDINGS.items():
        if isinstance(error, kind):
            return ending
    return Ending.NOT_RETRYABLE if isinstance(error, not_retryable) else Ending.RAISED


def _type(error: BaseException) -> str:
    return _printable(type(error).__name__)[:MAX_TYPE_CHARS] or "Exception"


def _text_of(value: Any, make: Callable[[Any], str]) -> str:
    try:
        text = make(value)
    except Exception:  # noqa: BLE001, an author's class may raise anything
        text = f"this {type(value).__name__} raises an exception where its text is made"
    return well_formed(text if len(text) <= MAX_MESSAGE_CHARS else text[: MAX_MESSAGE_CHARS - 1] + "…")


def _causes(error: BaseException) -> list[dict[str, str]]:
    causes: list[dict[str, str]] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and len(causes) < MAX_CAUSES:
        causes.append({"type": _type(cause), "message": _text_of(cause, str)})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return causes


def _bounded(value: Any) -> Any:
    """The details of an exception, or their text if JSON cannot hold them or they are too long or too deep."""
    try:
        text = encode(value)
    except Exception:  # noqa: BLE001, an author's class may raise anything
        return _text_of(value, repr)
    if len(text) > MAX_DETAIL_BYTES // 4 or depth(text) > 50:
        return text[:MAX_MESSAGE_CHARS].decode("utf-8", "replace")
    return value


def _printable(text: str) -> str:
    return "".join(char for char in well_formed(text) if char.isprintable())


def _delay(seconds: float) -> int:
    return round(min(seconds, MAX_DELAY_SECONDS))


def _code(code: object) -> str | None:
    return None if code is None else _printable(_text_of(code, str))[:MAX_CODE_CHARS] or None


def _reason(reason: object) -> str | None:
    return None if reason is None else _printable(_text_of(reason, str))[:MAX_REASON_CHARS] or None
