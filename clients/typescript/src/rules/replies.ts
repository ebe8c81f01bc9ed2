/** How an engine reacts to refusals of the server. */

const MAX_INTERNAL_ERRORS = 10;

/** What a refusal means for a settlement. */
export type Verdict =
  /** The lease has ended; another engine may have the event. */
  | "lost"
  /** An earlier, different settlement stands. */
  | "stands"
  | "gone"
  /** The content was refused: the event is reported as failed instead. */
  | "refused"
  | "again"
  /** Nothing more can be reported: the lease expires. */
  | "dropped";

/**
 * `isFallback`: the settlement is the failure that replaced a report whose content was refused. `internalErrors`: the
 * number of internal errors for this settlement alone, this one included.
 */
export function verdict(code: string, status: number, isFallback: boolean, internalErrors: number): Verdict {
  if (code === "lease_lost" || code === "engine_not_found") return "lost";
  if (code === "already_settled") return "stands";
  if (status === 404) return "gone";
  if ([401, 408, 429, 503, 504].includes(status)) return "again";
  if (status >= 500) return internalErrors < MAX_INTERNAL_ERRORS ? "again" : "dropped";
  return isFallback ? "dropped" : "refused";
}

/** What an engine does after a call was refused as a whole. */
export type Recovery =
  | "register"
  /** Another process registered with this id. */
  | "superseded"
  /** The refusal is permanent: the engine stops. */
  | "refused"
  /** Logged, and tried again after a pause. */
  | "wait";

/** `atStart`: the engine holds no events yet, so most refusals stop it. */
export function recovery(code: string, status: number, atStart: boolean = false): Recovery {
  if (code === "engine_superseded") return "superseded";
  if (code === "engine_not_found") return "register";
  if (code === "engine_type_mismatch" || code === "engine_id_taken") return "refused";
  return atStart && status >= 400 && status < 500 && status !== 408 && status !== 429 ? "refused" : "wait";
}

/**
 * How many settlements to send at a time after a batch was refused as a whole.
 *
 * Halving finds the one that is too large or makes the server fail; after an invalid request, they are sent singly.
 */
export function nextBatch(entries: number, status: number): number {
  if (status === 413 || status === 431 || status >= 500) return Math.max(Math.floor(entries / 2), 1);
  return status >= 400 && ![401, 403, 404, 409].includes(status) ? 1 : entries;
}
