"""What an engine was set up with."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventlease.connections import check_urls, is_list_of_texts, urls_of
from eventlease.encoding import STANDARD, Json, dump_request
from eventlease.errors import ConfigurationError, InvalidInput
from eventlease.transport import Transport, Urllib3Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_CAPACITY = 100_000
GRACE_SECONDS = 5.0
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Settings:
    """See `Engine`. The values are as the author gave them until `check` has passed."""

    engine_type: str
    url: str | Sequence[str] | None
    token: str | Callable[[], str] | None = field(repr=False)
    engine_id: str | None
    concurrency: int
    prefetch: int
    timeout_seconds: float | None
    grace_seconds: float | None
    drain_seconds: float
    heartbeat_timeout_seconds: int
    visibility_timeout_seconds: int | None
    stall_seconds: float
    software_version: str | None
    capabilities: Sequence[str] | None
    scenario_run_id: str | None
    may_enqueue: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    on_unknown_type: str
    health_port: int | None
    encoding: Json = STANDARD
    report_traceback: bool = True
    log_failures: bool = True
    transport: Callable[[str], Transport] = Urllib3Transport

    def with_environment(self) -> Settings:
        """Values that were not given are taken from the environment, which is read when the engine starts."""
        engine_id = self.engine_id or os.environ.get("EVENTLEASE_ENGINE_ID") or None
        return replace(self, url=self.urls if self.url is None else self.url, engine_id=engine_id)

    @property
    def urls(self) -> list[str]:
        """The base addresses."""
        return urls_of(self.url)

    @property
    def capacity(self) -> int:
        """How many events it may hold at once."""
        return self.concurrency + self.prefetch

    @property
    def grace(self) -> float:
        """How many seconds before the end of a drain handlers are told to stop."""
        return min(GRACE_SECONDS, self.drain_seconds) if self.grace_seconds is None else self.grace_seconds

    @property
    def unknown_types_fail(self) -> bool:
        """Events without a handler fail at once."""
        return self.on_unknown_type == "fail"

    def check(self) -> None:
        """Raises ConfigurationError for what cannot work."""
        whole, number, most_prefetch = is_whole, is_number, MAX_CAPACITY
        if whole(self.concurrency, 1, MAX_CAPACITY):
            most_prefetch -= self.concurrency
        drain = self.drain_seconds if number(self.drain_seconds, 0) else float("inf")
        given = {
            "engine_type: 1 to 64 letters, digits, '.', '_', ':' or '-'": is_name(self.engine_type),
            f"concurrency: a whole number from 1 to {MAX_CAPACITY}": whole(self.concurrency, 1, MAX_CAPACITY),
            f"prefetch: a whole number from 0 to {most_prefetch}": whole(self.prefetch, 0, most_prefetch),
            "drain_seconds: a number from 0 up": number(self.drain_seconds, 0),
            "stall_seconds: a number above 0": number(self.stall_seconds, 0) and self.stall_seconds != 0,
            "heartbeat_timeout_seconds: a whole number from 3 to 86400": whole(
                self.heartbeat_timeout_seconds, 3, 86_400
            ),
            "on_unknown_type: release or fail": self.on_unknown_type in ("release", "fail"),
            "json: an object with `dumps` and `loads`": is_json(self.encoding),
            "transport: a function of a URL": callable(self.transport),
        }
        optional: dict[str, tuple[Any, Callable[[Any], bool]]] = {
            "timeout_seconds: a number above 0": (self.timeout_seconds, lambda v: number(v, 0) and v != 0),
            "grace_seconds: a number from 0 to drain_seconds": (self.grace_seconds, lambda v: number(v, 0, drain)),
            "visibility_timeout_seconds: a whole number from 1 to 43200": (
                self.visibility_timeout_seconds, lambda v: whole(v, 1, 43_200)
            ),
            "health_port: a whole number from 0 to 65535": (self.health_port, lambda v: whole(v, 0, 65_535)),
            "engine_id: a UUID, as text": (self.engine_id, _is_uuid),
            "software_version: a text": (self.software_version, lambda v: isinstance(v, str)),
            "scenario_run_id: a text": (self.scenario_run_id, lambda v: isinstance(v, str)),
            "url: a text, or a list of texts": (self.url, lambda v: isinstance(v, str) or is_list_of_texts(v)),
            "token: a text, or a function that returns one": (
                self.token, lambda v: isinstance(v, str) or callable(v)
            ),
            "capabilities: a list of event types": (self.capabilities, is_list_of_texts),
            "may_enqueue: a list of queues": (self.may_enqueue, is_list_of_texts),
            "metadata: a mapping that JSON can hold": (self.metadata, self._is_object),
        }  # fmt: skip
        given |= {text: value is None or is_right(value) for text, (value, is_right) in optional.items()}
        if wrong := [text for text, is_right in given.items() if not is_right]:
            raise ConfigurationError("; ".join(wrong))
        check_urls(self.urls, self.transport)

    def _is_object(self, value: Any) -> bool:
        try:
            return isinstance(value, Mapping) and bool(dump_request({**value}, self.encoding))
        except InvalidInput:
            return False


def is_json(value: Any) -> bool:
    """True for what writes and reads JSON."""
    return all(callable(getattr(value, name, None)) for name in ("dumps", "loads"))


def is_number(value: Any, least: float, most: float = float("inf")) -> bool:
    """True for a number within these limits; NaN is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


def is_whole(value: Any, least: int, most: float = float("inf")) -> bool:
    """As `is_number`, without a fraction."""
    return isinstance(value, int) and is_number(value, least, most)


def is_name(value: Any) -> bool:
    """True for what can name a queue or an event type."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_uuid(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, AttributeError, TypeError):
        return False
    return True
