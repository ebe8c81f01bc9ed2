/** What is reported of an event, by how its handler ended. */

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
  /** Anything else, as `signal.throwIfAborted()` and what was given the signal do. */
  | "raised";

/** What is reported. */
export type Kind =
  | "completed"
  /** Retried by the policy. */
  | "failed"
  /** Retried after the handler's own delay. */
  | "failed_later"
  | "dead_letter"
  | "released"
  /** Released with code `hold`, and the engine holds off. */
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

/** A handler that was told to stop and then threw has ended because of that, unless it said otherwise itself. */
export function kindOfReport(ending: Ending, told: Told | null): Kind {
  if (told !== null && ending === "raised") return BY_TOLD[told];
  if (told === "lease_lost" && ending !== "returned") return "nothing";
  return BY_ENDING[ending];
}

/**
 * For how many seconds an event whose type has no handler is released; null where it fails instead.
 *
 * The tenth release in a row becomes a failure. The number of attempts does not count: retries raise it too.
 */
export function noHandler(releasesInRow: number, failsAtOnce: boolean): number | null {
  if (failsAtOnce || releasesInRow >= RELEASES_BEFORE_NO_HANDLER_FAILS) return null;
  return Math.min(FIRST_NO_HANDLER_DELAY_SECONDS * 2 ** releasesInRow, MAX_NO_HANDLER_DELAY_SECONDS);
}
