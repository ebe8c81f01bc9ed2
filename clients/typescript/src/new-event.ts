/** Events to enqueue, as authors write them and as they are sent. */

/** How often a failed event is retried, and after how long; what is left out is that of the queue or the server. */
export interface RetryPolicy {
  maxRetries?: number | undefined;
  retryDelay?: { initial?: number | undefined; max?: number | undefined; multiplier?: number | undefined } | undefined;
  deadLetterThreshold?: number | undefined;
  jitter?: number | undefined;
}

/** What may be said of an event when it is enqueued. */
export interface EventOptions {
  /** 0 to 9, 9 first; 5 where it is left out. */
  priority?: number | undefined;
  delaySeconds?: number | undefined;
  /** When it is due, instead of `delaySeconds`. */
  availableAt?: Date | string | undefined;
  scenarioRunId?: string | number | undefined;
  visibilityTimeoutSeconds?: number | undefined;
  retryPolicy?: RetryPolicy | undefined;
  /** The same key within 24 hours is the same event. Where it is left out, the client makes one up. */
  idempotencyKey?: string | undefined;
  /** While an open event of the queue has it, no other is taken in: that event is the answer. */
  uniqueKey?: string | undefined;
  discardAfterSeconds?: number | undefined;
  /** The trace it belongs to; where it is left out, the current one. */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
}

/** An event to enqueue. */
export interface NewEvent extends EventOptions {
  engineType: string;
  eventType: string;
  payload: unknown;
}

/** The event as it is sent: its own members and those of its retry policy in snake_case, its payload as it is. */
export function wireOf(event: NewEvent): Record<string, unknown> {
  return renamed(event, (name, value) => (name === "retryPolicy" ? policyOf(value) : value));
}

function policyOf(policy: unknown): unknown {
  if (typeof policy !== "object" || policy === null) return policy; // the server says what is wrong with it
  return renamed(policy, (name, value) =>
    name === "retryDelay" && typeof value === "object" && value !== null ? renamed(value) : value,
  );
}

function renamed(
  members: object,
  valueOf: (name: string, value: unknown) => unknown = (_, value) => value,
): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined)
      wire[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = valueOf(name, value);
  }
  return wire;
}
