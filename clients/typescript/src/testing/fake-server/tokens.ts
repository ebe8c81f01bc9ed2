/** Bearer tokens, as admins make and revoke them. */

import type { Call } from "./call.js";
import * as fields from "./fields.js";
import { invalid, Refused } from "./refusals.js";
import type { State, Token } from "./state.js";

const NEW_TOKEN = fields.members({
  role: fields.needed(fields.oneOf("engine", "producer", "orchestrator", "operator", "admin", "reader", "registrar")),
  name: fields.needed(fields.text(100)),
  engine_types: fields.array(1, 100, fields.name),
  engine_id: fields.identifier,
  expires_in_seconds: fields.integer(1, 315_360_000),
});

/** `POST /tokens`. */
export function create(call: Call): object {
  const { role, name, engine_types = null, engine_id = null, expires_in_seconds } = call.read(NEW_TOKEN);
  if (role === "registrar" && engine_types === null) {
    throw invalid([{ pointer: "/engine_types", detail: "is missing; a registrar is for listed types" }]);
  }
  const expires_at = expires_in_seconds === undefined ? null : call.state.in(expires_in_seconds);
  const token = call.state.addToken({ role, name, engine_types, engine_id, expires_at });
  call.status = 201;
  return { ...[...call.state.tokens.values()].map((each) => shown(call.state, each)).at(-1), token };
}

/** `GET /tokens`. */
export function list(call: Call): object {
  return { items: [...call.state.tokens.values()].map((token) => shown(call.state, token)), next_cursor: null };
}

/** `DELETE /tokens/{token_id}`. */
export function revoke(call: Call): void {
  const { tokens } = call.state;
  const found = [...tokens].find(([, token]) => token.token_id === call.param("token_id"));
  if (found === undefined) throw new Refused("not_found", "no such token is known");
  tokens.delete(found[0]);
  call.status = 204;
}

function shown(state: State, { isSuperseded, ...token }: Token): object {
  const isOver = token.expires_at !== null && token.expires_at <= state.now();
  const never = { last_used_at: null, revoked_at: null, session_of: null };
  return { ...token, ...never, created_by: "admin", state: isOver ? "expired" : "active" };
}
