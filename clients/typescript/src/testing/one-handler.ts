/** Calls one handler with one event, without a server, but with the schema and the reports of a real engine. */
import { randomUUID } from "node:crypto";
import { milliseconds } from "../clock.js";
import { textOf } from "../encoding.js";
import { partsOf, type Engine } from "../engine.js";
import type { LeasedEvent } from "../leased-event.js";
import { Leases } from "../leases.js";
import { Completed, Failed, Released, type Report, type ReportedError } from "../outcomes.js";
import { settlement } from "../reports.js";
import type { Row, Told } from "../rules/leases.js";
import { noHandler } from "../rules/outcome.js";
import { attempt } from "../runners/attempt.js";

const LEASE_SECONDS = 300;
const LEASED_AT = "2030-01-31T12:00:00Z";

/** How the previous attempt ended. */
export interface GivenPrevious {
  outcome?: string;
  error?: unknown;
  progress?: unknown;
  code?: string | null;
  reason?: string | null;
  endedAt?: string;
}

/** Members of the event, and what happens while its handler runs. */
export interface RunOptions<S = unknown> {
  attempt?: number;
  retriesLeft?: number;
  lossesLeft?: number;
  releasesInRow?: number;
  previous?: GivenPrevious;
  priority?: number;
  scenarioRunId?: string | number | null;
  eventId?: string;
  createdAt?: string;
  traceparent?: string | null;
  tracestate?: string | null;
  /** The `event.state`, instead of what the engine's `lifespan` would yield. */
  state?: S;
  /** After this time the event is cancelled. */
  cancelAfterSeconds?: number;
  /** After this time the lease is lost. */
  loseLeaseAfterSeconds?: number;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof RunOptions>([
  "attempt",
  "retriesLeft",
  "lossesLeft",
  "releasesInRow",
  "previous",
  "priority",
  "scenarioRunId",
  "eventId",
  "createdAt",
  "traceparent",
  "tracestate",
  "state",
  "cancelAfterSeconds",
  "loseLeaseAfterSeconds",
]);

/**
 * Resolves with the report that an engine would send: a Completed, Failed or Released, or null if it would send none,
 * as after a lost lease. The handler is always awaited, even if it ignores its signal.
 */
export async function run<S>(
  engine: Engine<S>,
  eventType: string,
  payload?: unknown,
  options: RunOptions<S> = {},
): Promise<Report | null> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw new TypeError(`run has no option ${unknown}, only ${[...OPTIONS].join(", ")}`);
  const { settings, handlers } = partsOf(engine);
  if (settings.lifespan !== undefined && !("state" in options)) {
    throw new TypeError("the engine has a lifespan: pass `state`, which is what it would yield");
  }
  settings.check();
  const quiet = settings.quiet();
  const leases = new Leases(quiet);
  // As it would arrive from a producer, with dates as strings.
  const sent: unknown = settings.json.parse(textOf(payload ?? null, settings.json));
  const body = leasedEvent(settings.engineType, eventType, sent, options);
  const [row] = leases.place([body], leases.now());
  const handler = handlers.layered().find(eventType);
  if (handler === undefined) {
    const delaySeconds = noHandler(body.releases_in_row, settings.unknownTypesFail);
    if (delaySeconds !== null) return new Released({ delaySeconds, code: "no_handler" });
    return new Failed({ type: "NoHandler", message: `no handler for ${eventType}` }, { retryable: false });
  }
  const event = row?.event ?? null;
  if (row === undefined || event === null) throw new Error("the event was not placed");
  row.handler = handler;
  leases.begin(row);
  const timers = telling(leases, row, {
    cancel_requested: options.cancelAfterSeconds,
    lease_lost: options.loseLeaseAfterSeconds,
    timeout: handler.timeoutSeconds,
  });
  try {
    const report = await attempt(row, event, handler, options.state, quiet);
    return report === null ? null : asSent(leases, row, report);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

/** A leased event as the server sends it. */
export function leasedEvent(engineType: string, eventType: string, payload: unknown, options: RunOptions): LeasedEvent {
  const { attempt = 1, retriesLeft = 3, previous } = options;
  return {
    event_id: options.eventId ?? randomUUID(),
    engine_type: engineType,
    event_type: eventType,
    payload,
    priority: options.priority ?? 5,
    scenario_run_id: options.scenarioRunId ?? null,
    created_at: options.createdAt ?? LEASED_AT,
    attempt,
    max_attempts: attempt + retriesLeft,
    retries_left: retriesLeft,
    losses_left: options.lossesLeft ?? 3,
    releases_in_row: options.releasesInRow ?? 0,
    traceparent: options.traceparent ?? null,
    tracestate: options.tracestate ?? null,
    previous:
      previous === undefined
        ? null
        : {
            outcome: previous.outcome ?? "failed",
            error: previous.error ?? null,
            progress: previous.progress ?? null,
            code: previous.code ?? null,
            reason: previous.reason ?? null,
            ended_at: previous.endedAt ?? LEASED_AT,
          },
    lease: {
      lease_token: randomUUID(),
      expires_in_seconds: LEASE_SECONDS,
      visibility_timeout_seconds: LEASE_SECONDS,
    },
  };
}

function telling(leases: Leases, row: Row, told: Partial<Record<Told, number | undefined>>): NodeJS.Timeout[] {
  return Object.entries(told)
    .filter((each): each is [Told, number] => each[1] !== undefined)
    .map(([reason, seconds]) => setTimeout(() => leases.tell([row], reason), milliseconds(seconds)));
}

/** The report as the server would read it: the result after JSON, or the failure if it cannot be sent. */
function asSent(leases: Leases, row: Row, report: Report): Report {
  const [body, sent] = settlement(row, report, leases.json);
  const read = leases.json.parse(body) as { result?: unknown; error?: ReportedError };
  if (sent instanceof Completed) return new Completed(read.result, { enqueue: sent.enqueue });
  return sent instanceof Failed && read.error !== undefined ? new Failed(read.error, sent) : sent;
}
