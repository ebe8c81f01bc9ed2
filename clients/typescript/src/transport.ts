/** One exchange of a request and its reply, by `fetch`. */

import { Buffer, isAscii } from "node:buffer";
import { milliseconds } from "./clock.js";
import type { Failure } from "./rules/repeats.js";

const BASE_PATH = "/api/v1";
export const MAX_REPLY_BYTES: number = 64 * 1024 * 1024;
const TIMED_OUT = "timed out";

/** The part of the global `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request; `path` has the query and stands below /api/v1. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** A complete reply. */
export interface Received {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: { get(name: string): string | null };
  readonly text: string;
}

/** No complete reply arrived. */
export class TransportError extends Error {
  readonly failure: Failure;

  static {
    this.prototype.name = "TransportError";
  }

  constructor(message: string, failure: Failure, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

/** Where the calls to a server begin. */
export function baseOf(url: string): string {
  const base = url.replace(/\/+$/, "");
  return base.endsWith(BASE_PATH) ? base : base + BASE_PATH;
}

/**
 * Waits for the reply at most so many seconds, or until `controller` is aborted. Rejects with TransportError alone.
 *
 * One controller a request, aborted here: signals that are combined have leaked in several runtimes.
 */
export async function exchange(
  fetch: Fetch,
  base: string,
  request: Request,
  seconds: number,
  controller: AbortController,
): Promise<Received> {
  let hasBegun = false;
  const timer = setTimeout(() => {
    controller.abort(TIMED_OUT);
  }, milliseconds(seconds));
  try {
    const response = await fetch(base + request.path, {
      method: request.method,
      headers: request.headers,
      redirect: "manual", // it may lead anywhere, and the token with it
      signal: controller.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    hasBegun = true;
    return { status: response.status, headers: response.headers, text: await read(response) };
  } catch (error) {
    if (error instanceof TransportError) {
      controller.abort(); // what is left of the reply is not read
      throw error;
    }
    if (controller.signal.reason === TIMED_OUT) throw new TransportError(`no reply within ${seconds} s`, "timed_out");
    if (controller.signal.aborted) throw new TransportError("the call was ended", "cut");
    const failure = hasBegun ? "cut" : failureOf(error);
    throw new TransportError(
      `${failure === "not_sent" ? "" : "the connection ended: "}${whyOf(error)}`,
      failure,
      error,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The text of a body that is not too long. */
async function read(response: Response): Promise<string> {
  const length = Number(response.headers.get("content-length") ?? NaN);
  if (length > MAX_REPLY_BYTES) throw tooLong();
  if (length >= 0 && !response.headers.has("content-encoding"))
    return textOfBytes(Buffer.from(await response.arrayBuffer()));
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += piece.byteLength;
    if (bytes > MAX_REPLY_BYTES) throw tooLong();
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** In Node 20, `response.text()` takes ten times as long for what is ASCII, as almost all replies are. */
export function textOfBytes(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString("latin1") : new TextDecoder().decode(bytes);
}

export function tooLong(): TransportError {
  return new TransportError(`the reply is longer than ${MAX_REPLY_BYTES} bytes`, "cut");
}

/**
 * What became of a request that has brought no reply. Where it was sent, it counts as one on a kept connection that
 * the server had just closed: `fetch` does not say whether the connection was new, and such calls are repeated at once
 * only one time.
 */
export function failureOf(error: unknown): Failure {
  return causesOf(error).some(wasNotSent) ? "not_sent" : "stale";
}

function wasNotSent({ code, syscall }: Cause): boolean {
  if (syscall === "connect" || syscall === "getaddrinfo") return true;
  return (
    code !== undefined &&
    /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|ERR_TLS_\w+|ERR_SSL_\w+|ERR_INVALID_URL|\w*CERT\w*)$/.test(
      code,
    )
  );
}

interface Cause {
  readonly message?: string;
  readonly code?: string;
  readonly syscall?: string;
}

/** The error and what caused it, down to the errors of each address that was tried. */
function causesOf(error: unknown): Cause[] {
  if (!(error instanceof Error)) return [];
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...inner].flatMap(causesOf)];
}

export function whyOf(error: unknown): string {
  const texts = causesOf(error).map((cause) => cause.message || cause.code || "");
  return texts.filter((text) => text !== "").at(-1) ?? String(error);
}
