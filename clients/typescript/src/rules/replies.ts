/** What the server's refusals mean for an engine, by their code. */

const MAX_INTERNAL_ERRORS = 10;

/** What becomes of a settlement that was refused. */
export type Verdict =
  /** The event is another engine's. */
  | "lost"
  /** It was settled otherwise before. */
  | "stands"
  | "gone"
  /** Its content: the event is reported as failed. */
  | "refused"
  | "again"
  /** Nothing helps; the lease runs out. */
  | "dropped";

/**
 * `isFallback`: it is the failure that stands for a report whose content was refused. `internalErrors`: how often this
 * settlement alone was answered with a fault of the server, now included.
 */
export function verdict(code: string, status: number, isFallback: boolean, internalErrors: number): Verdict {
  if (code === "lease_lost" || code === "engine_not_found") return "lost";
  if (code === "already_settled") return "stands";
  if (status === 404) return "gone";
  if ([401, 408, 429, 503, 504].includes(status)) return "again";
  if (status >= 500) return internalErrors < MAX_INTERNAL_ERRORS ? "again" : "dropped";
  return isFallback ? "dropped" : "refused";
}

/** What an engine does about a call that was refused as a whole. */
export type Recovery =
  | "register"
  /** Another process registered with this id. */
  | "superseded"
  /** For good: the engine ends. */
  | "refused"
  /** Said, and tried again after a pause. */
  | "wait";

/** At start there is nothing to keep. */
export function recovery(code: string, status: number, atStart: boolean = false): Recovery {
  if (code === "engine_superseded") return "superseded";
  if (code === "engine_not_found") return "register";
  if (code === "engine_type_mismatch" || code === "engine_id_taken") return "refused";
  return atStart && status >= 400 && status < 500 && status !== 408 && status !== 429 ? "refused" : "wait";
}

/**
 * How many settlements to send at a time after a batch was refused as a whole.
 *
 * One too large, or one that the server fails over, is found by halving; one that makes a request invalid, singly.
 */
export function nextBatch(entries: number, status: number): number {
  if (status === 413 || status === 431 || status >= 500) return Math.max(Math.floor(entries / 2), 1);
  return status >= 400 && ![401, 403, 404, 409].includes(status) ? 1 : entries;
}
