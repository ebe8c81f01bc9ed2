"""Bearer tokens, as admins make and revoke them."""

from __future__ import annotations

from typing import Any

from eventlease.testing.fake_server import fields
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.fields import Fields
from eventlease.testing.fake_server.refusals import Refused
from eventlease.testing.fake_server.state import State, Token, new_secret, written

ROLES = ("engine", "producer", "orchestrator", "operator", "admin", "reader", "registrar")


def create(call: Call) -> tuple[int, Any]:
    """`POST /tokens`."""
    sent = fields.read_whole(call.body, _read)
    seconds, secret, now = sent.pop("seconds"), new_secret(), call.state.now()
    token = Token(**sent, created_at=now, ends_at=None if seconds is None else now + seconds)
    call.state.tokens[secret] = token
    return 201, {**_shown(call.state, token), "token": secret}


def list_all(call: Call) -> tuple[int, Any]:
    """`GET /tokens`."""
    return 200, {"items": [_shown(call.state, token) for token in call.state.tokens.values()], "next_cursor": None}


def revoke(call: Call) -> tuple[int, Any]:
    """`DELETE /tokens/{token_id}`."""
    for secret, token in list(call.state.tokens.items()):
        if token.token_id == call.params["token_id"]:
            del call.state.tokens[secret]
            return 204, None
    raise Refused("not_found", "no such token is known")


def _read(f: Fields) -> dict[str, Any]:
    role, name = f.required("role", fields.one_of(*ROLES)), f.required("name", fields.text(100))
    engine_types = f.optional("engine_types", fields.items(1, 100))
    if role == "registrar" and engine_types is None:
        f.error("engine_types", "is missing; a registrar is for listed types")
    engine_id = f.optional("engine_id", fields.identifier)
    seconds = f.optional("expires_in_seconds", fields.integer(1, 315_360_000))
    return {"role": role, "name": name, "engine_id": engine_id, "engine_types": engine_types, "seconds": seconds}


def _shown(state: State, token: Token) -> dict[str, Any]:
    is_over = token.ends_at is not None and token.ends_at <= state.now()
    return {
        "state": "expired" if is_over else "active", "created_at": written(token.created_at), "created_by": "admin",
        "last_used_at": None, "revoked_at": None, "session_of": None,
        "token_id": token.token_id, "role": token.role, "name": token.name, "engine_id": token.engine_id,
        "engine_types": token.engine_types, "expires_at": written(token.ends_at),
    }  # fmt: skip
