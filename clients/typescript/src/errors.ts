/** The errors that calls throw. Programs should decide by class and by `code`, never by the message. */

import type { Schemas } from "./wire.js";

/** The base of all errors that this library itself throws. */
export class EventLeaseError extends Error {}

/** One part of a request that the server refuses. */
export interface BadPlace {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly header?: string;
  readonly detail?: string;
}

/** The body of a refusal. Some codes come with further members. */
export interface Problem {
  readonly code?: string;
  readonly status?: number;
  readonly title?: string;
  readonly detail?: string | null;
  readonly errors?: readonly BadPlace[];
  readonly [member: string]: unknown;
}

/** The server refused a call; `problem` is the body of its reply. */
export class ProblemError extends EventLeaseError {
  readonly problem: Problem;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Every part of the request that is wrong. */
  readonly errors: readonly BadPlace[];
  readonly requestId: string | null;

  constructor(problem: Problem, status: number, requestId: string | null = null) {
    const code = problem.code ?? "";
    const detail = problem.detail || problem.title || "";
    const errors = Array.isArray(problem.errors) ? (problem.errors as readonly BadPlace[]) : [];
    const places = errors.map(
      (error) => `; ${error.pointer || error.parameter || error.header || "body"}: ${error.detail ?? ""}`,
    );
    super(`${code || status}: ${detail}${places.join("")}${requestId === null ? "" : ` (request ${requestId})`}`);
    this.problem = problem;
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = errors;
    this.requestId = requestId;
  }
}

/** 400, 405, 413, 415, 422, 431: the request itself is wrong; `errors` names every part that is. */
export class InvalidInput extends ProblemError {}

/** 401: the token is missing, unknown, revoked or expired. */
export class Unauthenticated extends ProblemError {
  constructor(problem: Problem, status: number, requestId: string | null = null) {
    super(problem, status, requestId);
    this.message += "; the token is that of the option `token`, or else of EVENTLEASE_TOKEN";
  }
}

/** 403, 421: the caller is not allowed to do this. */
export class Forbidden extends ProblemError {}

/** 404: there is no such event, engine, queue or address. */
export class NotFound extends ProblemError {}

/** 409: the current state of the event, engine or queue does not allow it. */
export class Conflict extends ProblemError {}

/** `lease_lost`: the report came too late, because the lease had ended. */
export class LeaseEnded extends Conflict {
  /** How the lease ended: `expired`, `engine_unresponsive`, …; null if there never was such a lease. */
  get leaseEndedBy(): string | null {
    return (this.problem["lease_ended_by"] as string | null | undefined) ?? null;
  }
}

/** `already_settled`: the lease was settled with another status before, which remains. */
export class AlreadySettled extends Conflict {
  /** The status that remains. */
  get settledAs(): string | null {
    return (this.problem["settled_as"] as string | null | undefined) ?? null;
  }
}

/**
 * There was no definite answer, after all repeats: no server answered, or none could serve the call.
 *
 * `isUnknown` is true if the server may have carried out the call nevertheless.
 */
export class Unavailable extends EventLeaseError {
  readonly isUnknown: boolean;
  readonly status: number | null;
  readonly code: string | null;
  readonly requestId: string | null;

  constructor(
    message: string,
    known: {
      isUnknown?: boolean;
      status?: number | null;
      code?: string | null;
      requestId?: string | null;
      cause?: unknown;
    } = {},
  ) {
    super(message, known.cause === undefined ? undefined : { cause: known.cause });
    this.isUnknown = known.isUnknown ?? false;
    this.status = known.status ?? null;
    this.code = known.code ?? null;
    this.requestId = known.requestId ?? null;
  }
}

/** The answer did not come from an EventLease server, but from a proxy, a redirect or another service. */
export class NotEventLease extends EventLeaseError {}

/** Too many events wait to be enqueued, and the client was created with `onFull: "throw"`. */
export class BufferFull extends EventLeaseError {}

/** The options of an engine or a client are wrong. */
export class ConfigurationError extends EventLeaseError {}

/** The awaited event or run was still open when the time was over. */
export class TimeoutError extends EventLeaseError {}

/** The awaited event became a dead letter. */
export class EventFailed extends EventLeaseError {
  readonly #event: Schemas["Event"];
  readonly eventId: string;
  readonly errorType: string | null;

  constructor(event: Schemas["Event"]) {
    const type = event.error_type;
    const message = event.error_message || event.dead_letter_reason || "no error was reported";
    super(`event ${event.event_id} failed: ${type ? `${type}: ` : ""}${message}`);
    this.#event = event;
    this.eventId = event.event_id;
    this.errorType = type;
  }

  /** The event as the server describes it. A getter, as is `error`, so that logs do not print it. */
  get event(): Schemas["Event"] {
    return this.#event;
  }

  /** The error that its last attempt reported. */
  get error(): unknown {
    return this.#event.error ?? null;
  }
}

/** The awaited event was cancelled, by a caller or because of its age. */
export class EventCancelled extends EventLeaseError {
  readonly #event: Schemas["Event"];
  readonly eventId: string;

  constructor(event: Schemas["Event"]) {
    super(`event ${event.event_id} was cancelled`);
    this.#event = event;
    this.eventId = event.event_id;
  }

  /** The event as the server describes it. */
  get event(): Schemas["Event"] {
    return this.#event;
  }
}

nameErrors({
  EventLeaseError,
  ProblemError,
  InvalidInput,
  Unauthenticated,
  Forbidden,
  NotFound,
  Conflict,
  LeaseEnded,
  AlreadySettled,
  Unavailable,
  NotEventLease,
  BufferFull,
  ConfigurationError,
  TimeoutError,
  EventFailed,
  EventCancelled,
});

/** The error for a request that the client itself refuses, because it cannot be sent. */
export function refusedHere(detail: string, status = 422, cause?: unknown): InvalidInput {
  const error = new InvalidInput({ code: status === 413 ? "payload_too_large" : "invalid_input", detail }, status);
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** What is made, or the InvalidInput that says why it cannot be. */
export function orInvalid<Made>(make: () => Made): Made | InvalidInput {
  try {
    return make();
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
}

/** The error for a problem, of a whole reply or of one entry in it. The status decides the class of unknown codes. */
export function problemError(problem: Problem, status?: number, requestId: string | null = null): ProblemError {
  const known = status ?? problem.status ?? 0;
  return new (familyOf(problem.code, known))(problem, known, requestId);
}

function familyOf(code: string | undefined, status: number): typeof ProblemError {
  if (code === "lease_lost") return LeaseEnded;
  if (code === "already_settled") return AlreadySettled;
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
    case 431:
      return InvalidInput;
    case 401:
      return Unauthenticated;
    case 403:
    case 421:
      return Forbidden;
    case 404:
      return NotFound;
    case 409:
      return Conflict;
    default:
      return ProblemError;
  }
}

/**
 * Names classes of errors as they are exported, whatever a minifier calls them. The name is on the prototype, so that
 * it is not printed as a property of each error.
 */
export function nameErrors(classes: Readonly<Record<string, { readonly prototype: Error }>>): void {
  for (const [name, { prototype }] of Object.entries(classes)) prototype.name = name;
}
