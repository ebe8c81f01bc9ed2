/** Which report follows from the way a handler ended. */

import type { Told } from "./leases.js";

const FIRST_NO_HANDLER_DELAY_SECONDS = 30;
const MAX_NO_HANDLER_DELAY_SECONDS = 300;
const RELEASES_BEFORE_NO_HANDLER_FAILS = 9;

/** How a handler ended. */
export type Ending =
  | "returned"
  | "not_retryable"
  | "retry_after"
  | "release"
  | "hold"
  /** Anything else was thrown, for example by `signal.throwIfAborted()`. */
  | "raised";

/** The kinds of reports. */
export type Kind =
  | "completed"
  /** Retried by the event's retry policy. */
  | "failed"
  /** Retried after the delay that the handler gave. */
  | "failed_later"
  | "dead_letter"
  | "released"
  /** Released with code `hold`; the engine then leases nothing for a time. */
  | "held"
  /** Failed with type `HandlerTimeout`. */
  | "timed_out"
  | "nothing";

const BY_ENDING: Readonly<Record<Ending, Kind>> = {
  returned: "completed",
  not_retryable: "dead_letter",
  retry_after: "failed_later",
  release: "released",
  hold: "held",
  raised: "failed",
};
const BY_TOLD: Readonly<Record<Told, Kind>> = {
  lease_lost: "nothing",
  cancel_requested: "released",
  stopping: "released",
  timeout: "timed_out",
};

/**
 * A failure after the handler was told to stop counts as caused by that, whatever its class: a handler that wraps all
 * errors cannot tell them apart. A release or a hold is no failure, and is kept while there is a lease.
 */
export function kindOfReport(ending: Ending, told: Told | null): Kind {
  if (told === null || ending === "returned") return BY_ENDING[ending];
  const goesBack = ending === "release" || ending === "hold";
  return goesBack && told !== "lease_lost" ? BY_ENDING[ending] : BY_TOLD[told];
}

/**
 * The delay in seconds with which an event without a handler is released; null if it fails instead.
 *
 * It fails instead of the tenth release in a row. Attempts are not counted, because retries increase them as well.
 */
export function noHandler(releasesInRow: number, failsAtOnce: boolean): number | null {
  if (failsAtOnce || releasesInRow >= RELEASES_BEFORE_NO_HANDLER_FAILS) return null;
  return Math.min(FIRST_NO_HANDLER_DELAY_SECONDS * 2 ** releasesInRow, MAX_NO_HANDLER_DELAY_SECONDS);
}
