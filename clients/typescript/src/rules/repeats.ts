/** The rules for repeating failed calls. */

const MAX_INTERNAL_ERRORS = 3;

/** The conditions under which a call may be repeated. */
export interface Repeat {
  /** True if the call may arrive twice: a GET, PUT or DELETE, a poll with its id, an event with an idempotency key. */
  readonly isSafe: boolean;
  /** Counted from the first try; null repeats without a limit. */
  readonly withinSeconds: number | null;
}

export const ENGINE: Repeat = { isSafe: true, withinSeconds: null };

/** Why a try got no definite answer. */
export type Failure =
  | "not_sent"
  /** A reused connection was cut before any byte of the reply. */
  | "stale"
  | "cut"
  | "timed_out"
  /** 408, 429, 503: the call was not carried out. */
  | "busy"
  /** 502, 504, `database_unavailable`: the call may have been carried out. */
  | "unsure"
  /** Every other 5xx. */
  | "internal";

/** What follows a failed try. */
export type Step = "at_once" | "later" | "give_up";

/** The failure that a status means; null if the reply is definite. */
export function failureOfReply(status: number, code: string | null): Failure | null {
  if (status === 502 || status === 504 || code === "database_unavailable") return "unsure";
  if (status === 408 || status === 429 || status === 503) return "busy";
  return status >= 500 ? "internal" : null;
}

/** `wasAtOnce`: the call was already repeated at once. `internalErrors`: the number of internal errors so far. */
export function nextStep(failure: Failure, repeat: Repeat, wasAtOnce: boolean, internalErrors: number): Step {
  if (failure === "internal") return repeat.isSafe && internalErrors <= MAX_INTERNAL_ERRORS ? "later" : "give_up";
  if (failure === "not_sent" || failure === "busy") return "later";
  if (!repeat.isSafe) return "give_up";
  return failure === "stale" && !wasAtOnce ? "at_once" : "later";
}

/** True if another replica should be tried, after a pause that is spread at random. */
export function changesServer(failure: Failure, status: number | null): boolean {
  return failure !== "internal" && status !== 408 && status !== 429;
}

/** True if the server may have carried out the call. */
export function mayHaveArrived(failure: Failure): boolean {
  return failure !== "not_sent" && failure !== "busy";
}
