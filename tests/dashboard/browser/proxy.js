// A proxy between browser and server that does what proxies and networks do on bad days.
import { once } from "node:events";
import { createServer, request } from "node:http";

/**
 * What happens to a request, instead of being passed on as it is.
 *
 * @typedef {{ delay: number }
 *   | { status: number, code?: string, headers?: Record<string, string> }
 *   | { fault: "reset" | "cut" | "hang" }} Treatment
 * @typedef {{ method: string, path: string, at: number }} Seen
 */

export class Proxy {
  /** All requests, in the order in which they came. @type {Seen[]} */
  seen = [];
  /** @type {((method: string, path: string) => Treatment | null)[]} */
  #treatments = [];
  /** Requests that have no answer. @type {Set<{ incoming: import("node:http").IncomingMessage, answer: import("node:http").ServerResponse }>} */
  #hanging = new Set();
  url = "";
  /** Connections of browsers that are open. @type {Set<import("node:stream").Duplex>} */
  sockets = new Set();

  /**
   * @param {string} target like `http://127.0.0.1:8080`
   * @param {{ headers?: Record<string, string> }} [options] `headers`: added to each request
   */
  constructor(target, { headers = {} } = {}) {
    this.target = new URL(target);
    this.headers = headers;
    this.server = createServer((incoming, answer) => this.#pass(incoming, answer));
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  async start() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const address = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    this.url = `http://127.0.0.1:${address.port}`;
    return this;
  }

  /**
   * Treats requests whose method and path match, like `GET /api/v1/overview`, until `clear`.
   *
   * @param {RegExp} pattern
   * @param {Treatment} treatment
   */
  treat(pattern, treatment) {
    this.#treatments.unshift((method, path) => (pattern.test(`${method} ${path}`) ? treatment : null));
  }

  /** Everything is passed on again, and what hung is let go. */
  clear() {
    this.#treatments = [];
    for (const { incoming } of this.#hanging) incoming.socket.destroy();
    this.#hanging.clear();
  }

  /** What hangs is answered at last, like this. @param {{ status: number, code?: string, headers?: Record<string, string> }} treatment */
  answerHanging(treatment) {
    for (const { incoming, answer } of this.#hanging) this.#answer(treatment, incoming, answer);
    this.#hanging.clear();
  }

  /** As if it had been started just now. */
  forget() {
    this.clear();
    this.seen = [];
  }

  /** How many requests matched since then. @param {RegExp} pattern @param {number} [since] */
  count(pattern, since = 0) {
    return this.seen.filter(({ method, path, at }) => at >= since && pattern.test(`${method} ${path}`)).length;
  }

  async close() {
    this.clear();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** @param {import("node:http").IncomingMessage} incoming @param {import("node:http").ServerResponse} answer */
  async #pass(incoming, answer) {
    const method = incoming.method ?? "GET";
    const path = incoming.url ?? "/";
    this.seen.push({ method, path, at: performance.now() });
    const treatment = this.#treatments.map((each) => each(method, path)).find((each) => each !== null);
    if (treatment && "delay" in treatment) await new Promise((resolve) => setTimeout(resolve, treatment.delay));
    if (treatment && "status" in treatment) return this.#answer(treatment, incoming, answer);
    if (treatment && "fault" in treatment && treatment.fault === "reset") return void incoming.socket.destroy();
    if (treatment && "fault" in treatment && treatment.fault === "hang") return void this.#hanging.add({ incoming, answer });
    const isCut = treatment !== undefined && "fault" in treatment;
    const headers = { ...incoming.headers, ...this.headers, connection: "close" };
    const onward = request({ host: this.target.hostname, port: this.target.port, method, path, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      if (!isCut) return void reply.pipe(answer);
      reply.once("end", () => incoming.socket.destroy()); // there may be nothing to cut
      reply.once("data", (/** @type {Buffer} */ first) => {
        answer.write(first.subarray(0, Math.ceil(first.length / 2)));
        setTimeout(() => incoming.socket.destroy(), 20);
      });
    });
    onward.on("error", () => incoming.socket.destroy());
    answer.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }

  /**
   * @param {{ status: number, code?: string, headers?: Record<string, string> }} treatment
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:http").ServerResponse} answer
   */
  #answer({ status, code = "made_by_the_test", headers = {} }, incoming, answer) {
    incoming.resume();
    const problem = { type: `urn:eventlease:problem:${code}`, title: "Made by the test", status, detail: `the test answers ${status}`, code };
    answer.writeHead(status, { "content-type": "application/problem+json", date: new Date().toUTCString(), ...headers });
    answer.end(JSON.stringify(problem));
  }
}
