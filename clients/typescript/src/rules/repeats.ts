/** Whether a call is repeated, by what became of it. */

const MAX_INTERNAL_ERRORS = 3;

/** What may be repeated, and for how long. */
export interface Repeat {
  /** The call may arrive twice: a GET, PUT or DELETE, a repeated poll, an event with an idempotency key. */
  readonly isSafe: boolean;
  /** Counted from the first try; null repeats until the caller stops. */
  readonly withinSeconds: number | null;
}

export const ENGINE: Repeat = { isSafe: true, withinSeconds: null };

/** What became of a try that got no definite answer. */
export type Failure =
  | "not_sent"
  /** Cut before any byte of the reply, on a connection that was used before. */
  | "stale"
  | "cut"
  | "timed_out"
  /** 408, 429, 503: the call was not carried out. */
  | "busy"
  /** 502, 504, or the database went away: it may have been carried out. */
  | "unsure"
  /** Every other 5xx. */
  | "internal";

/** What comes next. */
export type Step = "at_once" | "later" | "give_up";

/** Null: the reply is definite. */
export function failureOfReply(status: number, code: string | null): Failure | null {
  if (status === 502 || status === 504 || code === "database_unavailable") return "unsure";
  if (status === 408 || status === 429 || status === 503) return "busy";
  return status >= 500 ? "internal" : null;
}

/** `wasAtOnce`: this call was repeated at once before. `internalErrors`: replies with 500, this one included. */
export function nextStep(failure: Failure, repeat: Repeat, wasAtOnce: boolean, internalErrors: number): Step {
  if (failure === "internal") return repeat.isSafe && internalErrors <= MAX_INTERNAL_ERRORS ? "later" : "give_up";
  if (failure === "not_sent" || failure === "busy") return "later";
  if (!repeat.isSafe) return "give_up";
  return failure === "stale" && !wasAtOnce ? "at_once" : "later";
}

/** True where another replica should be tried, and clients should not come back all at once. */
export function changesServer(failure: Failure, status: number | null): boolean {
  return failure !== "internal" && status !== 408 && status !== 429;
}

/** True if the server may have carried the call out. */
export function mayHaveArrived(failure: Failure): boolean {
  return failure !== "not_sent" && failure !== "busy";
}
