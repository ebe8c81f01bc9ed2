/** A leased event as the server sends it. */
import { numberOf } from "./encoding.js";

/** The members of a leased event that the library reads, as the server sends them. */
export interface LeasedEvent {
  readonly event_id: string;
  readonly engine_type: string;
  readonly event_type: string;
  readonly payload: unknown;
  readonly priority: number;
  readonly scenario_run_id: string | number | null;
  readonly created_at: string;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly retries_left: number;
  readonly losses_left: number;
  readonly releases_in_row: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly previous: LeasedPrevious | null;
  readonly lease: {
    readonly lease_token: string;
    readonly expires_in_seconds: number;
    readonly visibility_timeout_seconds: number;
  };
}

/** The event with JavaScript numbers where the library counts: an author's JSON may have read BigInts or objects. */
export function counted(body: LeasedEvent): LeasedEvent {
  const { lease_token, expires_in_seconds, visibility_timeout_seconds } = body.lease;
  return {
    ...body,
    priority: numberOf(body.priority),
    attempt: numberOf(body.attempt),
    max_attempts: numberOf(body.max_attempts),
    retries_left: numberOf(body.retries_left),
    losses_left: numberOf(body.losses_left),
    releases_in_row: numberOf(body.releases_in_row),
    lease: {
      lease_token,
      expires_in_seconds: numberOf(expires_in_seconds),
      visibility_timeout_seconds: numberOf(visibility_timeout_seconds),
    },
  };
}

/** The previous attempt, as the server sends it. */
export interface LeasedPrevious {
  readonly outcome: string;
  readonly error: unknown;
  readonly progress: unknown;
  readonly code: string | null;
  readonly reason: string | null;
  readonly ended_at: string;
}
