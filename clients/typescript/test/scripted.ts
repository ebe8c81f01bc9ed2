/** A `fetch` that answers as a test has written down, and a server on a socket that does. */

import net from "node:net";
import type { AddressInfo } from "node:net";

import type { Logger } from "../src/logger.js";
import type { Timing } from "../src/tries.js";

/** A reply with JSON, a problem where its status is an error. */
export function reply(status: number, body?: unknown, headers: Record<string, string> = {}): Response {
  const kind = status >= 400 ? "application/problem+json" : "application/json";
  const text = body === undefined ? null : JSON.stringify(body);
  return new Response(status === 204 ? null : text, { status, headers: { "content-type": kind, ...headers } });
}

/** An error of `fetch`, as Node's has it. */
export function fetchFailed(code: string, message = "it failed"): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
}

/** One try that was made. */
export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
}

/** Gives the answers one after the other, whichever address they are asked of, and keeps what was sent. */
export class Script {
  readonly sent: Sent[] = [];
  readonly #answers: (Response | Error | (() => Response | Promise<Response>))[];

  constructor(...answers: (Response | Error | (() => Response | Promise<Response>))[]) {
    this.#answers = answers;
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.sent.push({
      url,
      method: init.method!,
      headers: new Headers(init.headers),
      body: (init.body as string | undefined) ?? null,
    });
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error("the script has no more answers");
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? answer() : answer;
  };

  get hosts(): string[] {
    return this.sent.map((sent) => new URL(sent.url).host);
  }
}

/** Keeps the pauses instead of making them; a clock goes on by as much. */
export class Pauses implements Timing {
  readonly made: number[] = [];
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  readonly now = (): number => this.made.reduce((sum, pause) => sum + pause, 0);
  readonly random = (): number => 1;
  readonly sleep = (seconds: number): Promise<void> => {
    this.made.push(seconds);
    return Promise.resolve();
  };

  stop(): void {
    this.#controller.abort();
  }
}

/** Keeps the lines of the log. */
export class Lines implements Logger {
  readonly lines: { level: string; fields: object; message: string }[] = [];
  readonly debug = this.#keep("debug");
  readonly info = this.#keep("info");
  readonly warn = this.#keep("warn");
  readonly error = this.#keep("error");

  #keep(level: string): Logger["info"] {
    return (fields, message) => this.lines.push({ level, fields, message });
  }

  get texts(): string[] {
    return this.lines.map((line) => line.message);
  }
}

/** What a connection sends for each request; null ends the connection, undefined leaves the request unanswered. */
export type Answers = (string | null | undefined)[];

/** A server whose connections answer byte by byte as they are told. */
export class SocketServer {
  readonly requests: string[] = [];
  readonly #connections: Answers[];
  readonly #open = new Set<net.Socket>();
  readonly #server: net.Server;

  private constructor(connections: Answers[]) {
    this.#connections = connections;
    this.#server = net.createServer((socket) => {
      this.#serve(socket);
    });
  }

  static async listen(...connections: Answers[]): Promise<SocketServer> {
    const server = new SocketServer(connections);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: net.Socket): void {
    this.#open.add(socket);
    const answers = this.#connections.shift() ?? [];
    let data = "";
    socket.setEncoding("latin1"); // lengths are in bytes
    socket.on("error", () => undefined);
    socket.on("close", () => this.#open.delete(socket));
    socket.on("data", (piece: string) => {
      data += piece;
      const end = data.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(data)?.[1] ?? 0);
      if (end < 0 || data.length < end + 4 + length) return;
      this.requests.push(Buffer.from(data, "latin1").toString());
      data = "";
      const answer = answers.length === 0 ? null : answers.shift();
      if (answer === null) socket.destroy();
      else if (answer !== undefined) socket.write(answer);
      if (answer !== undefined && answers.length === 0) socket.end();
    });
  }
}
