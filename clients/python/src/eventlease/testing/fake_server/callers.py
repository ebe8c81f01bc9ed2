"""One request, and who sent it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from eventlease.testing.fake_server.refusals import Refused, engine_not_found
from eventlease.testing.fake_server.state import Engine, State, Token, written
from eventlease.transport import Cut

T = TypeVar("T")


@dataclass
class Call:
    """A request as handlers read it; `token` is None without authentication."""

    state: State
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
            raise _superseded(engine)

    def admit(self, roles: str | None) -> None:
        """Finds out who calls, and refuses those who may not. Every call of an engine shows that it is alive."""
        state = self.state
        if state.needs_tokens:
            self.token = state.tokens.get(self.headers.get("authorization", "").removeprefix("Bearer "))
            if self.token is None or (self.token.ends_at is not None and self.token.ends_at <= state.now()):
                raise Refused("unauthenticated", "a bearer token that holds is needed")
            if self.token.is_superseded:
                raise _superseded(state.engines[self.token.engine_id or ""])
            if roles is not None and self.token.role not in roles.split():
                detail = f"a token of the role {self.token.role} may not do that"
                raise Refused("forbidden", detail, allowed_roles=roles.split())
        engine = state.engines.get(self.engine_id or "")
        if engine is not None:
            engine.last_seen, engine.is_unresponsive = state.now(), False


def _superseded(engine: Engine) -> Refused:
    detail = f"engine {engine.engine_id} is registered as another incarnation than this call's"
    return Refused("engine_superseded", detail, registered_at=written(engine.registered_at))
