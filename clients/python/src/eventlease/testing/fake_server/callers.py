"""One request, and who sent it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from eventlease.testing.fake_server.clock import written
from eventlease.testing.fake_server.refusals import Refused, engine_not_found
from eventlease.transport import Cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventlease.testing.fake_server.state import Engine, State, Token

T = TypeVar("T")


@dataclass
class Call:
    """A request as handlers read it; `token` is None without authentication."""

    state: State
    operation: str
    params: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    is_hung_up: Callable[[], bool]
    token: Token | None = None
    location: str | None = field(default=None, init=False)

    @property
    def engine_id(self) -> str | None:
        """The engine that calls."""
        if self.token is not None:
            return self.token.engine_id
        return self.headers.get("x-engine-id") or self.query.get("engine_id")

    @property
    def wait_seconds(self) -> int:
        """Of the query."""
        return int(self.query.get("wait_seconds", 0))

    def wait(self, seconds: float, look: Callable[[], T | None]) -> T | None:
        """Looks until something is found or the time is over; the lock is free while it waits.

        Much happens because time passes, so it also looks again every twentieth of a second.
        """
        state = self.state
        deadline = state.now() + seconds
        while True:
            found = look()
            left = deadline - state.now()
            if found is not None or left <= 0:
                return found
            state.changed.wait(min(left, 0.05))
            if self.is_hung_up():
                raise Cut("the connection was closed", reused=True, any_byte=False)

    def engine(self) -> Engine:
        """The engine in the path."""
        engine_id = self.params["engine_id"]
        if self.token is not None and self.token.role == "engine" and self.token.engine_id != engine_id:
            raise Refused("forbidden", "the token is another engine's")
        engine = self.state.engines.get(engine_id)
        if engine is None:
            raise engine_not_found(engine_id)
        return engine

    def check_incarnation(self, engine: Engine) -> None:
        """Refuses a call for an earlier life of the engine."""
        named = self.headers.get("x-engine-incarnation")
        if named is not None and int(named) != engine.incarnation:
            raise superseded(engine)


def superseded(engine: Engine) -> Refused:
    """The engine has registered again."""
    detail = f"engine {engine.engine_id} is registered as another incarnation than this call's"
    return Refused("engine_superseded", detail, registered_at=written(engine.registered_at))


# Which roles may do what. Engines do it for themselves only.
ROLES: dict[str, tuple[str, ...]] = {
    "register": ("engine", "orchestrator", "registrar"),
    "read_engine": ("engine", "orchestrator", "operator", "reader"),
    "change_engine": ("orchestrator",),
    "deregister": ("engine", "orchestrator"),
    "heartbeat": ("engine",),
    "drain": ("engine", "orchestrator", "operator"),
    "resume": ("orchestrator", "operator"),
    "renew_token": ("orchestrator", "registrar"),
    "exchange": ("engine",),
    "settle_one": ("engine",),
    "settle_many": ("engine",),
    "enqueue": ("producer", "orchestrator", "operator"),
    "enqueue_batch": ("producer", "orchestrator", "operator"),
    "read_event": ("producer", "orchestrator", "operator", "reader"),
    "attempts": ("producer", "orchestrator", "operator", "reader"),
    "wait": ("producer", "orchestrator", "operator", "reader"),
    "cancel": ("producer", "orchestrator", "operator"),
    "read_run": ("orchestrator", "operator", "reader"),
    "cancel_run": ("orchestrator", "operator"),
    "reopen_run": ("orchestrator", "operator"),
    "create_token": ("admin",),
    "list_tokens": ("admin",),
    "revoke_token": ("admin",),
}


def admit(call: Call) -> None:
    """Tells who calls, and refuses those who may not."""
    state = call.state
    if not state.needs_tokens:
        return
    shown = call.headers.get("authorization", "").removeprefix("Bearer ")
    token = state.tokens.get(shown)
    if token is None or (token.ends_at is not None and token.ends_at <= state.now()):
        raise Refused("unauthenticated", "a bearer token that holds is needed")
    if token.is_superseded:
        raise superseded(state.engines[token.engine_id or ""])
    allowed = ROLES.get(call.operation)
    if allowed is not None and token.role not in allowed:
        detail = f"a token of the role {token.role} may not do that"
        raise Refused("forbidden", detail, allowed_roles=list(allowed))
    call.token = token


def mark_seen(call: Call) -> None:
    """Every call of an engine shows that it is alive."""
    engine = call.state.engines.get(call.engine_id or "")
    if engine is not None:
        engine.last_seen, engine.is_unresponsive = call.state.now(), False
