/** An engine at work on a fake server, and what happens to its events. */
import { Client, Engine, type EngineOptions, type Event, type Report } from "../../src/index.js";
import type { EnqueueOptions } from "../../src/enqueuing.js";
import type { LogFields, Logger } from "../../src/logger.js";
import type { Answer } from "../../src/settlements.js";
import { FakeServer } from "../../src/testing/index.js";
import { gate, until } from "../handling.js";

export const QUEUE = "dialogue";

type Body = Readonly<Record<string, unknown>>;

/** A request as it is sent. */
export interface Sent {
  readonly method: string;
  /** Below /api/v1. */
  readonly path: string;
  readonly body: string;
}

/** Answers a request in the place of the server; undefined leaves it to the server. */
export type Answering = (request: Sent) => Response | undefined | Promise<Response | undefined>;

interface Entry extends Body {
  readonly status: string;
}

/** Enqueues events, and waits for what the engine's callbacks are told. */
export class Desk {
  readonly server: FakeServer;
  readonly client: Client;
  readonly engine: Engine;
  readonly lines: { level: keyof Logger; fields: LogFields; message: string }[] = [];
  readonly settled: { event: Event; report: Report; answer: Answer }[] = [];
  readonly lost: Event[] = [];
  #answers = 0;

  constructor(options: EngineOptions = {}, server: FakeServer = new FakeServer(), answer?: Answering) {
    this.server = server;
    const logger = this.#logger();
    this.client = new Client({ url: "http://fake", fetch: server.fetch, logger });
    this.engine = new Engine(QUEUE, {
      url: "http://fake",
      fetch: answer === undefined ? server.fetch : between(server, answer),
      heartbeatTimeoutSeconds: 60,
      graceSeconds: 0,
      drainSeconds: 0,
      logger,
      ...options,
    });
    this.engine.onSettled((event, report, answer) => this.settled.push({ event, report, answer }));
    this.engine.onLost((event) => this.lost.push(event));
  }

  /** The id of a new event. */
  async put(eventType = "x", payload: unknown = null, options: EnqueueOptions = {}): Promise<string> {
    return (await this.client.enqueue(QUEUE, eventType, payload, options)).eventId;
  }

  /** The handler of `x` waits until it is told to stop, and ends as `end` does. Resolves once it has begun. */
  endsWhenTold(end: (event: Event) => unknown): Promise<void> {
    const begun = gate();
    this.engine.on("x", async (event) => {
      begun.open();
      await told(event);
      return end(event);
    });
    return begun.opened;
  }

  /** What the server answered to the next report. */
  async answer(): Promise<Answer> {
    const number = this.#answers++;
    await until(() => this.settled.length > number);
    return this.settled[number]!.answer;
  }

  /** The outcomes of the next reports. */
  async outcomes(count: number): Promise<(string | undefined)[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => this.answer()));
    return answers.map(({ outcome }) => outcome);
  }

  /** How an attempt of an event ended; the last one, where no number is given. */
  async attempt(eventId: string, number?: number): Promise<Body> {
    const reply = await this.client.call("GET", `/events/${eventId}/attempts` as `/${string}`);
    return (reply as { items: Body[] }).items.find((each) => number === undefined || each["attempt"] === number)!;
  }

  /** The bodies of the requests of an operation. */
  bodies(operation: FakeServer["requests"][number]["operation"]): Body[] {
    return this.server.requests.filter((each) => each.operation === operation).map((each) => each.body as Body);
  }

  /** The entries with a status of all settlements. */
  sent(status: string): Entry[] {
    const requests = [...this.bodies("settleMany"), ...this.bodies("exchange")];
    const entries = requests.flatMap((body) => (body["settlements"] ?? []) as Entry[]);
    return entries.filter((entry) => entry.status === status);
  }

  /** How many heartbeats have listed the event. */
  heartbeatsWith(eventId: string): number {
    return this.bodies("heartbeat").filter((body) => JSON.stringify(body["leases"]).includes(eventId)).length;
  }

  /** The engine works while `work` runs; then it is stopped, also where it has ended by itself. */
  async working(work: () => Promise<void> | void): Promise<void> {
    this.engine.start();
    try {
      await work();
    } finally {
      await this.engine.stop().catch(() => undefined);
    }
  }

  /** The engine is stopped while `work` runs. */
  async stopping(work: () => Promise<void> | void): Promise<void> {
    const stopped = this.engine.stop();
    await work();
    await stopped;
  }

  /** The id of an event whose lease ends, and which another engine gets; a poll that waits does not. */
  async takeElsewhere(): Promise<string> {
    const other = crypto.randomUUID();
    await this.client.call("POST", "/engines", { engine_id: other, engine_type: QUEUE });
    const path = `/events/queue/${QUEUE}/lease?engine_id=${other}` as `/${string}`;
    const leased = this.client.call("POST", path, { limit: 1 }); // begins before the poll that waits looks again
    this.server.expireLeases();
    const { events } = (await leased) as { events: { event_id: string }[] };
    return events[0]!.event_id;
  }

  said(part: string | RegExp): boolean {
    return this.lines.some(({ message }) => (typeof part === "string" ? message.includes(part) : part.test(message)));
  }

  #logger(): Logger {
    const at = (level: keyof Logger) => (fields: LogFields, message: string) => {
      this.lines.push({ level, fields, message });
    };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }
}

/** A `fetch` that answers some requests in the place of the server. */
export function between(server: FakeServer, answer: Answering): typeof globalThis.fetch {
  return async (input, init) => {
    const path = new URL(input instanceof Request ? input.url : input).pathname.replace("/api/v1", "");
    const sent = { method: init?.method ?? "GET", path, body: (init?.body ?? "") as string };
    return (await answer(sent)) ?? (await server.fetch(input, init));
  };
}

/** A refusal as the server sends it. */
export function problem(status: number, code: string): Response {
  const headers = { "content-type": "application/problem+json" };
  return new Response(JSON.stringify({ status, code, detail: "as the test says" }), { status, headers });
}

/** A handler of events that need none. */
export function nothing(): void {
  // Its result is null.
}

/** Until the handler is told to stop. */
export function told(event: Event): Promise<void> {
  return new Promise((resolve) => {
    if (event.signal.aborted) resolve();
    event.signal.addEventListener("abort", () => {
      resolve();
    });
  });
}
