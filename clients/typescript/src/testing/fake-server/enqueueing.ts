/** Enqueueing: events, their keys, batches. */

import { isDeepStrictEqual } from "node:util";
import type { Call } from "./call.js";
import * as fields from "./fields.js";
import type { Members } from "./fields.js";
import { orRefusal, Refused } from "./refusals.js";
import { Event, type State } from "./state.js";

const MAX_DELAY_SECONDS = 31_536_000;
const MAX_RETRY_DELAY_SECONDS = 86_400;
const KEY_SECONDS = 86_400;
const RETRY_DELAY = { initial: 30, max: 300, multiplier: 2 };
// Without jitter, so that tests know it.
const RETRY_POLICY = { max_retries: 3, retry_delay: RETRY_DELAY, dead_letter_threshold: 3, jitter: 0 };

/** What a producer sent, with the defaults. */
export interface NewEvent {
  engine_type: string;
  event_type: string;
  payload: unknown;
  priority: number;
  delay_seconds: number | undefined;
  available_at: Date | undefined;
  scenario_run_id: string | undefined;
  visibility_timeout_seconds: number | undefined;
  retry_policy: { max_retries: number; retry_delay: typeof RETRY_DELAY; dead_letter_threshold: number; jitter: number };
  /** What of it the producer sent. */
  ownPolicy: Members;
  discard_after_seconds: number | undefined;
  idempotency_key: string | undefined;
  unique_key: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
}

const POLICY = fields.members({
  max_retries: fields.integer(0, 100),
  retry_delay: fields.members({
    initial: fields.integer(0, MAX_RETRY_DELAY_SECONDS),
    max: fields.integer(0, MAX_RETRY_DELAY_SECONDS),
    multiplier: fields.number(1, 10),
  }),
  dead_letter_threshold: fields.integer(1, 100),
  jitter: fields.number(0, 1),
});
const MEMBERS = fields.members({
  engine_type: fields.needed(fields.name),
  event_type: fields.needed(fields.name),
  payload: fields.needed(fields.json(fields.MAX_PAYLOAD_BYTES)),
  priority: fields.integer(0, 9),
  delay_seconds: fields.integer(0, MAX_DELAY_SECONDS),
  available_at: fields.moment,
  scenario_run_id: fields.runId,
  visibility_timeout_seconds: fields.integer(1, 43_200),
  retry_policy: POLICY,
  discard_after_seconds: fields.integer(1, MAX_DELAY_SECONDS),
  idempotency_key: fields.text(255),
  unique_key: fields.text(256),
  traceparent: fields.traceparent,
  tracestate: fields.text(512),
});
const BATCH = fields.members({
  events: fields.needed(fields.array(1, 1000, fields.anything)),
  atomic: fields.boolean,
});

/** Reads an event that is to be enqueued. */
export const NEW_EVENT: fields.Check<NewEvent> = (value, place) => {
  const { priority = 5, ...sent } = MEMBERS(value, place);
  const isGiven = (name: string): boolean => fields.isMembers(value) && (value[name] ?? null) !== null;
  const refuse = (name: string, detail: string): void => {
    place.wrong.push({ pointer: `${place.pointer}/${name}`, detail });
  };
  if (isGiven("delay_seconds") && isGiven("available_at")) {
    refuse("available_at", "stands beside delay_seconds; send one of the two");
  }
  if (isGiven("tracestate") && !isGiven("traceparent")) {
    refuse("tracestate", "needs the traceparent that it belongs to");
  }
  const ownPolicy: Partial<NonNullable<typeof sent.retry_policy>> = sent.retry_policy ?? {};
  const policy = { ...RETRY_POLICY, ...ownPolicy, retry_delay: { ...RETRY_DELAY, ...ownPolicy.retry_delay } };
  return { ...sent, priority, retry_policy: policy as NewEvent["retry_policy"], ownPolicy };
};

/** `POST /events`. */
export function enqueue(call: Call): object {
  const sent = call.read(NEW_EVENT);
  sent.idempotency_key ??= call.header("idempotency-key");
  const { event, duplicateOf } = enqueueOne(call.state, sent, owner(call));
  call.replyHeaders["location"] = `/api/v1/events/${event.event_id}`;
  call.status = duplicateOf === null ? 201 : 200;
  return answer(call.state, event, duplicateOf);
}

/** `POST /events/batch`. */
export function enqueueBatch(call: Call): object {
  const { events, atomic } = call.read(BATCH);
  const read = events.map((event, index) => orRefusal(() => fields.read(event, NEW_EVENT, `/events/${index}`)));
  const isRefusedWhole = atomic === true && read.some((sent) => sent instanceof Refused);
  const results = read.map((sent) => {
    if (sent instanceof Refused) return sent;
    if (isRefusedWhole) return new Refused("invalid_input", "another event of this atomic batch was refused");
    return orRefusal(() => {
      const { event, duplicateOf } = enqueueOne(call.state, sent, owner(call));
      return answer(call.state, event, duplicateOf);
    });
  });
  const refused = results.filter((result) => result instanceof Refused);
  call.status = refused.length === 0 ? 201 : refused.length === results.length ? 422 : 207;
  return {
    accepted: results.length - refused.length,
    rejected: refused.length,
    results: results.map((result) =>
      result instanceof Refused ? { event_id: null, error: result.problem() } : result,
    ),
  };
}

/** Enqueues an event, or finds the one that a key of it stands for, and says which key. */
export function enqueueOne(
  state: State,
  sent: NewEvent,
  owner: string,
  causedBy: string | null = null,
): { event: Event; duplicateOf: "idempotency_key" | "unique_key" | null } {
  const known = refuseUnfit(state, sent, owner);
  if (known !== undefined) return { event: known, duplicateOf: "idempotency_key" };
  const { unique_key, available_at, delay_seconds = 0 } = sent;
  const isHolder = (event: Event): boolean => unique_key !== undefined && event.sent.unique_key === unique_key;
  const holder = state.queue(sent.engine_type).find(isHolder);
  const now = state.now();
  const due = new Date(Math.max(now.getTime(), available_at?.getTime() ?? now.getTime() + delay_seconds * 1000));
  const event = holder ?? new Event(sent, now, due, causedBy);
  state.events.set(event.event_id, event);
  if (sent.idempotency_key !== undefined) state.keys.set(keyOf(sent, owner), event);
  return { event, duplicateOf: holder === undefined ? null : "unique_key" };
}

/** Refuses what contradicts its idempotency key, and what belongs to a cancelled run; else what its key stands for. */
export function refuseUnfit(state: State, sent: NewEvent, owner: string): Event | undefined {
  const known = sent.idempotency_key === undefined ? undefined : state.keys.get(keyOf(sent, owner));
  if (known !== undefined && state.secondsSince(known.created_at) < KEY_SECONDS) {
    const keyless = { idempotency_key: undefined };
    if (isDeepStrictEqual({ ...known.sent, ...keyless }, { ...sent, ...keyless })) return known;
    const detail = `the idempotency key stands for event ${known.event_id}, which has another body`;
    throw new Refused("idempotency_key_reused", detail, { event_id: known.event_id });
  }
  const { scenario_run_id = "" } = sent;
  if (!state.cancelledRuns.has(scenario_run_id)) return undefined;
  const detail = `scenario run ${scenario_run_id} is cancelled, and takes no more events`;
  throw new Refused("run_cancelled", detail, { scenario_run_id });
}

/** A retry policy, and which level says each part of it. */
export function policyInForce(policy: Members, own: Members): Members {
  const parts = Object.entries(policy).map(([name, value]) => {
    const part = own[name];
    if (fields.isMembers(value)) return [name, policyInForce(value, fields.isMembers(part) ? part : {})];
    return [name, { value, source: part === undefined ? "server" : "event" }];
  });
  return Object.fromEntries(parts) as Members;
}

function keyOf(sent: NewEvent, owner: string): string {
  return JSON.stringify([owner, sent.engine_type, sent.idempotency_key]);
}

function owner(call: Call): string {
  return call.token?.name ?? "";
}

function answer(state: State, event: Event, duplicateOf: string | null): object {
  const { event_id, status, created_at, available_at } = event;
  const { engine_type, event_type, priority, scenario_run_id = null, unique_key, payload } = event.sent;
  const hasEngine = [...state.engines.values()].some((engine) => engine.engine_type === engine_type);
  const detail = `no engine of type ${engine_type} is registered; the event waits for one`;
  const of = {
    engine_type,
    event_type,
    priority,
    scenario_run_id,
    unique_key,
    payload_bytes: fields.byteLength(payload),
  };
  const reply = { event_id, ...of, status, created_at, available_at };
  if (duplicateOf !== null) return { ...reply, outcome: "duplicate", duplicate: true, duplicate_of: duplicateOf };
  if (hasEngine) return { ...reply, outcome: "enqueued" };
  return { ...reply, outcome: "enqueued", notice: { code: "no_engine_of_type", detail } };
}
