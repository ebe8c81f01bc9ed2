/** The fake server: an EventLease in memory, for tests without a process and without a database. */

import { randomUUID } from "node:crypto";
import type { Schemas } from "../../wire.js";
import { Call, Cut } from "./call.js";
import { remove, shown as shownEngine } from "./engines.js";
import { listen, type Listening } from "./http.js";
import { parse, stringify } from "./json.js";
import { shown as shownEvent } from "./reading.js";
import { Refused, type ProblemCode } from "./refusals.js";
import { find, OPERATIONS, type Operation } from "./routes.js";
import { State } from "./state.js";
import { reap } from "./verdicts.js";

const BASE_PATH = "/api/v1";

/** What a test has ordered to happen to one request of an operation. */
interface Misfortune {
  operation: Operation;
  isReplyLost?: boolean;
  refusal?: Refused;
  lateBySeconds?: number;
}

/**
 * Speaks as much of the interface as engines and producers use, with the same codes and outcomes.
 *
 * Give it to an `Engine` or `Client` as `fetch: fake.fetch`, or reach it over HTTP at the URL that `listen()` returns.
 * Its time passes as real time does, and `advance` moves it. With `adminToken` callers need tokens.
 */
export class FakeServer {
  /** The operation and the body of each request, in the order of their coming. */
  readonly requests: { operation: Operation; body: unknown }[] = [];
  /** A `fetch` without a socket: every URL leads to this server. */
  readonly fetch: typeof globalThis.fetch = (input, init) => this.#fetch(new Request(input, init));
  readonly #state: State;
  readonly #misfortunes: Misfortune[] = [];
  readonly #listening = new Set<Listening>();
  #isAway = false;
  /** Counts its lives: what waited when it was restarted is cut. */
  #life = 0;

  constructor(options: { adminToken?: string } = {}) {
    this.#state = new State(options.adminToken);
  }

  /** Serves on a free port of this machine, and returns the URL. */
  async listen(): Promise<string> {
    const listening = await listen((request) => this.#fetch(request));
    this.#listening.add(listening);
    return listening.url;
  }

  /** Answers all that waits, with the notice `server_stopping`, and closes its ports. */
  async close(): Promise<void> {
    this.#state.isStopping = true;
    this.#state.wake();
    await Promise.all([...this.#listening].map((listening) => listening.close()));
    this.#listening.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The time of its clock, which `advance` moves. */
  now(): Date {
    return this.#state.now();
  }

  /** Moves its clock: leases run out, delays pass, engines fall silent. */
  advance(seconds: number): void {
    this.#state.advance(seconds);
    reap(this.#state);
    this.#state.wake();
  }

  /** Carries the next requests out, but cuts the connection in the place of their replies. */
  loseNextReply(operation: Operation, times = 1): void {
    this.#order({ operation, isReplyLost: true }, times);
  }

  /** Answers the next requests with a problem, like `database_unavailable` or `overloaded`. */
  refuseNext(operation: Operation, code: ProblemCode, options: { retryAfter?: number; times?: number } = {}): void {
    const refusal = new Refused(code, "as the test ordered");
    if (options.retryAfter !== undefined) refusal.headers["retry-after"] = String(options.retryAfter);
    this.#order({ operation, refusal }, options.times ?? 1);
  }

  /** Sends the next replies late. */
  delayNext(operation: Operation, seconds: number, times = 1): void {
    this.#order({ operation, lateBySeconds: seconds }, times);
  }

  /** Ends all leases as expired, without moving the clock. */
  expireLeases(): void {
    for (const { lease } of this.#state.events.values()) if (lease !== null) lease.expires_at = this.#state.now();
    reap(this.#state);
    this.#state.wake();
  }

  /** Removes an engine as an orchestrator would; what it holds is lost. */
  removeEngine(engineId: string): void {
    const engine = this.#state.engines.get(engineId);
    if (engine === undefined) throw new RangeError(`no engine ${engineId} is registered`);
    remove(this.#state, engine, true);
    this.#state.wake();
  }

  /** Refuses connections, and cuts those that wait, until `comeBack`: as a server that was killed. */
  goAway(): void {
    this.#isAway = true;
    this.#life += 1;
    this.#state.wake();
  }

  /** Ends `goAway`; everything is as it was. */
  comeBack(): void {
    this.#isAway = false;
  }

  /** Cuts all connections, as a server that is killed and at once started again; everything is as it was. */
  restart(): void {
    this.goAway();
    this.comeBack();
  }

  /** An event as `GET /events/{event_id}` shows it. */
  event(eventId: string): Schemas["Event"] {
    const event = this.#state.events.get(eventId);
    if (event === undefined) throw new RangeError(`no event ${eventId} is known`);
    return sent(shownEvent(event)) as Schemas["Event"];
  }

  /** All events, in the order of their coming. */
  events(): Schemas["Event"][] {
    return [...this.#state.events.values()].map((event) => sent(shownEvent(event)) as Schemas["Event"]);
  }

  /** The registered engines, as `GET /engines/{engine_id}` shows them. */
  engines(): Schemas["Engine"][] {
    return [...this.#state.engines.values()].map(
      (engine) => sent(shownEngine(this.#state, engine)) as Schemas["Engine"],
    );
  }

  #order(misfortune: Misfortune, times: number): void {
    if (!OPERATIONS.includes(misfortune.operation)) {
      throw new RangeError(`${JSON.stringify(misfortune.operation)} is none of ${OPERATIONS.join(", ")}`);
    }
    for (let count = 0; count < times; count += 1) this.#misfortunes.push(misfortune);
  }

  async #fetch(request: Request): Promise<Response> {
    const life = this.#life;
    const { signal } = request;
    const body = await request.text();
    signal.throwIfAborted();
    if (this.#isAway) throw failed("ECONNREFUSED", "connect ECONNREFUSED");
    const wake = (): void => {
      this.#state.wake();
    };
    signal.addEventListener("abort", wake);
    try {
      return await this.#answer(request, body, () => signal.aborted || this.#life !== life);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof Cut ? failed("UND_ERR_SOCKET", "other side closed") : error;
    } finally {
      signal.removeEventListener("abort", wake);
      wake();
    }
  }

  async #answer(request: Request, text: string, isCut: () => boolean): Promise<Response> {
    const headers = new Headers({ "cache-control": "no-store", "content-type": "application/json" });
    const requestId = request.headers.get("x-request-id") ?? "";
    headers.set("x-request-id", /^[ -~]{1,64}$/.test(requestId) ? requestId : randomUUID());
    try {
      const { pathname, searchParams: query } = new URL(request.url);
      const { operation, handler, roles, params } = find(request.method, pathname.replace(BASE_PATH, ""));
      const misfortune = this.#misfortunes.find((each) => each.operation === operation);
      if (misfortune) this.#misfortunes.splice(this.#misfortunes.indexOf(misfortune), 1);
      const body = text === "" ? undefined : readJson(text);
      this.requests.push({ operation, body });
      if (misfortune?.refusal) throw misfortune.refusal;
      const call = new Call(this.#state, { params, query, headers: request.headers, body, isCut });
      reap(this.#state);
      call.admit(roles);
      const reply = await handler(call);
      await call.wait(misfortune?.lateBySeconds ?? 0, () => undefined);
      if (misfortune?.isReplyLost) throw new Cut("the reply was lost, as ordered");
      for (const [name, value] of Object.entries(call.replyHeaders)) headers.set(name, value);
      return new Response(reply === undefined ? null : stringify(reply), { status: call.status, headers });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const [name, value] of Object.entries(error.headers)) headers.set(name, value);
      headers.set("content-type", "application/problem+json");
      return new Response(stringify(error.problem()), { status: error.status, headers });
    }
  }
}

function readJson(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Refused("malformed_json", `the body is not JSON: ${String(error)}`);
  }
}

/** As a reply has it once it is read. */
function sent(value: object): unknown {
  return JSON.parse(stringify(value));
}

/** How Node's `fetch` fails. */
function failed(code: string, message: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
}
