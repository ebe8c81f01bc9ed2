/** Events that are enqueued: their texts, requests of many, and what the server says of each. */

import type { Calls } from "./calls.js";
import { byteLength } from "./encoding.js";
import { EventLeaseError, InvalidInput, NotEventLease, problemError, refusedHere } from "./errors.js";
import type { BadPlace, Problem } from "./errors.js";
import { wireOf } from "./new-event.js";
import type { EventOptions, NewEvent } from "./new-event.js";
import type { Repeat } from "./rules/repeats.js";
import { traceContext } from "./tracing.js";
import type { Schemas } from "./wire.js";

export const MAX_BATCH_EVENTS = 1000;
export const MAX_BATCH_BYTES: number = 4 * 1024 * 1024;
export const CALL_SECONDS = 30;

/** What may be said of an event when a client enqueues it. */
export interface EnqueueOptions extends EventOptions {
  /** False: no key is made up. Then a lost reply is Unavailable with `isUnknown`. */
  idempotency?: boolean | undefined;
}

/** An event that a client enqueues. */
export interface NewClientEvent extends NewEvent, EnqueueOptions {}

/** An event that the server has, or the one that a key stood for. */
export interface Enqueued {
  readonly eventId: string;
  /** True: nothing was stored; `reply.duplicate_of` says by which key. */
  readonly isDuplicate: boolean;
  /** `no_engine_of_type`, where no engine is registered that would work on it. */
  readonly notice: string | null;
  /** All that the server said. */
  readonly reply: Schemas["EnqueueAnswer"];
}

/** An event as it is sent. */
export class NewBody {
  readonly text: string;
  readonly bytes: number;
  /** It may be sent again. */
  readonly hasKey: boolean;
  /** A duplicate by its key is this event itself, whose first reply was lost. */
  readonly keyIsMadeUp: boolean;

  /** With a key and the trace context where the event has none. Throws InvalidInput. */
  constructor(calls: Calls, event: NewClientEvent) {
    // Programs without types may hand in anything.
    if (typeof event !== "object" || (event as unknown) === null || Array.isArray(event)) {
      throw refusedHere("an event is an object with engineType, eventType and payload");
    }
    const { idempotency = true, ...members } = event;
    if (members.availableAt instanceof Date && isNaN(members.availableAt.valueOf())) {
      throw refusedHere("availableAt is an invalid date"); // JSON would have null, and the event would be due now
    }
    const wire = wireOf(members);
    const has = (name: string): boolean => (wire[name] ?? null) !== null;
    const ownKey = has("idempotency_key");
    if (!ownKey && idempotency) wire["idempotency_key"] = crypto.randomUUID();
    if (!has("traceparent")) Object.assign(wire, traceContext());
    this.text = calls.textOf(wire);
    this.bytes = byteLength(this.text);
    this.hasKey = ownKey || idempotency;
    this.keyIsMadeUp = idempotency && !ownKey && !has("unique_key");
  }
}

/** Events in requests that are not too large; among them, why some cannot be sent. */
export function* batches(bodies: Iterable<NewBody | InvalidInput>): Generator<(NewBody | InvalidInput)[]> {
  let batch: (NewBody | InvalidInput)[] = [];
  let size = 0;
  for (const body of bodies) {
    const bytes = body instanceof NewBody ? body.bytes : 0;
    if (batch.length > 0 && (batch.length === MAX_BATCH_EVENTS || size + bytes > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(body);
    size += bytes;
  }
  if (batch.length > 0) yield batch;
}

/** For each event what was stored, or why it was not. Throws only if `atomic`. */
export async function enqueueBatch(
  calls: Calls,
  bodies: readonly NewBody[],
  timeoutSeconds: number,
  atomic: boolean = false,
): Promise<(Enqueued | EventLeaseError)[]> {
  const repeat = { isSafe: bodies.every((body) => body.hasKey), withinSeconds: timeoutSeconds };
  const [first] = bodies;
  try {
    if (first === undefined) return [];
    return bodies.length === 1 && !atomic
      ? [await enqueueOne(calls, first, repeat)]
      : await enqueueTogether(calls, bodies, repeat, atomic);
  } catch (error) {
    if (atomic || !(error instanceof EventLeaseError)) throw error;
    if (!(error instanceof InvalidInput) || bodies.length === 1) return bodies.map(() => error);
    // The request as a whole is refused; the culprit is found by halving it.
    const middle = bodies.length >> 1;
    const before = await enqueueBatch(calls, bodies.slice(0, middle), timeoutSeconds);
    return before.concat(await enqueueBatch(calls, bodies.slice(middle), timeoutSeconds));
  }
}

async function enqueueOne(calls: Calls, body: NewBody, repeat: Repeat): Promise<Enqueued> {
  const reply = await calls.send("POST", "/events", body.text, { seconds: CALL_SECONDS, repeat });
  return enqueued(calls.decodeObject<Schemas["EnqueueAnswer"]>(reply, "event_id"), body);
}

async function enqueueTogether(
  calls: Calls,
  bodies: readonly NewBody[],
  repeat: Repeat,
  atomic: boolean,
): Promise<(Enqueued | EventLeaseError)[]> {
  const text = `{"events":[${bodies.map((body) => body.text).join()}]${atomic ? ',"atomic":true' : ""}}`;
  const options = { seconds: CALL_SECONDS, repeat, accept: [422] };
  const reply = await calls.send("POST", "/events/batch", text, options);
  const { results } = calls.decodeObject<{ results: Result[] }>(reply, "results");
  if (!Array.isArray(results) || results.length !== bodies.length || !results.every(isResult)) {
    throw new NotEventLease(`${bodies.length} events were sent, the reply has not a result for each`);
  }
  const requestId = reply.headers.get("x-request-id");
  return bodies.map((body, number) => {
    const result = results[number] as Result;
    return "error" in result ? refused(result.error, requestId) : enqueued(result, body);
  });
}

type Result = Schemas["EnqueueAnswer"] | { error: Problem };

function isResult(result: unknown): boolean {
  return typeof result === "object" && result !== null && ("event_id" in result || "error" in result);
}

/** Pointers lead into the event, which was sent alone as far as its caller knows. */
function refused(problem: Problem, requestId: string | null): EventLeaseError {
  const errors = problem.errors?.map((error): BadPlace =>
    error.pointer === undefined ? error : { ...error, pointer: error.pointer.replace(/^\/events\/\d+/, "") },
  );
  return problemError(errors === undefined ? problem : { ...problem, errors }, undefined, requestId);
}

/** What the server took in. A duplicate by a key that was made up here is this event, whose first reply was lost. */
function enqueued(reply: Schemas["EnqueueAnswer"], body: NewBody): Enqueued {
  const { notice } = reply as { notice?: { code: string } | null };
  const isRepeat = body.keyIsMadeUp && reply.duplicate_of === "idempotency_key";
  return {
    eventId: reply.event_id,
    isDuplicate: reply.duplicate === true && !isRepeat,
    notice: notice?.code ?? null,
    reply,
  };
}
