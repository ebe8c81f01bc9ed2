/** Enqueueing: events, their keys, batches. */

import { isDeepStrictEqual } from "node:util";
import { readAll, type Call } from "./call.js";
import * as fields from "./fields.js";
import { Refused } from "./refusals.js";
import { Event, type State } from "./state.js";

const MAX_DELAY_SECONDS = 31_536_000;
const KEY_SECONDS = 86_400;
const DEFAULT_POLICY = {
  max_retries: 3,
  retry_delay: { initial: 30, max: 300, multiplier: 2 },
  dead_letter_threshold: 3,
};

const RETRY_POLICY: fields.Check<typeof DEFAULT_POLICY> = (value, place) => {
  const own = fields.object(value, place);
  const delay = own?.["retry_delay"];
  const retry_delay = { ...DEFAULT_POLICY.retry_delay, ...(fields.isMembers(delay) ? delay : {}) };
  return { ...DEFAULT_POLICY, ...own, retry_delay };
};
const MEMBERS = fields.members({
  engine_type: fields.needed(fields.name),
  event_type: fields.needed(fields.name),
  payload: fields.needed(fields.json(fields.MAX_PAYLOAD_BYTES)),
  priority: fields.integer(0, 9),
  delay_seconds: fields.integer(0, MAX_DELAY_SECONDS),
  available_at: fields.moment,
  scenario_run_id: fields.runId,
  visibility_timeout_seconds: fields.integer(1, 43_200),
  retry_policy: RETRY_POLICY,
  discard_after_seconds: fields.integer(1, MAX_DELAY_SECONDS),
  idempotency_key: fields.text(255),
  unique_key: fields.text(256),
  traceparent: fields.text(64),
  tracestate: fields.text(512),
});

/** What a producer sent, with the defaults. */
export type NewEvent = NonNullable<ReturnType<typeof MEMBERS>> & {
  priority: number;
  retry_policy: typeof DEFAULT_POLICY;
};

/** Reads an event that is to be enqueued. */
export const NEW_EVENT: fields.Check<NewEvent> = (value, place) => {
  const read = MEMBERS(value, place);
  return read && { ...read, priority: read.priority ?? 5, retry_policy: read.retry_policy ?? DEFAULT_POLICY };
};
const BATCH = fields.members({
  events: fields.needed(fields.array(1, 1000, fields.anything)),
  atomic: fields.boolean,
});

/** `POST /events`. */
export function enqueue(call: Call): object {
  const sent = call.read(NEW_EVENT);
  sent.idempotency_key ??= call.headers.get("idempotency-key") ?? undefined;
  const { event, duplicateOf } = enqueueOne(call.state, sent, owner(call));
  call.location = `/api/v1/events/${event.eventId}`;
  call.status = duplicateOf === null ? 201 : 200;
  return told(call.state, event, duplicateOf);
}

/** `POST /events/batch`. */
export function enqueueBatch(call: Call): object {
  const { events, atomic } = call.read(BATCH);
  const read = events.map((event, index) => orRefusal(() => readAll(event, NEW_EVENT, `/events/${index}`)));
  const isRefusedWhole = atomic === true && read.some((sent) => sent instanceof Refused);
  const results = read.map((sent) => {
    if (sent instanceof Refused) return sent;
    return orRefusal(() => {
      if (isRefusedWhole) throw new Refused("invalid_input", "another event of this atomic batch was refused");
      const { event, duplicateOf } = enqueueOne(call.state, sent, owner(call));
      return told(call.state, event, duplicateOf);
    });
  });
  const rejected = results.filter((result) => result instanceof Refused).length;
  call.status = rejected === 0 ? 201 : rejected === results.length ? 422 : 207;
  const entries = results.map((result) =>
    result instanceof Refused ? { event_id: null, error: result.problem() } : result,
  );
  return { accepted: results.length - rejected, rejected, results: entries };
}

/** Enqueues an event, or finds the one that a key of it stands for, and says which key. */
export function enqueueOne(
  state: State,
  sent: NewEvent,
  owner: string,
  causedBy: string | null = null,
): { event: Event; duplicateOf: "idempotency_key" | "unique_key" | null } {
  const known = refuseUnfit(state, sent, owner);
  if (known) return { event: known, duplicateOf: "idempotency_key" };
  const holder = state
    .queue(sent.engine_type)
    .find(({ sent: { unique_key } }) => unique_key !== undefined && unique_key === sent.unique_key);
  const now = state.now();
  const due = sent.available_at ?? state.in(sent.delay_seconds ?? 0);
  const event =
    holder ?? new Event(sent, now, due > now && (sent.available_at || sent.delay_seconds) ? due : now, causedBy);
  state.events.set(event.eventId, event);
  if (sent.idempotency_key !== undefined) state.keys.set(keyOf(sent, owner), event);
  return { event, duplicateOf: holder ? "unique_key" : null };
}

/** Refuses an event that contradicts its idempotency key, or whose run is cancelled; else what its key stands for. */
export function refuseUnfit(state: State, sent: NewEvent, owner: string): Event | undefined {
  const known = sent.idempotency_key === undefined ? undefined : state.keys.get(keyOf(sent, owner));
  if (known && state.secondsUntil(known.createdAt) > -KEY_SECONDS) {
    if (isDeepStrictEqual(comparable(known.sent), comparable(sent))) return known;
    const detail = `the idempotency key stands for event ${known.eventId}, which has another body`;
    throw new Refused("idempotency_key_reused", detail, { event_id: known.eventId });
  }
  const run = sent.scenario_run_id;
  if (run === undefined || !state.cancelledRuns.has(run)) return undefined;
  const detail = `scenario run ${run} is cancelled, and takes no more events`;
  throw new Refused("run_cancelled", detail, { scenario_run_id: run });
}

function keyOf(sent: NewEvent, owner: string): string {
  return JSON.stringify([owner, sent.engine_type, sent.idempotency_key]);
}

/** What has to be the same under one key. */
function comparable(sent: NewEvent): object {
  return { ...sent, idempotency_key: undefined };
}

function owner(call: Call): string {
  return call.token?.name ?? "";
}

function orRefusal<T>(make: () => T): T | Refused {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

function told(state: State, event: Event, duplicateOf: string | null): object {
  const { sent } = event;
  const { engine_type } = sent;
  const isWaitedFor =
    duplicateOf !== null || [...state.engines.values()].some((each) => each.engineType === engine_type);
  const detail = `no engine of type ${engine_type} is registered; the event waits for one`;
  return {
    event_id: event.eventId,
    outcome: duplicateOf === null ? "enqueued" : "duplicate",
    engine_type,
    event_type: sent.event_type,
    priority: sent.priority,
    scenario_run_id: sent.scenario_run_id ?? null,
    status: event.status,
    payload_bytes: fields.byteLength(sent.payload),
    created_at: event.createdAt,
    available_at: event.availableAt,
    unique_key: sent.unique_key,
    ...(duplicateOf !== null && { duplicate: true, duplicate_of: duplicateOf }),
    ...(!isWaitedFor && { notice: { code: "no_engine_of_type", detail } }),
  };
}
