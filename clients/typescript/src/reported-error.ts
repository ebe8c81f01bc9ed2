/** Describes anything that was thrown as the `error` of a report. */
import { inspect } from "node:util";
import { causesOf, memberOf } from "./causes.js";
import { byteLength, depth, textOf } from "./encoding.js";
import { NotRetryable, PayloadInvalid, type ReportedError } from "./outcomes.js";

const MAX_TYPE_CHARS = 200;
const MAX_MESSAGE_CHARS = 8192;
const MAX_STACK_CHARS = 16_000;
const MAX_OWN_DETAILS_BYTES = 64 * 1024;
const MAX_OWN_DETAILS_DEPTH = 50;

/** The `error` of a failure, cut to the server's limits. */
export function describe(thrown: unknown, handler: string, withStack: boolean): ReportedError {
  const details: Record<string, unknown> = { handler: cut(handler, MAX_TYPE_CHARS) };
  const own = thrown instanceof PayloadInvalid ? thrown.places : memberOf(thrown, "details");
  if (own !== undefined && own !== null) details["details"] = bounded(own);
  const causes = causesOf(thrown).map((cause) => ({ type: typeOf(cause), message: messageOf(cause) }));
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

/** True for errors, also those of another realm: some test runners give each file a realm of its own. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** The `name` that the error itself or its class defines, else the name of its class. */
export function typeOf(thrown: unknown): string {
  if (!isError(thrown)) return "NonError";
  const named = [thrown, Object.getPrototypeOf(thrown) as object].some((each) => Object.hasOwn(each, "name"));
  const name = memberOf(named ? thrown : thrown.constructor, "name");
  return (typeof name === "string" && cut(name, MAX_TYPE_CHARS)) || "Error";
}

export function messageOf(thrown: unknown): string {
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
export function cut(text: string | null | undefined, most: number): string | null {
  return text === undefined || text === null ? null : printable(text).slice(0, most) || null;
}

export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "");
}
