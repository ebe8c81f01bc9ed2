/** Tests of `llm-engine`: its handler alone, and the whole program beside a fake server. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, test } from "node:test";
import { Client, Completed, Engine, Failed, Released, type Report } from "eventlease";
import { FakeServer, run, type RunOptions } from "eventlease/testing";
import { engine } from "./llm-engine.js";

const SCENE = { npc: "Mira", prompt: "Greet the harbour master." };
const SPOKEN = { npc: "Mira", line: "Good morning to you" };
const VOICE = { engineType: "voice", eventType: "voice.requested", payload: SPOKEN };
const PROGRAM = new URL("./llm-engine.js", import.meta.url).pathname;

interface Asked {
  prompt: string;
  continue_after: string[];
}

/** Stands in for the service: refuses calls as ordered, then sends words. */
class Model {
  url = "";
  readonly asked: Asked[] = [];
  readonly refusals: [number, Record<string, string>][] = [];
  neverEnds = false;
  hungUp: () => void = () => undefined;
  readonly #server: Server = createServer((request, reply) => void this.#answer(request, reply));

  async open(): Promise<void> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.neverEnds = false;
    this.#server.closeAllConnections();
    await once(this.#server.close(), "close");
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const asked = (await json(request)) as Asked;
    this.asked.push(asked);
    reply.on("close", () => {
      this.hungUp();
    });
    const refusal = this.refusals.shift();
    if (refusal !== undefined) {
      reply.writeHead(...refusal);
      if (refusal[0] === 200) reply.write("Good\n", () => reply.destroy());
      else reply.end();
      return;
    }
    for (const word of ["Good", "morning", "to", "you"].slice(asked.continue_after.length)) reply.write(`${word}\n`);
    if (!this.neverEnds) reply.end();
  }
}

let model: Model;

beforeEach(async () => {
  model = new Model();
  await model.open();
});

afterEach(async () => {
  await model.close();
});

/** What is reported of an event. */
function speak(options: RunOptions<URL> = {}): Promise<Report | null> {
  return run(engine, "line.requested", SCENE, { state: new URL("/generate", model.url), ...options });
}

function start(url: string, environment: NodeJS.ProcessEnv): ChildProcess {
  const surroundings = { PATH: process.env["PATH"], EVENTLEASE_URL: url, ...environment };
  return spawn(process.execPath, [PROGRAM], { env: surroundings, stdio: "inherit" });
}

test("the words are the result, and go on to the voice engines", async () => {
  assert.deepEqual(await speak(), new Completed(SPOKEN, { enqueue: [VOICE] }));
  assert.deepEqual(model.asked, [{ prompt: SCENE.prompt, continue_after: [] }]);
});

test("a later attempt goes on where the one before stopped", async () => {
  const previous = { outcome: "expired", progress: { words: ["Good", "morning"] } };
  assert.deepEqual(await speak({ attempt: 2, previous }), new Completed(SPOKEN, { enqueue: [VOICE] }));
  assert.deepEqual(model.asked[0]?.continue_after, ["Good", "morning"]);
});

for (const [retryAfter, least, most] of [
  ["7", 7, 7],
  ["Fri, 01 Jan 2100 00:00:00 GMT", 3600, Infinity],
  ["soon", 10, 10],
  ["0", 10, 10],
] as const) {
  test(`while the model takes no calls the engine holds off: Retry-After: ${retryAfter}`, async () => {
    model.refusals.push([429, { "retry-after": retryAfter }]);
    const report = await speak();
    assert.ok(report instanceof Released);
    assert.deepEqual([report.code, report.reason], ["hold", "the model takes no more calls"]);
    const seconds = report.holdSeconds ?? 0;
    assert.ok(least <= seconds && seconds <= most, String(seconds));
  });
}

for (const [status, isRetryable] of [
  [400, false],
  [422, false],
  [500, true],
  [503, true],
] as const) {
  test(`status ${status} is ${isRetryable ? "retried" : "a dead letter"}`, async () => {
    model.refusals.push([status, {}]);
    const report = await speak();
    assert.ok(report instanceof Failed);
    assert.equal(report.retryable, isRetryable);
  });
}

test("an answer that is cut is retried", async () => {
  model.refusals.push([200, {}]);
  const report = await speak();
  assert.ok(report instanceof Failed && report.retryable);
});

test("a cancelled event ends the call of the model", async () => {
  model.neverEnds = true;
  const hungUp = new Promise<void>((resolve) => (model.hungUp = resolve));
  const report = await speak({ cancelAfterSeconds: 0.1 });
  assert.ok(report instanceof Released);
  assert.equal(report.code, "cancel_requested");
  await hungUp;
});

test("the program works through a hold and a failure, and ends in order", async () => {
  model.refusals.push([429, { "retry-after": "1" }], [500, {}]);
  await using server = new FakeServer();
  const url = await server.listen();
  const client = new Client({ url });
  const voice = new Engine("voice", { url });
  const heard = new Promise((resolve) => {
    voice.on("voice.requested", (event) => {
      resolve(event.payload);
    });
  });
  voice.start();
  const program = start(url, { MODEL_URL: model.url });
  try {
    const atOnce = { retryPolicy: { retryDelay: { initial: 0 } } };
    const { eventId } = await client.enqueue("dialogue", "line.requested", SCENE, atOnce);
    assert.deepEqual(await client.wait(eventId, { timeoutSeconds: 60 }), SPOKEN);
    assert.deepEqual(await heard, SPOKEN);
    assert.equal(model.asked.length, 3);
    program.kill("SIGTERM");
    assert.deepEqual(await once(program, "exit"), [0, null]);
  } finally {
    program.kill("SIGKILL");
    await Promise.all([voice.stop(), client.close()]);
  }
});

test("the program does not begin without the address of the model", async () => {
  await using server = new FakeServer();
  const url = await server.listen();
  const client = new Client({ url });
  const { eventId } = await client.enqueue("dialogue", "line.requested", SCENE);
  const [status] = (await once(start(url, {}), "exit")) as [number | null];
  assert.ok(status !== 0 && status !== null);
  assert.equal(server.event(eventId).status, "queued");
  await client.close();
});
