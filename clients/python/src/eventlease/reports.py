"""From the way a handler ended to the settlement that is sent."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from eventlease.decoding import PayloadInvalid
from eventlease.encoding import STANDARD, Json, dump_bytes
from eventlease.outcomes import (
    Completed,
    Failed,
    HandlerInterrupted,
    Hold,
    NotRetryable,
    Release,
    Released,
    Report,
    RetryAfter,
)
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
_TOLD_REASONS: dict[Told, str] = {"cancel_requested": "its cancellation was requested", "stopping": "the engine stops"}


def well_formed(text: str) -> str:
    """Lone surrogates, which UTF-8 cannot hold, become U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def encode(value: Any, using: Json = STANDARD) -> bytes:
    """JSON text. ValueError or TypeError for what JSON cannot hold."""
    try:
        return dump_bytes(value, using)
    except UnicodeEncodeError:
        text = using.dumps(value)
        return well_formed(text if isinstance(text, str) else text.decode("utf-8", "replace")).encode()
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def report_of(
    error: BaseException, told: Told | None, *, handler: str, not_retryable: tuple[type[BaseException], ...] = (),
    with_traceback: bool = True, is_cancelled: bool = False,
) -> Report | None:  # fmt: skip
    """What is reported of a handler that raised; None is nothing. `is_cancelled`: its task was."""
    ending = _ending(error, not_retryable, is_cancelled=is_cancelled)
    kind = kind_of_report(ending, told)
    if kind is Kind.NOTHING:
        return None
    if kind is Kind.TIMED_OUT:
        return timed_out(handler)
    if kind is Kind.HELD and isinstance(error, Hold):
        return Released(0, "hold", _reason(error.reason), hold_seconds=_delay(error.seconds))
    if kind is Kind.RELEASED:
        if isinstance(error, Release):
            return Released(_delay(error.delay_seconds), _code(error.code), _reason(error.reason))
        return released_as_told(told)
    delay = _delay(error.seconds) if kind is Kind.FAILED_LATER and isinstance(error, RetryAfter) else None
    described = describe(error, handler, with_traceback=with_traceback)
    return Failed(described, retryable=kind is not Kind.DEAD_LETTER, delay_seconds=delay)


def released_as_told(told: Told | None) -> Released:
    """The release of an event whose handler was told to stop, or never began."""
    return Released(0, told, _TOLD_REASONS.get(told) if told else None)


def timed_out(handler: str) -> Failed:
    """The failure of a handler that exceeded its time limit."""
    return Failed({"type": "HandlerTimeout", "message": f"{handler} did not end within its time limit"})


def describe(error: BaseException, handler: str, *, with_traceback: bool = True) -> dict[str, Any]:
    """The `error` of a failure, cut to what the server takes."""
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
    described = {"type": _type(error), "message": _message(error), "details": details}
    fingerprint = getattr(error, "fingerprint", None)
    if isinstance(error, NotRetryable) and isinstance(fingerprint, str) and fingerprint:
        described["fingerprint"] = _printable(fingerprint)[:200]
    return described


def settlement(row: Row, report: Report, using: Json = STANDARD, max_bytes: int = MAX_DETAIL_BYTES) -> bytes:
    """The entry of a settlement list. A result that cannot be sent makes a failure of it that is not retried."""
    start = f'{{"event_id":"{row.event_id}","lease_token":"{row.lease_token}","status":'
    if isinstance(report, Completed):
        try:
            return start.encode() + _completed(report, using, max_bytes)
        except _TooLargeError as error:
            report = Failed({"type": "ResultRefused", "message": _message(error)}, retryable=False)
        except Exception as error:  # noqa: BLE001, an author's class may raise anything where it is encoded
            report = Failed({"type": "ResultNotJson", "message": _message(error)}, retryable=False)
    members: dict[str, Any] = {}
    if isinstance(report, Failed):
        status = '"failed"'
        members = {"error": report.error, "delay_seconds": report.delay_seconds}
        if not report.retryable:
            members["retryable"] = False
    else:
        status = '"queued"'
        members = {"delay_seconds": report.delay_seconds or None, "code": report.code, "reason": report.reason}
    progress = b""
    if row.progress is not None and row.progress_is_unsent:
        progress = b',"progress":' + row.progress
    rest = encode({name: value for name, value in members.items() if value is not None})[1:-1]
    return start.encode() + status.encode() + (b"," if rest else b"") + rest + progress + b"}"


class _TooLargeError(Exception):
    pass


def _completed(report: Completed, using: Json, max_bytes: int) -> bytes:
    body = b'"completed"'
    if report.result is not None:
        result = encode(report.result, using)
        if len(result) > max_bytes:
            raise _TooLargeError(f"a result of {len(result)} bytes is longer than {max_bytes}")
        body += b',"result":' + result
    if report.enqueue:
        body += b',"enqueue":' + encode(list(report.enqueue), using)
    return body + b"}"


def _ending(error: BaseException, listed: tuple[type[BaseException], ...], *, is_cancelled: bool) -> Ending:
    if isinstance(error, Release):
        return Ending.RELEASE
    if isinstance(error, Hold):
        return Ending.HOLD
    if isinstance(error, RetryAfter):
        return Ending.RETRY_AFTER
    if isinstance(error, (NotRetryable, PayloadInvalid, *listed)):
        return Ending.NOT_RETRYABLE
    return Ending.INTERRUPTED if is_cancelled or isinstance(error, HandlerInterrupted) else Ending.RAISED


def _type(error: BaseException) -> str:
    return _printable(type(error).__name__)[:MAX_TYPE_CHARS] or "Exception"


def _message(error: BaseException) -> str:
    return _text_of(error, str)


def _text_of(value: Any, make: Callable[[Any], str]) -> str:
    try:
        text = make(value)
    except Exception:  # noqa: BLE001, an author's class may raise anything
        text = f"the text of this {type(value).__name__} cannot be made"
    return well_formed(text if len(text) <= MAX_MESSAGE_CHARS else text[: MAX_MESSAGE_CHARS - 1] + "…")


def _causes(error: BaseException) -> list[dict[str, str]]:
    causes: list[dict[str, str]] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and len(causes) < MAX_CAUSES:
        causes.append({"type": _type(cause), "message": _message(cause)})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return causes


def _bounded(value: Any) -> Any:
    """An author's details, or their text where they are no JSON, too long or too deep."""
    try:
        text = encode(value)
    except Exception:  # noqa: BLE001, an author's class may raise anything
        return _text_of(value, repr)
    if len(text) > MAX_DETAIL_BYTES // 4 or _depth(value) > 50:
        return text[:MAX_MESSAGE_CHARS].decode("utf-8", "replace")
    return value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    if isinstance(value, (list, tuple)):
        return 1 + max(map(_depth, value), default=0)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return 0


def _printable(text: str) -> str:
    return "".join(char for char in well_formed(text) if char.isprintable())


def _delay(seconds: float) -> int:
    return round(min(seconds, MAX_DELAY_SECONDS))


def _code(code: object) -> str | None:
    return None if code is None else _printable(_text_of(code, str))[:MAX_CODE_CHARS] or None


def _reason(reason: object) -> str | None:
    return None if reason is None else _printable(_text_of(reason, str))[:MAX_REASON_CHARS] or None
