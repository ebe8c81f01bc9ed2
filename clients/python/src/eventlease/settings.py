"""What an engine was set up with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventlease.encoding import STANDARD, Json
from eventlease.outcomes import ConfigurationError
from eventlease.transport import Transport, Urllib3Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MIN_HEARTBEAT_TIMEOUT_SECONDS = 3
STALL_SECONDS = 300.0
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Settings:
    """See `Engine`."""

    engine_type: str
    urls: Sequence[str]
    token: str | Callable[[], str] | None = field(repr=False)
    engine_id: str | None
    concurrency: int
    prefetch: int
    timeout_seconds: float | None
    grace_seconds: float
    drain_seconds: float
    heartbeat_timeout_seconds: int
    visibility_timeout_seconds: int | None
    stall_seconds: float = STALL_SECONDS
    software_version: str | None = None
    capabilities: Sequence[str] | None = None
    scenario_run_id: str | None = None
    may_enqueue: Sequence[str] | None = None
    metadata: Mapping[str, Any] | None = None
    unknown_types_fail: bool = False
    health_port: int | None = None
    encoding: Json = STANDARD
    report_traceback: bool = True
    log_failures: bool = True
    transport: Callable[[str], Transport] = Urllib3Transport

    @property
    def capacity(self) -> int:
        """Events held at once."""
        return self.concurrency + self.prefetch

    def check(self) -> None:
        """Raises ConfigurationError for what cannot work."""
        wrong = [
            text
            for is_wrong, text in (
                (not _NAME.fullmatch(self.engine_type), "engine_type: 1 to 64 letters, digits, '.', '_', ':' or '-'"),
                (not self.urls, "url: at least one"),
                (self.concurrency < 1, "concurrency: at least 1"),
                (self.prefetch < 0, "prefetch: at least 0"),
                (self.capacity > 100_000, "concurrency and prefetch: at most 100000 together"),
                (self.grace_seconds < 0 or self.drain_seconds < 0, "grace_seconds, drain_seconds: at least 0"),
                (
                    self.heartbeat_timeout_seconds < MIN_HEARTBEAT_TIMEOUT_SECONDS,
                    f"heartbeat_timeout_seconds: at least {MIN_HEARTBEAT_TIMEOUT_SECONDS}",
                ),
                (self.engine_id is not None and not _is_uuid(self.engine_id), "engine_id: a UUID"),
            )
            if is_wrong
        ]
        if wrong:
            raise ConfigurationError("; ".join(wrong))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
