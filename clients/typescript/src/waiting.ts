/** How awaited events ended, and how long is waited for them. */

import { now, sleep } from "./clock.js";
import type { Calls } from "./calls.js";
import { EventCancelled, EventFailed, ProblemError, refusedHere } from "./errors.js";
import type { EventLeaseError } from "./errors.js";
import { pauseAfterNothing } from "./rules/backoff.js";
import type { Repeat } from "./rules/repeats.js";
import type { Schemas } from "./wire.js";

export const MAX_AWAITED = 100;
export const MAX_WAIT_SECONDS = 20;
export const REPLY_SECONDS = 15;
const LAST_PAUSE_SECONDS = 0.2;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How long to wait. */
export interface WaitOptions {
  /** Without it, for ever. */
  readonly timeoutSeconds?: number | undefined;
  /** Ends the wait, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What an awaited event has come to: its result, or why there is none. */
export type Ended = { readonly result: unknown } | { readonly error: EventLeaseError };

/** The id, as the server writes it. InvalidInput where it is none: all that were sent beside it would be refused. */
export function checkedId(eventId: string): string {
  if (!UUID.test(eventId)) throw refusedHere(`an event's id is a UUID, and not ${JSON.stringify(eventId)}`);
  return eventId.toLowerCase();
}

/** True while it is queued or processing. */
export function isOpen(event: { readonly status: string }): boolean {
  return event.status === "queued" || event.status === "processing";
}

/** How an event that is not open has ended. */
export function endOf(event: Schemas["Event"]): Ended {
  if (event.status === "completed") return { result: event.result };
  return { error: event.status === "cancelled" ? new EventCancelled(event) : new EventFailed(event) };
}

/** Where a run can be read. */
export function runPath(scenarioRunId: string | number): `/scenario-runs/${string}` {
  return `/scenario-runs/${encodeURIComponent(String(scenarioRunId))}`;
}

/** True while it has events that are open. */
export function isRunOpen(run: Schemas["ScenarioRun"]): boolean {
  return run.counts.queued + run.counts.processing > 0;
}

/** How long a wait lasts, which may take several requests. */
export class TimeLimit {
  readonly #deadline: number;
  #askedAt = 0;
  #waitSeconds = 0;

  constructor(seconds: number | undefined) {
    this.#deadline = now() + (seconds ?? Infinity);
  }

  /** Seconds. */
  left(): number {
    return Math.max(0, this.#deadline - now());
  }

  /** How the next request may be repeated. */
  repeat(): Repeat {
    const left = this.left();
    return { isSafe: true, withinSeconds: left === Infinity ? null : left };
  }

  /** How long the server may wait before it answers the request that follows; whole seconds. */
  waitSeconds(most: number = MAX_WAIT_SECONDS): number {
    this.#askedAt = now();
    this.#waitSeconds = Math.min(Math.floor(this.left()), most);
    return this.#waitSeconds;
  }

  /** After a request that brought nothing: a pause if it was answered early, or if it did not wait. */
  pause(...signals: (AbortSignal | undefined)[]): Promise<void> {
    const seconds =
      this.#waitSeconds === 0
        ? LAST_PAUSE_SECONDS
        : pauseAfterNothing(now() - this.#askedAt, this.#waitSeconds, null, Math.random());
    return sleep(Math.min(this.left(), seconds), ...signals);
  }
}

/** Those that have ended, by id, once there is one or the time is over; errors for unknown ones. */
export async function waitOnce(
  calls: Calls,
  eventIds: readonly string[],
  waitSeconds: number,
  repeat: Repeat,
  signal?: AbortSignal,
): Promise<Map<string, Ended>> {
  const body = JSON.stringify({ event_ids: eventIds, wait_seconds: waitSeconds, until: "any" });
  const seconds = waitSeconds + REPLY_SECONDS;
  const reply = await calls.send("POST", "/events/wait", body, { seconds, repeat, signal });
  const found = calls.decodeObject<Schemas["AwaitedEvents"]>(reply, "unknown", "events");
  const ended = new Map<string, Ended>();
  for (const eventId of [...found.unknown, ...found.events.map((event) => event.event_id)]) {
    try {
      // An unknown one is read as well, for what the server says of it.
      const options = { seconds: REPLY_SECONDS, repeat, signal };
      const read = await calls.send("GET", `/events/${eventId}`, undefined, options);
      const event = calls.decodeObject<Schemas["Event"]>(read, "event_id", "status");
      if (!isOpen(event)) ended.set(eventId, endOf(event)); // as it is if it was redriven meanwhile
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      ended.set(eventId, { error });
    }
  }
  return ended;
}
