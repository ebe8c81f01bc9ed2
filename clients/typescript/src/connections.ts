/** Exchanges over kept connections of node:http, which cost a third of what they cost by `fetch` in Node 20. */

import { Buffer } from "node:buffer";
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { urlToHttpOptions } from "node:url";
import { milliseconds } from "./clock.js";
import { failureOf, MAX_REPLY_BYTES, textOfBytes, tooLong, TransportError, whyOf } from "./transport.js";
import type { Received, Request } from "./transport.js";

const CONNECT_SECONDS = 5;

/** As many to each server as calls are under way; idle ones do not keep the process alive. */
export class Connections {
  readonly #plain: http.Agent = new http.Agent({ keepAlive: true });
  #secure: https.Agent | undefined;
  /** The one that was asked last, so that its address is not parsed for each request. */
  #server: (http.RequestOptions & { base: string }) | undefined;

  /** Ends all connections. */
  close(): void {
    this.#plain.destroy();
    this.#secure?.destroy();
  }

  /** Waits for the reply at most so many seconds, or until `signal` is aborted. Rejects with TransportError alone. */
  exchange(base: string, request: Request, seconds: number, signal: AbortSignal): Promise<Received> {
    return new Promise((resolve, reject) => {
      let response: http.IncomingMessage | null = null;
      let connecting: NodeJS.Timeout | undefined;
      const sent = this.#request(base, request);
      const over = (): void => {
        clearTimeout(timer);
        clearTimeout(connecting);
        signal.removeEventListener("abort", ended);
      };
      const fail = (error: unknown): void => {
        over();
        reject(error instanceof TransportError ? error : failed(error, sent.reusedSocket, response !== null));
        sent.destroy();
      };
      const ended = (): void => {
        fail(new TransportError("the call was ended", "cut"));
      };
      const timer = setTimeout(() => {
        fail(new TransportError(`no reply within ${seconds} s`, "timed_out"));
      }, milliseconds(seconds));
      signal.addEventListener("abort", ended);
      sent.on("error", fail);
      sent.on("socket", (socket: Socket) => {
        if (!socket.connecting) return;
        connecting = setTimeout(() => {
          fail(new TransportError(`no connection within ${CONNECT_SECONDS} s`, "not_sent"));
        }, CONNECT_SECONDS * 1000);
        socket.once(base.startsWith("https:") ? "secureConnect" : "connect", () => {
          clearTimeout(connecting);
        });
      });
      sent.on("response", (received) => {
        response = received;
        const pieces: Buffer[] = [];
        let bytes = 0;
        received.on("error", fail);
        received.on("data", (piece: Buffer) => {
          bytes += piece.byteLength;
          if (bytes > MAX_REPLY_BYTES) fail(tooLong());
          else pieces.push(piece);
        });
        received.on("end", () => {
          over();
          const text = textOfBytes(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes));
          resolve({ status: received.statusCode ?? 0, headers: new ReplyHeaders(received.headers), text });
        });
        if (Number(received.headers["content-length"]) > MAX_REPLY_BYTES) fail(tooLong());
      });
      sent.end(request.body);
    });
  }

  #request(base: string, { method, path, headers }: Request): http.ClientRequest {
    if (this.#server?.base !== base) this.#server = { base, ...urlToHttpOptions(new URL(base)) };
    const options = { ...this.#server, path: `${this.#server.path ?? ""}${path}`, method, headers };
    if (!base.startsWith("https:")) return http.request({ ...options, agent: this.#plain });
    this.#secure ??= new https.Agent({ keepAlive: true });
    return https.request({ ...options, agent: this.#secure });
  }
}

class ReplyHeaders {
  readonly #headers: http.IncomingHttpHeaders;

  constructor(headers: http.IncomingHttpHeaders) {
    this.#headers = headers;
  }

  get(name: string): string | null {
    return this.#headers[name]?.toString() ?? null;
  }
}

function failed(error: unknown, isReused: boolean, hasBegun: boolean): TransportError {
  const isMalformed = error instanceof Error && "code" in error && String(error.code).startsWith("HPE_");
  const failure = hasBegun || isMalformed ? "cut" : failureOf(error);
  const why = `${failure === "not_sent" ? "" : "the connection ended: "}${whyOf(error)}`;
  // Only a kept connection can have been closed before the request was sent.
  return new TransportError(why, failure === "stale" && !isReused ? "cut" : failure, error);
}
