/**
 * The measured process of the TypeScript client: as worker.py, with the same argument, modes and figures.
 *
 * `library` of the argument is the built package's entry.
 */
import { randomUUID } from "node:crypto";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const PAYLOAD = { text: "x".repeat(1000) };
const WARM_SHARE = 0.1;
const EARLY_EVENTS = 50_000;

/** Resident memory of this process now. */
function memoryMb() {
  return process.memoryUsage.rss() / 1e6;
}

const BARE_MB = memoryMb();

function processorSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Counts, and measures from the end of the warm-up on. */
class Meter {
  handled = 0;
  #end;
  done = new Promise((resolve) => (this.#end = resolve));
  #events;
  #warm;
  #began = null;
  #ended;
  #earlyMb = null;

  constructor(events) {
    this.#events = events;
    this.#warm = Math.floor(events * WARM_SHARE);
  }

  count(handled = 1) {
    const before = this.handled;
    this.handled += handled;
    if (this.#began === null || (before < this.#warm && this.#warm <= this.handled)) {
      this.#warm = this.handled;
      this.#began = now();
    }
    if (before < EARLY_EVENTS && EARLY_EVENTS <= this.handled) this.#earlyMb = memoryMb();
    if (before < this.#events && this.#events <= this.handled) {
      this.#ended = now();
      this.#end();
    }
  }

  report(more = {}) {
    const measured = this.#events - this.#warm;
    const seconds = this.#ended.seconds - this.#began.seconds;
    const cpu = this.#ended.cpu - this.#began.cpu;
    const memory = memoryMb();
    print({
      handled: this.handled,
      per_second: measured / seconds,
      cpu_us_per_event: (cpu / measured) * 1e6,
      cpu_share: cpu / seconds,
      memory_mb: memory,
      above_bare_mb: memory - BARE_MB,
      grown_mb: this.#earlyMb === null ? 0 : memory - this.#earlyMb,
      ...more,
    });
  }
}

function now() {
  return { seconds: performance.now() / 1000, cpu: processorSeconds() };
}

function print(figures) {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** An engine of the library. Each event is handled before it is settled, and its id is kept. */
async function engine({ library, url, queue, events }, options, handlerMs = 0) {
  const { Engine } = await import(library);
  const meter = new Meter(events);
  const ids = new Set();
  const subject = new Engine(queue, { url, ...options });
  const note = events <= 200_000 ? (event) => ids.add(event.eventId) : () => undefined;
  subject.onSettled(() => meter.count());
  subject.on(
    "tried",
    handlerMs === 0
      ? (event) => void note(event)
      : async (event) => {
          note(event);
          await sleep(handlerMs);
        },
  );
  subject.start();
  await meter.done;
  await subject.stop();
  meter.report({ different: ids.size || null });
}

/** An engine without events. */
async function idle({ library, url, queue, events: seconds }) {
  const { Engine } = await import(library);
  const subject = new Engine(queue, { url });
  subject.on("tried", () => undefined);
  subject.start();
  await sleep(3000);
  const began = now();
  const before = subject.stats();
  await sleep(seconds * 1000);
  const ended = now();
  const after = subject.stats();
  const memory = memoryMb();
  const measured = ended.seconds - began.seconds;
  print({
    cpu_share: (ended.cpu - began.cpu) / measured,
    memory_mb: memory,
    above_bare_mb: memory - BARE_MB,
    polls_per_minute: ((after.polls - before.polls) / measured) * 60,
    heartbeats_per_minute: ((after.heartbeats - before.heartbeats) / measured) * 60,
  });
  await subject.stop();
}

/** Sends requests over one connection of node:http. */
class Bare {
  #url;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url) {
    this.#url = new URL(url);
  }

  call(method, path, body) {
    return new Promise((resolve, reject) => {
      const data = JSON.stringify(body);
      const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(data) };
      const { hostname: host, port } = this.#url;
      const request = http.request({ host, port, method, path: `/api/v1${path}`, headers, agent: this.#agent });
      request.on("error", reject);
      request.on("response", (response) => {
        const pieces = [];
        response.on("data", (piece) => pieces.push(piece));
        response.on("end", () => resolve(JSON.parse(Buffer.concat(pieces).toString())));
      });
      request.end(data);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

/** Exchanges in a loop, without a library: what the server and this machine give one connection. */
async function bareExchanges({ url, queue, events }, limit) {
  const meter = new Meter(events);
  const bare = new Bare(url);
  const { engine_id } = await bare.call("POST", "/engines", { engine_type: queue });
  let settlements = [];
  while (meter.handled < events) {
    const body = { limit, poll_id: randomUUID(), settlements };
    const reply = await bare.call("POST", `/events/queue/${queue}/lease?engine_id=${engine_id}`, body);
    meter.count(settlements.length);
    settlements = reply.events.map(({ event_id, lease: { lease_token } }) => {
      return { event_id, lease_token, status: "completed" };
    });
  }
  bare.close();
  meter.report();
}

/** POST /events in a loop, without a library. */
async function bareEnqueue({ url, queue, events }) {
  const meter = new Meter(events);
  const bare = new Bare(url);
  for (let count = 0; count < events; count++) {
    const idempotency_key = randomUUID();
    await bare.call("POST", "/events", { engine_type: queue, event_type: "tried", payload: PAYLOAD, idempotency_key });
    meter.count();
  }
  bare.close();
  meter.report();
}

/** `Client.enqueue`, from so many callers, each of which waits for its answer. */
async function enqueue({ library, url, queue, events }, callers) {
  const { Client } = await import(library);
  const meter = new Meter(events);
  const client = new Client({ url });
  const produce = async () => {
    for (let count = 0; count < events / callers; count++) {
      await client.enqueue(queue, "tried", PAYLOAD);
      meter.count();
    }
  };
  await Promise.all(Array.from({ length: callers }, produce));
  await client.close();
  meter.report();
}

const MODES = {
  "exchange-100": (settings) => engine(settings, { concurrency: 1, prefetch: 199 }),
  leak: (settings) => engine(settings, { concurrency: 1, prefetch: 199 }),
  "one-by-one": (settings) => engine(settings, { concurrency: 1 }),
  "threads-32": (settings) => engine(settings, { concurrency: 32, prefetch: 32 }, 10),
  "async-500": (settings) => engine(settings, { concurrency: 500, prefetch: 200 }, 100),
  idle,
  enqueue: (settings) => enqueue(settings, 1),
  "enqueue-tasks": (settings) => enqueue(settings, 1000),
  "bare-exchange-100": (settings) => bareExchanges(settings, 100),
  "bare-one-by-one": (settings) => bareExchanges(settings, 1),
  "bare-enqueue": bareEnqueue,
};

const settings = JSON.parse(process.argv[2]);
await MODES[settings.mode](settings);
