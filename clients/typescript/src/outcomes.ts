/** What a handler may return or throw, and what is reported of an event. */
import { inspect } from "node:util";
import { EventLeaseError, nameErrors } from "./errors.js";
import type { NewEvent } from "./new-event.js";

/** What may be said of a failure. */
export interface FailureOptions {
  /** What the operator should see, as JSON. */
  details?: unknown;
  cause?: unknown;
}

/** Trying again is pointless: the event becomes a dead letter. */
export class NotRetryable extends Error {
  readonly details: unknown;
  /** Failures with the same one are counted together. */
  readonly fingerprint: string | undefined;

  constructor(message: string = "", options: FailureOptions & { fingerprint?: string } = {}) {
    super(message, causeOf(options));
    this.details = options.details;
    this.fingerprint = textOr(options.fingerprint);
  }
}

/** A failure that is retried after the handler's own delay, a day at most, as long as retries are left. */
export class RetryAfter extends Error {
  readonly seconds: number;
  readonly details: unknown;

  constructor(seconds: number, message: string = "", options: FailureOptions = {}) {
    super(message, causeOf(options));
    this.seconds = checked("RetryAfter", seconds);
    this.details = options.details;
  }
}

/** Gives the event back, for a day at most; no retry is spent. `code` is for programs, `reason` for people. */
export class Release extends Error {
  readonly delaySeconds: number;
  readonly reason: string | undefined;
  readonly code: string | undefined;

  constructor(options: { delaySeconds?: number; reason?: string; code?: string } = {}) {
    super(textOr(options.reason) ?? "released");
    this.delaySeconds = checked("Release", options.delaySeconds ?? 0);
    this.reason = textOr(options.reason);
    this.code = textOr(options.code);
  }
}

/** Gives the event back, and this engine asks for none until then, as when a provider refuses calls. */
export class Hold extends Error {
  readonly seconds: number;
  readonly reason: string;

  constructor(seconds: number, reason: string = "held by its handler") {
    super(textOr(reason));
    this.seconds = checked("Hold", seconds);
    this.reason = this.message;
  }
}

/** The lease may have ended: somebody else may work on the event. */
export class LeaseUncertain extends Release {
  constructor() {
    super({ reason: "the lease may have ended", code: "lease_uncertain" });
  }
}

/** The payload is not what the handler's schema demands. Each place is a JSON pointer and what is wrong there. */
export class PayloadInvalid extends Error {
  readonly places: readonly { pointer: string; detail: string }[];

  constructor(places: readonly { pointer: string; detail: string }[]) {
    super(places.map(({ pointer, detail }) => (pointer === "" ? detail : `${pointer}: ${detail}`)).join("; "));
    this.places = places;
  }
}

/** The engine has ended by itself, as where the server refuses it; the message is the reason. */
export class EngineRefused extends EventLeaseError {}

nameErrors({ NotRetryable, RetryAfter, Release, Hold, LeaseUncertain, PayloadInvalid, EngineRefused });

/** The event is done. A handler may return it in order to enqueue follow-up events in the same transaction. */
export class Completed {
  readonly result: unknown;
  readonly enqueue: readonly NewEvent[];

  constructor(result?: unknown, options: { enqueue?: readonly NewEvent[] } = {}) {
    const enqueue: unknown = options.enqueue ?? [];
    if (!Array.isArray(enqueue)) throw new TypeError("Completed: `enqueue` is a list of events");
    this.result = result;
    this.enqueue = enqueue as NewEvent[];
  }
}

/** What a failure says of itself. */
export interface ReportedError {
  type: string;
  message: string;
  details?: unknown;
  fingerprint?: string;
}

/** The handler failed. */
export class Failed {
  readonly error: ReportedError;
  readonly retryable: boolean;
  readonly delaySeconds: number | null;

  constructor(error: ReportedError, options: { retryable?: boolean; delaySeconds?: number | null } = {}) {
    this.error = error;
    this.retryable = options.retryable ?? true;
    this.delaySeconds = options.delaySeconds ?? null;
  }
}

/** The event goes back into its queue. */
export class Released {
  readonly delaySeconds: number;
  readonly code: string | null;
  readonly reason: string | null;
  /** For how long the engine holds off. */
  readonly holdSeconds: number | null;

  constructor(
    options: { delaySeconds?: number; code?: string | null; reason?: string | null; holdSeconds?: number | null } = {},
  ) {
    this.delaySeconds = options.delaySeconds ?? 0;
    this.code = options.code ?? null;
    this.reason = options.reason ?? null;
    this.holdSeconds = options.holdSeconds ?? null;
  }
}

/** What is reported of an event. */
export type Report = Completed | Failed | Released;

function checked(name: string, seconds: unknown): number {
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds < 0) {
    throw new RangeError(`${name} takes seconds, a number from 0 up, and not ${String(seconds)}`);
  }
  return seconds;
}

/** JavaScript may give something else, such as the error of a provider. */
function textOr(text: unknown): string | undefined {
  if (text === undefined || text === null || typeof text === "string") return text ?? undefined;
  return text instanceof Error ? text.message : inspect(text);
}

function causeOf(options: FailureOptions): ErrorOptions | undefined {
  return "cause" in options ? { cause: options.cause } : undefined;
}
