/** Calls of the API. It lies beside the page: `<prefix>/dashboard/` and `<prefix>/api/v1/`. */
import { operations as known } from "./operations.js";

/** @typedef {import("./types.js").operations} Operations */
/** @typedef {keyof Operations & keyof typeof known} OperationId */

/**
 * What an operation answers with, where it goes well.
 * @template {OperationId} I
 * @typedef {Operations[I] extends { responses: infer R } ? Body<R[keyof R & (200 | 201 | 202)]> : never} Data
 */
/** @template R @typedef {R extends { content: { "application/json": infer B } } ? B : never} Body */

/**
 * @template T
 * @typedef {{ data: T, status: number, etag: string | null }} Answer
 */

/**
 * @typedef {object} Request
 * @property {Readonly<Record<string, string>>} [path]
 * @property {Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>} [query]
 * @property {unknown} [body]
 * @property {string} [text]  a body that is JSON already
 * @property {AbortSignal} [signal]
 * @property {string | null} [etag]  answered with status 304 where it still holds
 * @property {string} [token]  of signing in
 */

/** The call brought nothing, or a problem. `message` is for people. */
export class CallError extends Error {
  /**
   * @param {"problem" | "offline" | "aborted"} kind
   * @param {string} message
   * @param {{ status?: number, code?: string, errors?: readonly FieldError[], retryAfterSeconds?: number | null, problem?: Record<string, unknown> }} [more]
   */
  constructor(kind, message, { status = 0, code = kind, errors = [], retryAfterSeconds = null, problem = {} } = {}) {
    super(message);
    this.name = "CallError";
    this.kind = kind;
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.problem = problem;
  }
}
/** @typedef {{ pointer?: string, parameter?: string, header?: string, detail: string }} FieldError */

const LONGEST_SECONDS = 60;
const CLOCK_IS_OFF_SECONDS = 2;
let clockOffset = 0;
/** @type {((error: CallError) => void)[]} */
const listeners = [];

/** Milliseconds since 1970 by the server's clock, so far as the `Date` of its answers tells. */
export function serverNow() {
  return Date.now() + clockOffset;
}

/** By how many seconds this machine's clock is behind the server's. */
export function clockOffsetSeconds() {
  return clockOffset / 1000;
}

/** @param {(error: CallError) => void} listener is told of each call that did not go well */
export function onFailure(listener) {
  listeners.push(listener);
}

/** @param {OperationId} id @param {Pick<Request, "path" | "query">} [request] @returns {string} relative to the page */
export function addressOf(id, { path = {}, query = {} } = {}) {
  const place = known[id][1].replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name] ?? ""));
  const text = queryOf(query);
  return `../api/v1/${place}${text ? `?${text}` : ""}`;
}

/** @param {NonNullable<Request["query"]>} query */
function queryOf(query) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    pairs.append(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  return pairs.toString();
}

/**
 * @template {OperationId} I
 * @param {I} id @param {Request} [request]
 * @returns {Promise<Answer<Data<I>>>} rejects with CallError alone
 */
export async function call(id, request = {}) {
  const { text, status, etag } = await exchange(id, request);
  return { data: text === "" ? /** @type {any} */ (null) : JSON.parse(text), status, etag };
}

/**
 * The stored bytes as text: payloads and results, which are never made into numbers here.
 * @param {OperationId} id @param {Request} [request]
 * @returns {Promise<Answer<string>>}
 */
export async function callForText(id, request = {}) {
  const { text, status, etag } = await exchange(id, request);
  return { data: text, status, etag };
}

/**
 * An answer as data, and as the text that it was: strangers' members in it are shown as they were sent.
 * @template {OperationId} I
 * @param {I} id @param {Request} [request]
 * @returns {Promise<{ data: Data<I>, text: string }>}
 */
export async function callWithText(id, request = {}) {
  const { text } = await exchange(id, request);
  return { data: JSON.parse(text), text };
}

/** @param {OperationId} id @param {Request} request */
async function exchange(id, request) {
  try {
    const response = await send(id, request);
    const text = await response.text();
    if (response.ok || response.status === 304) return { text, status: response.status, etag: response.headers.get("etag") };
    throw problemOf(response, text);
  } catch (error) {
    const failure = error instanceof CallError ? error : failureOf(error, request.signal);
    for (const listener of listeners) listener(failure);
    throw failure;
  }
}

/** @param {OperationId} id @param {Request} request */
async function send(id, { path, query, body, text, signal, etag, token }) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json", "x-eventlease-dashboard": "1" };
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  if (content !== undefined) headers["content-type"] = "application/json";
  if (etag) headers["if-none-match"] = etag;
  if (token) headers["authorization"] = `Bearer ${token}`;
  const limit = AbortSignal.timeout(LONGEST_SECONDS * 1000);
  const response = await fetch(addressOf(id, { path, query }), {
    method: known[id][0],
    headers,
    body: content ?? null,
    cache: "no-store",
    credentials: "same-origin",
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  });
  keepTime(response.headers.get("date"));
  return response;
}

/** @param {string | null} date of an answer, in whole seconds */
function keepTime(date) {
  const server = date === null ? NaN : Date.parse(date) + 500;
  if (Number.isNaN(server)) return;
  const offset = server - Date.now();
  clockOffset = Math.abs(offset) > CLOCK_IS_OFF_SECONDS * 1000 ? offset : 0;
}

/** @param {Response} response @param {string} text */
function problemOf(response, text) {
  const { status } = response;
  const retryAfter = Number(response.headers.get("retry-after") ?? NaN);
  /** @type {Record<string, any>} */
  let problem = {};
  try {
    problem = JSON.parse(text) ?? {};
  } catch {
    // Something between here and the server answered.
  }
  const message =
    typeof problem["detail"] === "string"
      ? problem["detail"]
      : `Something before the server answered with status ${status}, or the server is not EventLease.`;
  return new CallError("problem", message, {
    status,
    code: typeof problem["code"] === "string" ? problem["code"] : `http_${status}`,
    errors: Array.isArray(problem["errors"]) ? problem["errors"] : [],
    retryAfterSeconds: retryAfter >= 0 ? retryAfter : null,
    problem,
  });
}

/** @param {unknown} error @param {AbortSignal | undefined} signal */
function failureOf(error, signal) {
  if (signal?.aborted) return new CallError("aborted", "The call was ended by the page.");
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new CallError("offline", `The server has not answered within ${LONGEST_SECONDS} s.`, { code: "no_answer" });
  }
  return new CallError("offline", "The server cannot be reached.");
}
