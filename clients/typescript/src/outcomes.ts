/** What a handler may return or throw, and the reports that are made of it. */
import { inspect } from "node:util";
import { EventLeaseError, nameErrors } from "./errors.js";
import type { NewEvent } from "./new-event.js";

/** The options of a failure. */
export interface FailureOptions {
  /** Any JSON value, which is shown with the failure. */
  details?: unknown;
  cause?: unknown;
}

/** Thrown by a handler if a retry cannot succeed: the event becomes a dead letter. */
export class NotRetryable extends Error {
  readonly details: unknown;
  /** Failures with the same fingerprint are counted together. */
  readonly fingerprint: string | undefined;

  constructor(message: string = "", options: FailureOptions & { fingerprint?: string } = {}) {
    checkOptions("NotRetryable", options, "details", "cause", "fingerprint");
    super(message, causeOf(options));
    this.details = options.details;
    this.fingerprint = textOr(options.fingerprint);
  }
}

/** Thrown by a handler to fail, and be retried after this delay of at most a day if retries are left. */
export class RetryAfter extends Error {
  readonly seconds: number;
  readonly details: unknown;

  constructor(seconds: number, message: string = "", options: FailureOptions = {}) {
    checkOptions("RetryAfter", options, "details", "cause");
    super(message, causeOf(options));
    this.seconds = checked("RetryAfter", seconds);
    this.details = options.details;
  }
}

/** Thrown by a handler to put the event back into its queue, for at most a day, without using a retry. */
export class Release extends Error {
  readonly delaySeconds: number;
  readonly reason: string | undefined;
  readonly code: string | undefined;

  constructor(options: { delaySeconds?: number; reason?: string; code?: string } = {}) {
    checkOptions("Release", options, "delaySeconds", "reason", "code");
    super(textOr(options.reason) ?? "released");
    this.delaySeconds = checked("Release", options.delaySeconds ?? 0);
    this.reason = textOr(options.reason);
    this.code = textOr(options.code);
  }
}

/** Thrown by a handler to put the event back, and to stop this engine from leasing for a time, as after a 429. */
export class Hold extends Error {
  readonly seconds: number;
  readonly reason: string;

  constructor(seconds: number, reason: string = "held by its handler") {
    super(textOr(reason));
    this.seconds = checked("Hold", seconds);
    this.reason = this.message;
  }
}

/** The lease may have ended, and another engine may work on the event. */
export class LeaseUncertain extends Release {
  constructor() {
    super({ reason: "the lease may have ended", code: "lease_uncertain" });
  }
}

/** The payload does not fit the handler's schema. Each place has a JSON pointer and says what is wrong there. */
export class PayloadInvalid extends Error {
  readonly places: readonly { pointer: string; detail: string }[];

  constructor(places: readonly { pointer: string; detail: string }[]) {
    super(places.map(({ pointer, detail }) => (pointer === "" ? detail : `${pointer}: ${detail}`)).join("; "));
    this.places = places;
  }
}

/** The engine has stopped by itself, for example because the server refused it. The message is the reason. */
export class EngineRefused extends EventLeaseError {}

nameErrors({ NotRetryable, RetryAfter, Release, Hold, LeaseUncertain, PayloadInvalid, EngineRefused });

/** The event is completed. A handler may return this to enqueue follow-up events in the same transaction. */
export class Completed {
  readonly result: unknown;
  readonly enqueue: readonly NewEvent[];

  constructor(result?: unknown, options: { enqueue?: readonly NewEvent[] } = {}) {
    checkOptions("Completed", options, "enqueue");
    const enqueue: unknown = options.enqueue ?? [];
    if (!Array.isArray(enqueue)) throw new TypeError("Completed: `enqueue` must be an array of events");
    this.result = result;
    this.enqueue = enqueue as NewEvent[];
  }
}

/** The error of a failure, as it is reported. */
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

/** The event was put back into its queue. */
export class Released {
  readonly delaySeconds: number;
  readonly code: string | null;
  readonly reason: string | null;
  /** How long the engine leases no events, after a `Hold`. */
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

brand({ NotRetryable, RetryAfter, Release, Hold, LeaseUncertain, PayloadInvalid, Completed, Failed, Released });

/**
 * Makes `instanceof` true for objects of the same class in another copy of the package, of which a process can have
 * several. Subclasses of authors are told apart as usual.
 */
function brand(classes: Readonly<Record<string, { readonly prototype: object }>>): void {
  for (const [name, branded] of Object.entries(classes)) {
    const mark = Symbol.for(`eventlease.${name}`);
    Object.defineProperty(branded.prototype, mark, { value: true });
    const isInstance = function (this: unknown, value: unknown): boolean {
      if (this !== branded) return Function.prototype[Symbol.hasInstance].call(this as never, value);
      return typeof value === "object" && value !== null && mark in value;
    };
    Object.defineProperty(branded, Symbol.hasInstance, { value: isInstance });
  }
}

/** What is reported to the server about an event. */
export type Report = Completed | Failed | Released;

function checked(name: string, seconds: unknown): number {
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds < 0) {
    throw new RangeError(`${name}: the seconds must be a number from 0 up, not ${String(seconds)}`);
  }
  return seconds;
}

/** Throws TypeError for options of programs without types that would be ignored. */
function checkOptions(of: string, options: unknown, ...names: string[]): void {
  if (typeof options !== "object" || options === null) throw new TypeError(`${of}: the options must be an object`);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${of}: there is no option ${unknown}, only ${names.join(", ")}`);
  }
}

/** The text of a value that should be a string. Programs without types may pass another, such as an error. */
function textOr(text: unknown): string | undefined {
  if (text === undefined || text === null || typeof text === "string") return text ?? undefined;
  return text instanceof Error ? text.message : inspect(text);
}

function causeOf(options: FailureOptions): ErrorOptions | undefined {
  return "cause" in options ? { cause: options.cause } : undefined;
}
