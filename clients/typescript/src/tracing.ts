/** Tracing, if the program uses OpenTelemetry. `@opentelemetry/api` is not imported before it does. */

import { inspect } from "node:util";

import type * as OpenTelemetry from "@opentelemetry/api";

import type { LeasedEvent } from "./leased-event.js";
import { VERSION } from "./version.js";

type Api = typeof OpenTelemetry;

/** Records how an attempt ended: `completed`, `failed`, `released` or `nothing`, and with which error. */
export type Ended = (outcome: string, error?: unknown) => void;

// All 1.x versions of the API keep the program's tracer provider under this symbol.
const REGISTERED = Symbol.for("opentelemetry.js.api.1");
let api: Api | null = null;
let loading: Promise<void> | null = null;

/** Loads the API if the program uses it. Null if there is nothing to wait for: it is loaded already, or not used. */
export function loadTracing(): Promise<void> | null {
  if (api !== null || !(REGISTERED in globalThis)) return null;
  loading ??= import("@opentelemetry/api").then(
    (module) => {
      api = module;
    },
    () => {
      // The program uses a copy of the API that cannot be imported from here, so nothing is traced.
    },
  );
  return loading;
}

/** The `traceparent` and `tracestate` of an event that is enqueued now, if there is a current trace. */
export function traceContext(): { traceparent?: string; tracestate?: string } {
  const current = api?.trace.getSpanContext(api.context.active());
  if (api === null || current === undefined || !api.isSpanContextValid(current)) return {};
  const flags = current.traceFlags.toString(16).padStart(2, "0");
  const tracestate = current.traceState?.serialize();
  return {
    traceparent: `00-${current.traceId}-${current.spanId}-${flags}`,
    ...(tracestate ? { tracestate } : {}),
  };
}

/** Calls a function within a span for one attempt, in the event's trace. A returned promise ends the span. */
export function processing<T>(event: LeasedEvent, engineType: string, run: (ended: Ended) => T): T {
  if (api === null) {
    void loadTracing(); // so that the next event is traced
    return run(() => undefined);
  }
  const { context, trace, SpanKind } = api;
  const parent = parentOf(api, event);
  const linked = trace.getSpanContext(parent);
  const span = trace.getTracer("eventlease", VERSION).startSpan(
    `process ${event.event_type}`,
    {
      kind: SpanKind.CONSUMER,
      links: linked === undefined ? [] : [{ context: linked }],
      attributes: {
        "messaging.system": "eventlease",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": engineType,
        "messaging.message.id": event.event_id,
        "eventlease.event_type": event.event_type,
        "eventlease.attempt": event.attempt,
      },
    },
    parent,
  );
  const end = (): void => {
    span.end();
  };
  try {
    const result = context.with(trace.setSpan(parent, span), () => run(endedOf(api as Api, span)));
    if (result instanceof Promise) void result.then(end, end);
    else end();
    return result;
  } catch (error) {
    end();
    throw error;
  }
}

function endedOf({ SpanStatusCode }: Api, span: OpenTelemetry.Span): Ended {
  return (outcome, error) => {
    span.setAttribute("eventlease.outcome", outcome);
    if (error === undefined) return;
    const thrown = error instanceof Error ? error : { name: "NonError", message: inspect(error, { depth: 1 }) };
    span.recordException(thrown);
    span.setStatus({ code: SpanStatusCode.ERROR, message: thrown.name });
  };
}

/** The current context with the event's span as its remote parent. */
function parentOf({ context, trace, createTraceState }: Api, event: LeasedEvent): OpenTelemetry.Context {
  const found = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(event.traceparent ?? "");
  if (found === null) return context.active();
  const [, traceId = "", spanId = "", flags = ""] = found;
  return trace.setSpanContext(context.active(), {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16),
    isRemote: true,
    ...(event.tracestate ? { traceState: createTraceState(event.tracestate) } : {}),
  });
}
