/**
 * A server that only knows heartbeats, in a thread of its own, so that a blocked main loop does not hold it up.
 *
 * This file is the program of that thread, and in the test the way to it.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

export interface Beat {
  /** Seconds since 1970. */
  at: number;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: {
    wait_seconds?: number;
    current_workload: number;
    holding_off?: { until: string; reason: string };
    dynamic_state: { running: number; waiting: number };
    leases: { event_id: string; lease_token: string; renew?: boolean; progress?: unknown }[];
  };
}

/** What the next heartbeats are answered with; `times` of them, or all. */
export interface Script {
  /** Members of the reply, in place of the usual ones. */
  answer?: Record<string, unknown>;
  /** In place of a lease's usual entry, by event. */
  entries?: Record<string, Record<string, unknown>>;
  /** How long a lease lasts. */
  expiresInSeconds?: number;
  refuse?: { status: number; code: string };
  times?: number;
}

type Asked = { script: Script } | { probe: { url: string; everySeconds: number } } | { read: true } | { release: true };
interface Told {
  port?: number;
  beats?: Beat[];
  statuses?: number[];
}

/** The way to the server from the test. */
export class BeatsServer {
  readonly #worker = new Worker(new URL(import.meta.url));
  url = "";

  async open(): Promise<this> {
    const { port } = await this.#ask(null);
    this.url = `http://127.0.0.1:${port ?? 0}`;
    return this;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  /** For the heartbeats that arrive from now on. */
  async script(script: Script): Promise<void> {
    await this.#ask({ script });
  }

  /** Answers the heartbeats that wait. */
  async release(): Promise<void> {
    await this.#ask({ release: true });
  }

  /** Asks for a page again and again; `read` has the statuses. */
  async probe(url: string, everySeconds: number): Promise<void> {
    await this.#ask({ probe: { url, everySeconds } });
  }

  async read(): Promise<{ beats: Beat[]; statuses: number[] }> {
    const { beats = [], statuses = [] } = await this.#ask({ read: true });
    return { beats, statuses };
  }

  async beats(): Promise<Beat[]> {
    return (await this.read()).beats;
  }

  #ask(asked: Asked | null): Promise<Told> {
    return new Promise((resolve, reject) => {
      this.#worker.once("error", reject);
      this.#worker.once("message", (told: Told) => {
        this.#worker.off("error", reject);
        resolve(told);
      });
      if (asked !== null) this.#worker.postMessage(asked);
    });
  }
}

function serve(): void {
  const beats: Beat[] = [];
  const statuses: number[] = [];
  const waiting = new Set<() => void>();
  let script: Script = {};
  const release = (): void => {
    for (const answer of [...waiting]) answer();
  };

  const answer = (beat: Beat, response: http.ServerResponse): void => {
    const { refuse, entries = {}, expiresInSeconds = 300, answer: members } = script;
    if (script.times !== undefined && --script.times === 0) script = { expiresInSeconds };
    if (refuse !== undefined) {
      const problem = { type: "about:blank", title: refuse.code, detail: "", ...refuse };
      response.writeHead(refuse.status, { "Content-Type": "application/problem+json" });
      response.end(JSON.stringify(problem));
      return;
    }
    const leases = beat.body.leases.map(({ event_id }) => ({
      event_id,
      ...(entries[event_id] ?? { outcome: "renewed", expires_in_seconds: expiresInSeconds }),
    }));
    const usual = { status: "active", command: "continue", max_concurrent_events: 5, events_to_cancel: [], leases };
    const text = JSON.stringify({ ...usual, ...members });
    const send = (): void => {
      clearTimeout(timer);
      waiting.delete(send);
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(text);
    };
    const waits = members === undefined && Object.keys(entries).length === 0 ? (beat.body.wait_seconds ?? 0) : 0;
    const timer = setTimeout(send, waits * 1000);
    waiting.add(send);
  };

  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (piece: Buffer) => (text += piece.toString()));
    request.on("end", () => {
      release(); // a newer heartbeat ends the one that waits
      const body = JSON.parse(text) as Beat["body"];
      const beat = { at: Date.now() / 1000, path: request.url ?? "", headers: request.headers, body };
      beats.push(beat);
      answer(beat, response);
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage({ port: (server.address() as AddressInfo).port }));

  parentPort?.on("message", (asked: Asked) => {
    if ("script" in asked) script = asked.script;
    if ("release" in asked) release();
    if ("probe" in asked) {
      const { url, everySeconds } = asked.probe;
      setInterval(() => {
        fetch(url).then(
          async (response) => {
            await response.text();
            statuses.push(response.status);
          },
          () => statuses.push(0),
        );
      }, everySeconds * 1000);
    }
    parentPort?.postMessage({ beats, statuses });
  });
}

if (!isMainThread) serve();
