/** Requests that enqueue one event or many, and the result for each event. */

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

/** The options of an event that a client enqueues. */
export interface EnqueueOptions extends EventOptions {
  /** False: the event gets no random key. A lost reply is then Unavailable with `isUnknown`. Default: true. */
  idempotency?: boolean | undefined;
}

/** An event that a client enqueues. */
export interface NewClientEvent extends NewEvent, EnqueueOptions {}

/** The stored event, or the earlier one with the same key. */
export interface Enqueued {
  readonly eventId: string;
  /** True if nothing was stored, because of an earlier event; `reply.duplicate_of` says which key they share. */
  readonly isDuplicate: boolean;
  /** `no_engine_of_type` if no engine of the event's type is registered. */
  readonly notice: string | null;
  /** The server's reply. */
  readonly reply: Schemas["EnqueueAnswer"];
}

/** What became of one event of a request. */
export type EnqueueResult = Enqueued | EventLeaseError;

/** An event as it is sent. */
export class NewBody {
  readonly text: string;
  readonly bytes: number;
  /** True if the event has a key, so that sending it again is safe. */
  readonly hasKey: boolean;
  /** True if the key is random: then a duplicate is this event itself, stored by a request whose reply was lost. */
  readonly hasRandomKey: boolean;

  /** Adds a key and the trace context if the event has none. Throws InvalidInput. */
  constructor(calls: Calls, event: NewClientEvent) {
    // Programs without types may pass anything.
    if (typeof event !== "object" || (event as unknown) === null || Array.isArray(event)) {
      throw refusedHere("an event must be an object with engineType, eventType and payload");
    }
    const { idempotency = true, ...members } = event;
    if (typeof idempotency !== "boolean") throw refusedHere("idempotency must be true or false");
    if (members.availableAt instanceof Date && isNaN(members.availableAt.valueOf())) {
      throw refusedHere("availableAt is an invalid date"); // its JSON is null, which would make the event due now
    }
    const wire = wireOf(members);
    const has = (name: string): boolean => (wire[name] ?? null) !== null;
    const ownKey = has("idempotency_key");
    if (!ownKey && idempotency) wire["idempotency_key"] = crypto.randomUUID();
    if (!has("traceparent")) Object.assign(wire, traceContext());
    this.text = calls.textOf(wire);
    this.bytes = byteLength(this.text);
    this.hasKey = ownKey || idempotency;
    this.hasRandomKey = idempotency && !ownKey && !has("unique_key");
  }
}

/** Splits events, and the errors of those that cannot be sent, into batches within the limits of a request. */
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

/** The result for each event, in order. Throws only if `atomic`. */
export async function enqueueBatch(
  calls: Calls,
  bodies: readonly NewBody[],
  timeoutSeconds: number,
  atomic: boolean = false,
): Promise<EnqueueResult[]> {
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
    // The server has refused the whole request. Halving it finds the events that are wrong.
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
): Promise<EnqueueResult[]> {
  const text = `{"events":[${bodies.map((body) => body.text).join()}]${atomic ? ',"atomic":true' : ""}}`;
  const options = { seconds: CALL_SECONDS, repeat, accept: [422] };
  const reply = await calls.send("POST", "/events/batch", text, options);
  const { results } = calls.decodeObject<{ results: Result[] }>(reply, "results");
  if (!Array.isArray(results) || results.length !== bodies.length || !results.every(isResult)) {
    throw new NotEventLease(`the reply does not have a result for each of the ${bodies.length} events`);
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

/** The error of one event, with pointers into the event instead of the request. */
function refused(problem: Problem, requestId: string | null): EventLeaseError {
  const errors = problem.errors?.map((error): BadPlace =>
    error.pointer === undefined ? error : { ...error, pointer: error.pointer.replace(/^\/events\/\d+/, "") },
  );
  return problemError(errors === undefined ? problem : { ...problem, errors }, undefined, requestId);
}

function enqueued(reply: Schemas["EnqueueAnswer"], body: NewBody): Enqueued {
  const { notice } = reply as { notice?: { code: string } | null };
  const isRepeat = body.hasRandomKey && reply.duplicate_of === "idempotency_key";
  return {
    eventId: reply.event_id,
    isDuplicate: reply.duplicate === true && !isRepeat,
    notice: notice?.code ?? null,
    reply,
  };
}
