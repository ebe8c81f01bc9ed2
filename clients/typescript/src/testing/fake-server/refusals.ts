/** What the fake server refuses, as problem documents. */

/** The code of a problem. */
export type ProblemCode = keyof typeof STATUSES;

const STATUSES = {
  malformed_json: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  engine_not_found: 404,
  event_not_found: 404,
  method_not_allowed: 405,
  lease_lost: 409,
  already_settled: 409,
  engine_type_mismatch: 409,
  engine_id_taken: 409,
  engine_superseded: 409,
  event_is_final: 409,
  run_cancelled: 409,
  payload_too_large: 413,
  invalid_input: 422,
  idempotency_key_reused: 422,
  follow_up_refused: 422,
  poll_id_reused: 422,
  overloaded: 429,
  rate_limited: 429,
  internal: 500,
  database_unavailable: 503,
  shutting_down: 503,
  database_timeout: 504,
};

/** A wrong place of a request: a JSON pointer into its body, or a parameter of its path. */
export type WrongPlace = { pointer: string; detail: string } | { parameter: string; detail: string };

/** A refusal. `members` are further members of its problem document, `headers` go with a reply of its own. */
export class Refused extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly members: object;
  readonly headers: Record<string, string> = {};

  constructor(code: ProblemCode, detail: string, members: object = {}) {
    super(detail);
    this.code = code;
    this.status = STATUSES[code];
    this.members = members;
    if (this.status === 401) this.headers["www-authenticate"] = "Bearer";
    if (this.status === 429 || this.status === 503) this.headers["retry-after"] = "1";
  }

  /** The problem document. */
  problem(): object {
    const title = this.code.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());
    const type = `urn:eventlease:problem:${this.code}`;
    return { type, title, status: this.status, detail: this.message, code: this.code, ...this.members };
  }
}

/** The refusal of a request with these wrong places. */
export function invalid(errors: WrongPlace[]): Refused {
  const isOfFollowUps = errors.every((error) => "pointer" in error && error.pointer.includes("/enqueue/"));
  const code = isOfFollowUps ? "follow_up_refused" : "invalid_input";
  return new Refused(code, `${errors.length} places of the request are wrong`, { errors });
}

/** What `make` returns, or why it was refused. */
export function orRefusal<T>(make: () => T): T | Refused {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}
