"""The identity of an engine: its id, its incarnation and its token. Threads share it; one at a time renews it."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from eventlease.calls import CLIENT, Calls
from eventlease.connections import token_of
from eventlease.errors import (
    Conflict,
    EventLeaseError,
    Forbidden,
    NotEventLease,
    NotFound,
    ProblemError,
    Unavailable,
)
from eventlease.outcomes import EngineRefused
from eventlease.rules.repeats import ENGINE, Repeat
from eventlease.rules.replies import Recovery, recovery
from eventlease.rules.shutdown import REFUSED_STATUS, SUPERSEDED_STATUS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eventlease.life import Life

log = logging.getLogger("eventlease.identity")

CALL_SECONDS = 30.0
REGISTRATION_PAUSE_SECONDS = 10.0
TOKEN_PAUSE_SECONDS = 5.0
SAY_AGAIN_SECONDS = 30.0


class Identity:
    """Registers the engine, again if the server has removed it, and gives its calls their headers."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._settings = settings = life.settings
        self._stopped = life.stopped
        self._lock = threading.Lock()
        self._used = threading.local()
        self._token: str | None = None
        self._tried_at = float("-inf")
        self._no_token_at = float("-inf")
        self._said_at: dict[str, float] = {}
        self._is_over = False
        self._configured = token_of(settings.token)
        self._calls = life.new_calls(self._configured)
        self.engine_id = settings.engine_id or str(uuid4())
        self.incarnation = 0
        self._generation = 0
        """Goes up with every registration."""
        self.interval_seconds = settings.heartbeat_timeout_seconds / 3
        self.is_registered = False

    def __str__(self) -> str:
        return f"engine {self.engine_id} ({self._settings.engine_type})"

    @property
    def path(self) -> str:
        """The address of this engine."""
        return f"/engines/{self.engine_id}"

    def headers(self) -> Mapping[str, str]:
        """See `Credentials.headers`."""
        token = self._used.token = self._token
        self._used.generation = self._generation
        who = {"Authorization": f"Bearer {token}"} if token else {"X-Engine-Id": self.engine_id}
        return {**who, "X-Engine-Incarnation": str(self.incarnation)}

    def renew(self) -> bool:
        """See `Credentials.renew`. Leases are kept with the new token."""
        with self._lock:
            if self._token != getattr(self._used, "token", None):
                return True  # another thread has renewed it
            if self._is_over or time.monotonic() < self._no_token_at + TOKEN_PAUSE_SECONDS:
                return False
            try:
                # An engine's own token of an earlier registration is refused with 409, after which none is read anew.
                self._configured.renew()
                path, members = f"{self.path}/token", ("engine_token",)
                reply = self._calls.call("POST", path, {}, seconds=CALL_SECONDS, repeat=ENGINE, members=members)
                self._token = reply["engine_token"]
                log.info("%s has a new token", self, extra=self._fields())
            except (NotFound, Forbidden):
                self._lose_all("engine_removed")
                self._wait_for_turn()
                self._register_anew()
            except (ProblemError, Unavailable, NotEventLease) as error:
                self._no_token_at = time.monotonic()
                log.error("the token of %s is refused, and there is no new one: %s", self, error, extra=self._fields())  # noqa: TRY400
                return False
            return bool(self._token != getattr(self._used, "token", None))

    def register(self) -> None:
        """Registers for the first time; waits for a server. Raises EngineRefused."""
        while not self._stopped.is_set():
            try:
                self._register()
            except (ProblemError, NotEventLease) as error:
                raise EngineRefused(f"registration was refused: {error}") from error
            except Unavailable as error:
                self._stopped.wait(REGISTRATION_PAUSE_SECONDS)
                if not self._stopped.is_set():
                    log.warning("%s", error)
            else:
                log.info("%s is registered", self, extra=self._fields())
                return

    def recover(self, error: ProblemError) -> None:
        """To be called after the server has refused a whole request of this thread."""
        what = recovery(error.code, error.status)
        if self._is_over:
            return
        if what is Recovery.REFUSED:
            self._over(REFUSED_STATUS, str(error))
        if what not in (Recovery.REGISTER, Recovery.SUPERSEDED):
            self._say_refused(error)
            return
        with self._lock:
            if self._is_over or self._generation != getattr(self._used, "generation", 0):
                return  # the engine has been registered since that call was sent
            is_given = self._settings.engine_id is not None
            self._lose_all("engine_removed" if what is Recovery.REGISTER else "engine_restarted")
            if what is Recovery.SUPERSEDED and is_given:
                self._over(SUPERSEDED_STATUS, f"another process has registered as engine {self.engine_id}")
                return
            if what is Recovery.SUPERSEDED:
                before, self.engine_id = self.engine_id, str(uuid4())
                self._token = None
                fields = {"engine_id": before, "new_engine_id": self.engine_id}
                log.error("another process uses the id %s; this engine is %s now", before, self, extra=_extra(fields))
            self._wait_for_turn()
            self._register_anew()

    def leave(self, seconds: float) -> None:
        """Deregisters the engine: events that it still holds go back. After this nothing registers it again."""
        self._is_over = True
        error = self.say("DELETE", "", seconds)
        if error is not None and not isinstance(error, NotFound | Conflict):
            log.warning(
                "%s could not be deregistered; its events are free after the heartbeat timeout: %s",
                self, error, extra=self._fields(),
            )  # fmt: skip

    def say(self, method: str, what: str, seconds: float) -> EventLeaseError | None:
        """Makes one call over a connection of its own, also after the parts have ended. Returns its error, if any."""
        calls = Calls(self._settings.urls, credentials=self, transport=self._settings.transport)
        repeat = Repeat(is_safe=True, within_seconds=seconds)
        try:
            calls.call(method, self.path + what, {} if method == "POST" else None, seconds=seconds, repeat=repeat)
        except EventLeaseError as error:
            return error
        finally:
            calls.close()
        return None

    def _register_anew(self) -> None:
        """The lock is held."""
        try:
            self._register()
        except (ProblemError, NotEventLease) as error:
            if isinstance(error, ProblemError) and recovery(error.code, error.status) is Recovery.REFUSED:
                self._over(REFUSED_STATUS, str(error))
            log.error("registration of %s was refused: %s", self, error, extra=self._fields())  # noqa: TRY400
            return
        except Unavailable:
            return
        log.warning("%s is registered anew", self, extra=self._fields())

    def _lose_all(self, reason: str) -> None:
        leases = self._life.leases
        with leases.lock:
            lost = leases.table.lose_all(reason, leases.now())
            leases.stats.lost += len(lost)
        leases.interrupt(lost)
        if lost:
            fields = {"engine_id": self.engine_id, "leases_lost": len(lost), "reason": reason}
            log.warning("%s has lost all %d leases: %s", self, len(lost), reason, extra=_extra(fields))

    def _register(self) -> None:
        settings, self._tried_at = self._settings, time.monotonic()
        capabilities = settings.capabilities if settings.capabilities is not None else self._life.handlers.types()
        config = {
            **(settings.metadata or {}),
            "client": CLIENT,
            "capabilities": list(capabilities)[:100],
            "resource_limits": {"max_concurrent_events": settings.capacity},
        }
        if settings.software_version is not None:
            config["engine_software_version"] = settings.software_version
        body: dict[str, Any] = {
            "engine_id": self.engine_id,
            "engine_type": settings.engine_type,
            "heartbeat_timeout_seconds": settings.heartbeat_timeout_seconds,
            "metadata": {"static_config": config},
            "scenario_run_id": settings.scenario_run_id,
            "may_enqueue": None if settings.may_enqueue is None else list(settings.may_enqueue),
        }
        body = {name: value for name, value in body.items() if value is not None}
        reply: dict[str, Any] = self._calls.call(
            "POST", "/engines", body, seconds=CALL_SECONDS, repeat=ENGINE, members=["engine_id", "incarnation"]
        )
        self._token = reply.get("engine_token")
        self.incarnation = int(reply["incarnation"])
        self.interval_seconds = float(reply.get("heartbeat_interval_seconds") or self.interval_seconds)
        limits = reply.get("server", {}).get("limits", {})
        leases = self._life.leases
        leases.max_detail_bytes = int(limits.get("max_detail_bytes", leases.max_detail_bytes))
        leases.max_json_depth = int(limits.get("max_json_depth", leases.max_json_depth))
        with leases.lock:
            leases.table.alive_until = leases.now() + settings.heartbeat_timeout_seconds
        self._generation += 1
        self.is_registered = True

    def _say_refused(self, error: ProblemError) -> None:
        now = time.monotonic()
        if now >= self._said_at.get(error.code, float("-inf")) + SAY_AGAIN_SECONDS:
            self._said_at[error.code] = now
            log.error("a call of %s was refused: %s", self, error, extra=self._fields())

    def _wait_for_turn(self) -> None:
        self._stopped.wait(max(self._tried_at + REGISTRATION_PAUSE_SECONDS - time.monotonic(), 0.0))

    def _over(self, status: int, why: str) -> None:
        if not self._is_over:
            self._is_over = True
            self._life.end(status, why)

    def _fields(self) -> dict[str, Any]:
        fields = {"engine_id": self.engine_id, "engine_type": self._settings.engine_type}
        return _extra({**fields, "incarnation": self.incarnation})


def _extra(fields: dict[str, Any]) -> dict[str, Any]:
    return {"eventlease": fields}
