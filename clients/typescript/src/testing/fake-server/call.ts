/** One request, and who sent it. */

import { read, type Check } from "./fields.js";
import { Refused } from "./refusals.js";
import type { Engine, State, Token } from "./state.js";
import { reap } from "./verdicts.js";

/** What carries a request is gone: nobody reads its reply. */
export class Cut extends Error {}

/** A request as it came. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
  readonly isCut: () => boolean;
}

export class Call {
  readonly state: State;
  readonly body: unknown;
  readonly token: Token | undefined;
  /** Of the reply. */
  status = 200;
  readonly replyHeaders: Record<string, string> = {};
  readonly #asked: Asked;

  constructor(state: State, asked: Asked) {
    this.state = state;
    this.body = asked.body;
    this.token = state.tokens.get(asked.headers.get("authorization")?.replace("Bearer ", "") ?? "");
    this.#asked = asked;
  }

  /** The engine that calls. */
  get engineId(): string | undefined {
    if (this.state.needsTokens) return this.token?.engine_id ?? undefined;
    return this.header("x-engine-id") ?? this.#asked.query.get("engine_id") ?? undefined;
  }

  /** Of the query. */
  get waitSeconds(): number {
    return Number(this.#asked.query.get("wait_seconds") ?? 0);
  }

  header(name: string): string | undefined {
    return this.#asked.headers.get(name) ?? undefined;
  }

  /** Of the path. */
  param(name: string): string {
    return this.#asked.params[name] ?? "";
  }

  /** What is read of the body. Refuses it with all its wrong places. */
  read<T>(check: Check<T>): T {
    if (this.body === undefined) throw new Refused("malformed_json", "the body is empty; a JSON object is expected");
    return read(this.body, check);
  }

  /** Looks until something is found or the time is over. */
  async wait<T>(seconds: number, look: () => T | undefined): Promise<T | undefined> {
    const end = this.state.in(seconds);
    for (;;) {
      reap(this.state);
      const found = look();
      const left = this.state.secondsUntil(end);
      if (found !== undefined || left <= 0) return found;
      await this.state.change(left);
      if (this.#asked.isCut()) throw new Cut("the connection was closed");
    }
  }

  /** The engine in the path. */
  engine(): Engine {
    const engineId = this.param("engine_id");
    if (this.token?.role === "engine" && this.token.engine_id !== engineId) {
      throw new Refused("forbidden", "the token is another engine's");
    }
    return knownEngine(this.state, engineId);
  }

  /** Refuses a call for an earlier life of the engine. */
  checkIncarnation(engine: Engine): void {
    const named = this.header("x-engine-incarnation");
    if (named !== undefined && Number(named) !== engine.incarnation) throw superseded(engine);
  }

  /** Refuses those who may not call. Every call of an engine shows that it is alive. */
  admit(roles: string | undefined): void {
    const { state, token } = this;
    if (state.needsTokens) {
      if (token === undefined || (token.expires_at !== null && token.expires_at <= state.now())) {
        throw new Refused("unauthenticated", "a bearer token that holds is needed");
      }
      if (token.isSuperseded) throw superseded(knownEngine(state, token.engine_id ?? ""));
      const allowed = roles?.split(" ") ?? [token.role];
      if (!allowed.includes(token.role)) {
        const detail = `a token of the role ${token.role} may not do that`;
        throw new Refused("forbidden", detail, { allowed_roles: allowed });
      }
    }
    const engine = state.engines.get(this.engineId ?? "");
    if (engine === undefined) return;
    engine.last_seen_at = state.now();
    engine.isUnresponsive = false;
  }
}

export function knownEngine(state: State, engineId: string): Engine {
  const engine = state.engines.get(engineId);
  if (engine !== undefined) return engine;
  const detail = `no engine ${engineId} is registered; register it with POST /api/v1/engines`;
  throw new Refused("engine_not_found", detail);
}

function superseded(engine: Engine): Refused {
  const detail = `engine ${engine.engine_id} is registered as another incarnation than this call's`;
  return new Refused("engine_superseded", detail, { registered_at: engine.registered_at });
}
