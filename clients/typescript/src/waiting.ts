/** Requests that wait for events, and their time limits. */

import { now, sleep } from "./clock.js";
import type { Calls } from "./calls.js";
import { EventCancelled, EventFailed, ProblemError, refusedHere } from "./errors.js";
import type { EventLeaseError } from "./errors.js";
import { isUuid } from "./option-checks.js";
import { pauseAfterNothing } from "./rules/backoff.js";
import { LEAST_TRY_SECONDS } from "./tries.js";
import type { Repeat } from "./rules/repeats.js";
import type { Schemas } from "./wire.js";

export const MAX_AWAITED = 100;
export const MAX_WAIT_SECONDS = 20;
export const REPLY_SECONDS = 15;
const LAST_PAUSE_SECONDS = 0.2;

/** The options of a wait. */
export interface WaitOptions {
  /** Default: no limit. */
  readonly timeoutSeconds?: number | undefined;
  /** Aborts the wait, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How an awaited event ended: with its result, or the error that says why there is none. */
export type Ended = { readonly result: unknown } | { readonly error: EventLeaseError };

/** The id as the server writes it. Throws InvalidInput: one wrong id would make the server refuse a whole request. */
export function checkedId(eventId: string): string {
  if (!isUuid(eventId)) throw refusedHere(`an event id must be a UUID, not ${JSON.stringify(eventId)}`);
  return eventId.toLowerCase();
}

/** True while an event is queued or processing. */
function isOpen(event: { readonly status: string }): boolean {
  return event.status === "queued" || event.status === "processing";
}

/** How an event ended that is no longer open. */
function endOf(event: Schemas["Event"]): Ended {
  if (event.status === "completed") return { result: event.result };
  return { error: event.status === "cancelled" ? new EventCancelled(event) : new EventFailed(event) };
}

/** The path of a run. */
export function runPath(scenarioRunId: string | number): `/scenario-runs/${string}` {
  return `/scenario-runs/${encodeURIComponent(String(scenarioRunId))}`;
}

/** True while a run has open events. */
export function isRunOpen(run: Schemas["ScenarioRun"]): boolean {
  return run.counts.queued + run.counts.processing > 0;
}

/** The time limit of a wait, which may take several requests. */
export class TimeLimit {
  readonly #deadline: number;
  #askedAt = 0;
  #waitSeconds = 0;

  constructor(seconds: number | undefined) {
    this.#deadline = now() + (seconds ?? Infinity);
  }

  /** The seconds left. */
  left(): number {
    return Math.max(0, this.#deadline - now());
  }

  /** The repeats of the next request end with the wait. */
  repeat(): Repeat {
    const left = this.left();
    return { isSafe: true, withinSeconds: left === Infinity ? null : left };
  }

  /** The whole seconds that the server may wait before it answers the next request. */
  waitSeconds(most: number = MAX_WAIT_SECONDS): number {
    this.#askedAt = now();
    this.#waitSeconds = Math.min(Math.floor(this.left()), most);
    return this.#waitSeconds;
  }

  /** Pauses after a request without a result, unless the server waited as long as it was asked to. */
  pause(...signals: (AbortSignal | undefined)[]): Promise<void> {
    const seconds =
      this.#waitSeconds === 0
        ? LAST_PAUSE_SECONDS
        : pauseAfterNothing(now() - this.#askedAt, this.#waitSeconds, null, Math.random());
    return sleep(Math.min(this.left(), seconds), ...signals);
  }
}

/** Waits until one of the events has ended. Resolves with those that have, by id, and an error for each unknown id. */
export async function waitOnce(
  calls: Calls,
  eventIds: readonly string[],
  waitSeconds: number,
  repeat: Repeat,
  signal?: AbortSignal,
): Promise<Map<string, Ended>> {
  const body = JSON.stringify({ event_ids: eventIds, wait_seconds: waitSeconds, until: "any" });
  const seconds = waitSeconds + REPLY_SECONDS;
  const spareSeconds = LEAST_TRY_SECONDS; // the reply comes when the time is over
  const reply = await calls.send("POST", "/events/wait", body, {
    seconds,
    spareSeconds,
    repeat,
    signal,
    isWaiting: waitSeconds > 0,
  });
  const found = calls.decodeObject<Schemas["AwaitedEvents"]>(reply, "unknown", "events");
  const ended = new Map<string, Ended>();
  for (const eventId of [...found.unknown, ...found.events.map((event) => event.event_id)]) {
    try {
      // Unknown events are read as well, to get the server's error.
      const options = { seconds: REPLY_SECONDS, repeat, signal };
      const read = await calls.send("GET", `/events/${eventId}`, undefined, options);
      const event = calls.decodeObject<Schemas["Event"]>(read, "event_id", "status");
      if (!isOpen(event)) ended.set(eventId, endOf(event)); // it is open again if it was redriven meanwhile
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      ended.set(eventId, { error });
    }
  }
  return ended;
}
