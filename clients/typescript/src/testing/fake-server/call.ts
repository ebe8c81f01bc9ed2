/** One request, and who sent it. */

import { Place, type Check } from "./fields.js";
import { invalid, Refused, type WrongPlace } from "./refusals.js";
import type { Engine, State, Token } from "./state.js";
import { reap } from "./verdicts.js";

/** What carries a request is gone: nobody reads its reply. */
export class Cut extends Error {}

export class Call {
  readonly state: State;
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
  readonly token: Token | undefined;
  /** Of the reply. */
  status = 200;
  location: string | undefined;
  readonly #isCut: () => boolean;

  constructor(
    state: State,
    request: { params: Record<string, string>; query: string; headers: Headers; body: unknown },
    isCut: () => boolean,
  ) {
    this.state = state;
    this.params = request.params;
    this.query = new URLSearchParams(request.query);
    this.headers = request.headers;
    this.body = request.body;
    this.#isCut = isCut;
    this.token = state.tokens.get(this.headers.get("authorization")?.replace("Bearer ", "") ?? "");
  }

  /** The engine that calls. */
  get engineId(): string | undefined {
    if (this.state.needsTokens) return this.token?.engineId ?? undefined;
    return this.headers.get("x-engine-id") ?? this.query.get("engine_id") ?? undefined;
  }

  param(name: string): string {
    return this.params[name] ?? "";
  }

  /** What is read of the body. Refuses it with all its wrong places. */
  read<T>(check: Check<T>): T {
    if (this.body === undefined) throw new Refused("malformed_json", "the body is empty; a JSON object is expected");
    return readAll(this.body, check);
  }

  /** As `read`, for a body that may be left out. */
  readOptional<T>(check: Check<T>): T {
    return readAll(this.body ?? {}, check);
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
      if (this.#isCut()) throw new Cut("the connection was closed");
    }
  }

  /** The engine in the path. */
  engine(): Engine {
    const engineId = this.param("engine_id");
    if (this.token?.role === "engine" && this.token.engineId !== engineId) {
      throw new Refused("forbidden", "the token is another engine's");
    }
    return knownEngine(this.state, engineId);
  }

  /** Refuses a call for an earlier life of the engine. */
  checkIncarnation(engine: Engine): void {
    const named = this.headers.get("x-engine-incarnation");
    if (named !== null && Number(named) !== engine.incarnation) throw superseded(engine);
  }

  /** Refuses those who may not call. Every call of an engine shows that it is alive. */
  admit(roles: readonly string[] | undefined): void {
    const { state, token } = this;
    if (state.needsTokens) {
      if (token === undefined || (token.endsAt !== null && token.endsAt <= state.now())) {
        throw new Refused("unauthenticated", "a bearer token that holds is needed");
      }
      if (token.isSuperseded) throw superseded(knownEngine(state, token.engineId ?? ""));
      if (roles !== undefined && !roles.includes(token.role)) {
        const detail = `a token of the role ${token.role} may not do that`;
        throw new Refused("forbidden", detail, { allowed_roles: roles });
      }
    }
    const engine = state.engines.get(this.engineId ?? "");
    if (engine === undefined) return;
    engine.lastSeenAt = state.now();
    engine.isUnresponsive = false;
  }
}

/** Reads a value, or refuses it with all its wrong places. */
export function readAll<T>(value: unknown, check: Check<T>, pointer = ""): T {
  const wrong: WrongPlace[] = [];
  const read = check(value, new Place(pointer, wrong));
  if (wrong.length > 0) throw invalid(wrong);
  return read as T;
}

export function knownEngine(state: State, engineId: string): Engine {
  const engine = state.engines.get(engineId);
  if (engine !== undefined) return engine;
  const detail = `no engine ${engineId} is registered; register it with POST /api/v1/engines`;
  throw new Refused("engine_not_found", detail);
}

function superseded(engine: Engine): Refused {
  const detail = `engine ${engine.engineId} is registered as another incarnation than this call's`;
  return new Refused("engine_superseded", detail, { registered_at: engine.registeredAt });
}
