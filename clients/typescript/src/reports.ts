/** Turns what a handler returned or threw into a report, and the report into the settlement that is sent. */
import { byteLength, STANDARD, textOf, type Json } from "./encoding.js";
import type { ErrorClass } from "./handlers.js";
import { wireOf } from "./new-event.js";
import {
  Completed,
  Failed,
  Hold,
  NotRetryable,
  PayloadInvalid,
  Release,
  Released,
  RetryAfter,
  type Report,
  type ReportedError,
} from "./outcomes.js";
import { cut, describe, isError, messageOf, printable, typeOf } from "./reported-error.js";
import type { Row, Told } from "./rules/leases.js";
import { kindOfReport, type Ending } from "./rules/outcome.js";

/** The limits of a server that names no others when the engine registers. */
export const MAX_DETAIL_BYTES: number = 256 * 1024;
export const MAX_JSON_DEPTH = 64;
export const MAX_DELAY_SECONDS = 86_400;
export const MAX_REASON_CHARS = 500;
const MAX_CODE_CHARS = 64;
const TOLD_REASONS: Partial<Record<Told, string>> = {
  cancel_requested: "its cancellation was requested",
  stopping: "the engine stops",
};

/** The report for a returned value. A value that should have been thrown is a failure, and its message says so. */
export function reportOfReturn(result: unknown): Report {
  const completed = result instanceof Completed ? result : new Completed(result);
  const advice = adviceOn(completed.result);
  return advice === null ? completed : new Failed({ type: "ResultNotJson", message: advice }, { retryable: false });
}

/** Why a value cannot be a result and what to write instead; null if it can. */
function adviceOn(result: unknown): string | null {
  if (typeof result === "function") {
    if (result.prototype instanceof Error) return throwInstead(result.name);
    return "the handler returned a function: call it, and return its result";
  }
  if (typeof result !== "object" || result === null) return null;
  if (isError(result)) return throwInstead(typeOf(result));
  if (result instanceof Failed || result instanceof Released) {
    const name = result instanceof Failed ? "Failed" : "Released";
    return `the handler returned ${name}: throw an error instead, such as RetryAfter, NotRetryable or Release`;
  }
  const isIterator = "next" in result && typeof result.next === "function";
  return isIterator ? "the handler returned a generator: return an array of its items" : null;
}

function throwInstead(name: string): string {
  return `the handler returned ${printable(name)}: write \`throw new ${printable(name)}(…)\` instead of returning it`;
}

/** The report for a thrown value; null if nothing is to be reported. */
export function reportOf(thrown: unknown, row: Row, options: { withStack?: boolean } = {}): Report | null {
  const name = row.handler?.name ?? row.eventType;
  const kind = kindOfReport(endingOf(thrown, row.handler?.notRetryable ?? []), row.told);
  if (kind === "nothing") return null;
  if (kind === "timed_out") {
    return new Failed({ type: "HandlerTimeout", message: `${name} did not end within its time limit` });
  }
  if (thrown instanceof Hold) {
    const holdSeconds = Math.min(thrown.seconds, MAX_DELAY_SECONDS);
    return new Released({ code: "hold", reason: cut(thrown.reason, MAX_REASON_CHARS), holdSeconds });
  }
  if (thrown instanceof Release) {
    const code = cut(thrown.code, MAX_CODE_CHARS);
    return new Released({
      delaySeconds: delayOf(thrown.delaySeconds),
      code,
      reason: cut(thrown.reason, MAX_REASON_CHARS),
    });
  }
  if (kind === "released" && row.told !== null) {
    return new Released({ code: row.told, reason: TOLD_REASONS[row.told] ?? null });
  }
  const delaySeconds = thrown instanceof RetryAfter ? delayOf(thrown.seconds) : null;
  return new Failed(describe(thrown, name, options.withStack ?? true), {
    retryable: kind !== "dead_letter",
    delaySeconds,
  });
}

function endingOf(thrown: unknown, notRetryable: readonly ErrorClass[]): Ending {
  if (thrown instanceof Release) return "release";
  if (thrown instanceof Hold) return "hold";
  if (thrown instanceof RetryAfter) return "retry_after";
  if (thrown instanceof NotRetryable || thrown instanceof PayloadInvalid) return "not_retryable";
  return notRetryable.some((kind) => thrown instanceof kind) ? "not_retryable" : "raised";
}

/**
 * The settlement of an event as it is sent, and the report that it contains.
 *
 * If a result cannot be sent, this is a failure that is not retried.
 */
export function settlement(
  row: Row,
  report: Report,
  json: Json = STANDARD,
  maxBytes: number = MAX_DETAIL_BYTES,
): [body: string, sent: Report] {
  const start = `{"event_id":"${row.eventId}","lease_token":"${row.leaseToken}","status":`;
  if (report instanceof Completed) {
    const members = membersOf(report, json, maxBytes);
    if (typeof members === "string") return [`${start}"completed"${members}}`, report];
    report = new Failed(members, { retryable: false });
  }
  const progress = row.progress !== null && row.progressIsUnsent ? `,"progress":${row.progress}` : "";
  if (report instanceof Released) {
    const { delaySeconds, code, reason } = report;
    const rest = { delay_seconds: delaySeconds || undefined, code: code ?? undefined, reason: reason ?? undefined };
    return [`${start}"queued"${listed(rest)}${progress}}`, report];
  }
  if (byteLength(textOf(report.error.details ?? null)) > maxBytes) {
    const { type, message } = report.error;
    report = new Failed({ type, message }, report);
  }
  const rest = {
    error: report.error,
    delay_seconds: report.delaySeconds ?? undefined,
    retryable: report.retryable ? undefined : false,
  };
  return [`${start}"failed"${listed(rest)}${progress}}`, report];
}

/** The members `result` and `enqueue` as JSON, or the error if they cannot be sent. */
function membersOf({ result, enqueue }: Completed, json: Json, maxBytes: number): string | ReportedError {
  let text = "";
  let followUps = "";
  try {
    if (result !== undefined) text = textOf(result, json);
    if (enqueue.length > 0) followUps = `,"enqueue":${textOf(enqueue.map(wireOf), json)}`;
  } catch (error) {
    return { type: "ResultNotJson", message: messageOf(error) };
  }
  const size = text.length * 3 <= maxBytes ? 0 : byteLength(text);
  if (size > maxBytes) {
    return { type: "ResultRefused", message: `a result of ${size} bytes is longer than ${maxBytes}` };
  }
  return (text === "" ? "" : `,"result":${text}`) + followUps;
}

/** The members as JSON, to be appended to those of an object. */
function listed(members: Record<string, unknown>): string {
  const text = textOf(members);
  return text === "{}" ? "" : `,${text.slice(1, -1)}`;
}

function delayOf(seconds: number): number {
  return Math.round(Math.min(seconds, MAX_DELAY_SECONDS));
}
