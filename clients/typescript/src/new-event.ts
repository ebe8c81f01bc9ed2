/** Events to enqueue: as a program writes them, and as they are sent. */

/** How often and after which delays a failed event is retried. Defaults: those of its event type, queue or server. */
export interface RetryPolicy {
  maxRetries?: number | undefined;
  retryDelay?: { initial?: number | undefined; max?: number | undefined; multiplier?: number | undefined } | undefined;
  deadLetterThreshold?: number | undefined;
  jitter?: number | undefined;
}

/** The options of an event. */
export interface EventOptions {
  /** 0 to 9; 9 is leased first. Default: 5. */
  priority?: number | undefined;
  delaySeconds?: number | undefined;
  /** When the event is due, instead of `delaySeconds`. */
  availableAt?: Date | string | undefined;
  scenarioRunId?: string | number | undefined;
  visibilityTimeoutSeconds?: number | undefined;
  retryPolicy?: RetryPolicy | undefined;
  /** Within 24 hours, events with the same key are one event. Default: a random key. */
  idempotencyKey?: string | undefined;
  /** While the queue has an open event with this key, no other is stored, and the answer names that event. */
  uniqueKey?: string | undefined;
  discardAfterSeconds?: number | undefined;
  /** The trace that the event belongs to. Default: the current one. */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
}

/** An event to enqueue. */
export interface NewEvent extends EventOptions {
  engineType: string;
  eventType: string;
  payload: unknown;
}

/** The event as it is sent: with its members and those of its retry policy in snake_case, and its payload unchanged. */
export function wireOf(event: NewEvent): Record<string, unknown> {
  // Programs without types may pass anything.
  if (typeof event !== "object" || (event as unknown) === null || Array.isArray(event)) {
    throw new TypeError("an event must be an object with engineType, eventType and payload");
  }
  return renamed(event, (name, value) => (name === "retryPolicy" ? policyOf(value) : value));
}

function policyOf(policy: unknown): unknown {
  if (typeof policy !== "object" || policy === null) return policy; // the server refuses it and says why
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
