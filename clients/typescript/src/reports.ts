/** Turns what a handler returned or threw into a report, and the report into the settlement that is sent. */
import { inspect } from "node:util";
import { byteLength, depth, STANDARD, textOf, type Json } from "./encoding.js";
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
import type { Row, Told } from "./rules/leases.js";
import { kindOfReport, type Ending } from "./rules/outcome.js";

/** The limits of a server that names no others when the engine registers. */
export const MAX_DETAIL_BYTES: number = 256 * 1024;
export const MAX_JSON_DEPTH = 64;
const MAX_TYPE_CHARS = 200;
const MAX_MESSAGE_CHARS = 8192;
const MAX_STACK_CHARS = 16_000;
const MAX_OWN_DETAILS_BYTES = 64 * 1024;
const MAX_OWN_DETAILS_DEPTH = 50;
const MAX_CAUSES = 5;
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

/** The `error` of a failure, cut to the server's limits. */
export function describe(thrown: unknown, handler: string, withStack: boolean): ReportedError {
  const details: Record<string, unknown> = { handler: cut(handler, MAX_TYPE_CHARS) };
  const own = thrown instanceof PayloadInvalid ? thrown.places : memberOf(thrown, "details");
  if (own !== undefined && own !== null) details["details"] = bounded(own);
  const causes = causesOf(thrown);
  if (causes.length > 0) details["cause"] = causes;
  const stack = memberOf(thrown, "stack");
  if (withStack && typeof stack === "string" && !(thrown instanceof PayloadInvalid)) {
    details["stack"] = stack.slice(0, MAX_STACK_CHARS);
  }
  const described: ReportedError = { type: typeOf(thrown), message: messageOf(thrown), details };
  const fingerprint = thrown instanceof NotRetryable ? cut(thrown.fingerprint, MAX_TYPE_CHARS) : null;
  if (fingerprint !== null) described.fingerprint = fingerprint;
  return described;
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

/** True for errors, also those of another realm: some test runners give each file a realm of its own. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** The `name` that the error itself or its class defines, else the name of its class. */
function typeOf(thrown: unknown): string {
  if (!isError(thrown)) return "NonError";
  const named = [thrown, Object.getPrototypeOf(thrown) as object].some((each) => Object.hasOwn(each, "name"));
  const name = memberOf(named ? thrown : thrown.constructor, "name");
  return (typeof name === "string" && cut(name, MAX_TYPE_CHARS)) || "Error";
}

function messageOf(thrown: unknown): string {
  let text: unknown;
  try {
    text = isError(thrown) ? thrown.message : thrown;
    if (typeof text !== "string") text = inspect(text);
  } catch {
    // Getters and `inspect` methods of the author's classes may throw.
  }
  if (typeof text !== "string") return "the thrown value has no text";
  return text.length <= MAX_MESSAGE_CHARS ? text : `${text.slice(0, MAX_MESSAGE_CHARS - 1)}…`;
}

function causesOf(thrown: unknown): { type: string; message: string }[] {
  const causes: { type: string; message: string }[] = [];
  let wave = nextCauses(thrown);
  while (wave.length > 0 && causes.length < MAX_CAUSES) {
    const [cause, ...others] = wave;
    causes.push({ type: typeOf(cause), message: messageOf(cause) });
    wave = [...others, ...nextCauses(cause)];
  }
  return causes;
}

/** The errors of an AggregateError, or else the `cause` of an error. */
function nextCauses(thrown: unknown): unknown[] {
  const errors = memberOf(thrown, "errors");
  if (thrown instanceof AggregateError && Array.isArray(errors)) return errors.slice(0, MAX_CAUSES);
  const cause = memberOf(thrown, "cause");
  return cause === undefined || cause === null ? [] : [cause];
}

/** A member of the author's value; undefined if its getter throws. */
function memberOf(value: unknown, name: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** The author's details, or the start of their JSON if they are too long or nested too deeply. */
function bounded(value: unknown): unknown {
  let text: string;
  try {
    text = textOf(value);
  } catch (error) {
    return `the details cannot be reported: ${messageOf(error)}`;
  }
  if (byteLength(text) > MAX_OWN_DETAILS_BYTES || depth(text) > MAX_OWN_DETAILS_DEPTH) {
    return text.slice(0, MAX_MESSAGE_CHARS);
  }
  return JSON.parse(text) as unknown; // a copy: the author's value may change before it is sent
}

/** A text without control characters, cut to a length; null if nothing is left. */
function cut(text: string | null | undefined, most: number): string | null {
  return text === undefined || text === null ? null : printable(text).slice(0, most) || null;
}

function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "");
}

function delayOf(seconds: number): number {
  return Math.round(Math.min(seconds, MAX_DELAY_SECONDS));
}
