/** Producers: what is enqueued, followed and cancelled, and what a lost reply costs. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

import { Client } from "../src/client.js";
import type { ClientOptions } from "../src/client.js";
import type { EnqueueOptions, Enqueued } from "../src/enqueuing.js";
import {
  ConfigurationError,
  Conflict,
  InvalidInput,
  NotEventLease,
  NotFound,
  TimeoutError,
  Unavailable,
} from "../src/errors.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import { NEW, SILENT, UNKNOWN, clientOf, kindOf, sentEvents, sizes, thrown } from "./producing.js";
import { programOf } from "./program.js";
import { Lines, Script, fetchFailed, reply } from "./scripted.js";

test("an event is stored with its options", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const availableAt = new Date(Date.now() + 60_000);
  const event = await client.enqueue(
    "dialogue",
    "asked",
    { npcName: "Mira" },
    {
      priority: 7,
      scenarioRunId: "r1",
      uniqueKey: "u",
      delaySeconds: undefined,
      availableAt,
      retryPolicy: { maxRetries: 2, retryDelay: { initial: 1 } },
    },
  );
  assert.deepEqual([event.isDuplicate, event.notice], [false, "no_engine_of_type"]);
  assert.equal((event.reply as { priority: number }).priority, 7);
  const [sent] = sentEvents(server);
  const { idempotency_key, ...members } = sent!;
  assert.match(String(idempotency_key), /^[0-9a-f-]{36}$/);
  assert.deepEqual(members, {
    engine_type: "dialogue",
    event_type: "asked",
    payload: { npcName: "Mira" },
    priority: 7,
    scenario_run_id: "r1",
    unique_key: "u",
    available_at: availableAt.toISOString(),
    retry_policy: { max_retries: 2, retry_delay: { initial: 1 } },
  });
  assert.equal(server.event(event.eventId).scenario_run_id, "r1");
});

test("a refused event names every bad place", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const error = await thrown(InvalidInput, client.enqueue("dia logue", "asked", 1, { priority: 10 }));
  assert.deepEqual(new Set(error.errors.map((place) => place.pointer)), new Set(["/engine_type", "/priority"]));
});

for (const options of [{}, { uniqueKey: "u" }, { idempotencyKey: "k" }] as EnqueueOptions[]) {
  test(`a lost reply makes no second event, with ${JSON.stringify(options)}`, async () => {
    await using server = new FakeServer();
    await using client = clientOf(server);
    server.loseNextReply("enqueue");
    const event = await client.enqueue("dialogue", "asked", 1, options);
    assert.deepEqual(
      server.requests.map(({ operation }) => operation),
      ["enqueue", "enqueue"],
    );
    assert.deepEqual(
      server.events().map(({ event_id }) => event_id),
      [event.eventId],
    );
  });
}

test("an event whose first reply was lost is no duplicate", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  server.loseNextReply("enqueue");
  assert.equal((await client.enqueue("dialogue", "asked", 1)).isDuplicate, false);
});

for (const [option, key] of [
  ["idempotencyKey", "idempotency_key"],
  ["uniqueKey", "unique_key"],
] as const) {
  test(`a duplicate by its ${key} says so`, async () => {
    await using server = new FakeServer();
    await using client = clientOf(server);
    const first = await client.enqueue("dialogue", "asked", 1, { [option]: "k" });
    const again = await client.enqueue("dialogue", "asked", 1, { [option]: "k" });
    assert.deepEqual([first.isDuplicate, again.isDuplicate, again.reply.duplicate_of], [false, true, key]);
    assert.equal(again.eventId, first.eventId);
  });
}

test("without a key a lost reply leaves it unknown", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  server.loseNextReply("enqueue");
  const error = await thrown(Unavailable, client.enqueue("dialogue", "asked", 1, { idempotency: false }));
  assert.equal(error.isUnknown, true);
  assert.equal(server.events().length, 1);
  assert.ok(!("idempotency_key" in sentEvents(server)[0]!) && !("idempotency" in sentEvents(server)[0]!));
});

test("many events are stored in the order given", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  function* events(): Generator<typeof NEW> {
    for (let number = 0; number < 2500; number++) yield { ...NEW, payload: number };
  }
  const results = await client.enqueueMany(events());
  assert.deepEqual(
    results.map((result) => (result as Enqueued).eventId),
    server.events().map((event) => event.event_id),
  );
  assert.deepEqual(sizes(server), [1000, 1000, 500]);
});

test("requests of many events are no larger than 4 MiB", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  await client.enqueueMany(Array.from({ length: 9 }, () => ({ ...NEW, payload: "x".repeat(1_000_000) })));
  assert.deepEqual(sizes(server), [4, 4, 1]);
});

test("a refused event keeps no other out, and all may be refused", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const bad = { ...NEW, priority: 10 };
  const results = await client.enqueueMany([NEW, bad, NEW]);
  assert.deepEqual(results.map(kindOf), ["object", "InvalidInput", "object"]);
  assert.deepEqual(
    (results[1] as InvalidInput).errors.map(({ pointer }) => pointer),
    ["/priority"],
  );
  assert.deepEqual((await client.enqueueMany([bad, { ...NEW, eventType: "" }])).map(kindOf), [
    "InvalidInput",
    "InvalidInput",
  ]);
});

test("all or none are stored", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const results = await client.enqueueMany([NEW, { ...NEW, priority: 10 }], { atomic: true });
  assert.deepEqual(results.map(kindOf), ["InvalidInput", "InvalidInput"]);
  assert.deepEqual((await client.enqueueMany([NEW, { ...NEW, payload: NaN }], { atomic: true })).map(kindOf), [
    "InvalidInput",
    "InvalidInput",
  ]);
  assert.equal(server.events().length, 0);
  const tooMany = client.enqueueMany(
    Array.from({ length: 1001 }, () => NEW),
    { atomic: true },
  );
  assert.match((await thrown(InvalidInput, tooMany)).message, /1000 events, not 1001/);
  assert.deepEqual((await client.enqueueMany([NEW], { atomic: true })).map(kindOf), ["object"]);
});

class Endless {
  toJSON(): unknown {
    return [new Endless()];
  }
}

for (const [name, payload] of Object.entries({
  NaN: NaN,
  "a function": (): number => 1,
  "a bigint": 2n,
  "a map": new Map([[1, 2]]),
  endless: new Endless(),
  nothing: undefined,
})) {
  test(`a payload that is ${name} is refused alone`, async () => {
    await using server = new FakeServer();
    await using client = clientOf(server);
    const bad = { ...NEW, payload };
    const results = await client.enqueueMany([NEW, bad, NEW]);
    assert.deepEqual(results.map(kindOf), ["object", "InvalidInput", "object"]);
    const error = await thrown(InvalidInput, client.enqueue("dialogue", "asked", payload));
    if (payload !== undefined) assert.match(error.message, /cannot be written as JSON/);
    assert.equal(server.events().length, 2);
  });
}

test("what is no event is refused alone", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const events = [NEW, 3, null, "text", [NEW]] as unknown as (typeof NEW)[];
  const kinds = (await client.enqueueMany(events)).map(kindOf);
  assert.deepEqual(kinds, ["object", "InvalidInput", "InvalidInput", "InvalidInput", "InvalidInput"]);
});

test("an invalid date does not make an event due now", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const error = await thrown(InvalidInput, client.enqueue("q", "t", 1, { availableAt: new Date("tomorrow") }));
  assert.match(error.message, /availableAt/);
  assert.equal(server.events().length, 0);
});

test("no events are no request", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  assert.deepEqual(await client.enqueueMany([]), []);
  assert.deepEqual(await client.enqueueMany([], { atomic: true }), []);
  assert.deepEqual(server.requests, []);
});

test("the culprit for whom a request is refused is found", async () => {
  // As by a server that takes smaller bodies than others.
  const fetch = (_: string, { body }: RequestInit): Promise<Response> => {
    const text = body as string;
    if (text.length > 500) return Promise.resolve(reply(413, { code: "payload_too_large" }));
    const { events } = JSON.parse(text) as { events?: unknown[] };
    const answer = { event_id: UNKNOWN };
    return Promise.resolve(reply(201, events === undefined ? answer : { results: events.map(() => answer) }));
  };
  const client = new Client({ fetch, logger: SILENT });
  const events = Array.from({ length: 10 }, (_, n) => ({ ...NEW, payload: "x".repeat(n === 6 ? 1000 : 10) }));
  const kinds = (await client.enqueueMany(events)).map(kindOf);
  assert.deepEqual(
    kinds,
    events.map((_, number) => (number === 6 ? "InvalidInput" : "object")),
  );
});

test("a reply with other results than events is not taken", async () => {
  for (const results of [[], [3, 3], 7, [{ event_id: UNKNOWN }]]) {
    const client = new Client({ fetch: new Script(reply(201, { results })).fetch, logger: SILENT });
    assert.deepEqual((await client.enqueueMany([NEW, NEW])).map(kindOf), ["NotEventLease", "NotEventLease"]);
  }
});

for (const body of [{ x: 1 }, [], null, 3, { event_id: "e" }, { results: 3 }, { results: [3] }, { events: [] }]) {
  test(`another service that answers ${JSON.stringify(body)} is no EventLease`, async () => {
    const calls: ((client: Client) => Promise<unknown>)[] = [
      (client) => client.wait(UNKNOWN),
      (client) => client.read(UNKNOWN),
      (client) => client.cancel(UNKNOWN),
      (client) => client.waitForRun("r"),
      (client) => client.readRun("r"),
      (client) => client.cancelRun("r"),
      (client) => client.reopenRun("r"),
    ];
    if (!(typeof body === "object" && body !== null && "event_id" in body)) {
      calls.push((client) => client.enqueue("dialogue", "asked", 1));
    }
    for (const call of calls) {
      const client = new Client({ fetch: new Script(reply(200, body)).fetch, logger: SILENT });
      await thrown(NotEventLease, call(client));
    }
    const client = new Client({ fetch: () => Promise.resolve(reply(200, body)), logger: SILENT });
    assert.deepEqual((await client.waitMany([UNKNOWN])).map(kindOf), ["NotEventLease"]);
    assert.deepEqual((await client.enqueueMany([NEW, NEW])).map(kindOf), ["NotEventLease", "NotEventLease"]);
  });
}

test("a run is followed, cancelled and reopened", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const run = "run 1/ä";
  await client.enqueue("dialogue", "asked", 1, { scenarioRunId: run });
  assert.equal((await client.readRun(run)).counts.queued, 1);
  assert.match(
    (await thrown(TimeoutError, client.waitForRun(run, { timeoutSeconds: 0.1 }))).message,
    /run 1\/ä still has open/,
  );
  const waited = client.waitForRun(run);
  assert.equal((await client.cancelRun(run)).cancelled, 1);
  assert.equal((await waited).status, "cancelled");
  const error = await thrown(Conflict, client.enqueue("dialogue", "asked", 1, { scenarioRunId: run }));
  assert.equal(error.code, "run_cancelled");
  assert.equal((await client.reopenRun(run)).reopened, true);
  await client.enqueue("dialogue", "asked", 1, { scenarioRunId: run });
});

test("an event is read and cancelled", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  assert.equal((await client.read(eventId.toUpperCase())).status, "queued");
  assert.equal((await client.cancel(eventId)).status, "cancelled");
  await thrown(NotFound, client.read(UNKNOWN));
  for (const bad of ["../tokens", "", 7 as unknown as string]) {
    assert.match((await thrown(InvalidInput, client.read(bad))).message, /UUID/);
    await thrown(InvalidInput, client.cancel(bad));
  }
});

test("any other call, typed by its path", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { version } = await client.call("GET", "/server");
  assert.equal(typeof version, "string");
  await thrown(NotFound, client.call("GET", "/no-such-thing"));
});

test("other calls are sent twice only where that does no harm", async () => {
  const cut = (): TypeError => fetchFailed("UND_ERR_SOCKET");
  const script = new Script(cut(), cut(), reply(200, 1), cut(), reply(204));
  const client = new Client({ fetch: script.fetch, logger: SILENT });
  await thrown(Unavailable, client.call("POST", "/dead-letters/redrive", {}));
  assert.equal(await client.call("POST", "/engines/drain", {}, { isSafe: true }), 1);
  await client.call("DELETE", "/queues/x");
  const paths = script.sent.map(({ url }) => new URL(url).pathname.replace("/api/v1", ""));
  assert.deepEqual(paths, ["/dead-letters/redrive", "/engines/drain", "/engines/drain", "/queues/x", "/queues/x"]);
});

test("a call can be ended by a signal", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const controller = new AbortController();
  server.delayNext("readServer", 60);
  const called = client.call("GET", "/server", undefined, { signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const why = new Error("enough");
  controller.abort(why);
  assert.equal(await thrown(Error, called), why);
});

test("a client that is closed sends nothing", async () => {
  await using server = new FakeServer();
  const client = clientOf(server);
  assert.equal(await client.close(), 0);
  for (const call of [
    client.enqueue("dialogue", "asked", 1),
    client.enqueueMany([NEW]),
    client.read(UNKNOWN),
    client.wait(UNKNOWN),
    client.waitForRun("r"),
    client.call("GET", "/server"),
  ]) {
    assert.match((await thrown(Unavailable, call)).message, /closed/);
  }
  assert.equal(server.requests.length, 0);
  assert.equal(await client.close(), 0);
});

test("the environment names servers and token", async (context) => {
  context.after(() => {
    delete process.env["EVENTLEASE_URL"];
    delete process.env["EVENTLEASE_TOKEN"];
  });
  process.env["EVENTLEASE_URL"] = "http://a, http://b/queue/";
  process.env["EVENTLEASE_TOKEN"] = "el_1";
  const script = new Script(fetchFailed("ECONNREFUSED"), reply(200, {}));
  const client = new Client({ fetch: script.fetch, logger: SILENT });
  await client.call("GET", "/server");
  assert.deepEqual(
    script.sent.map(({ url }) => url),
    ["http://a/api/v1/server", "http://b/queue/api/v1/server"],
  );
  assert.equal(script.sent[0]!.headers.get("authorization"), "Bearer el_1");
});

test("settings that cannot be are refused at once", () => {
  for (const options of [
    { url: "127.0.0.1:1" },
    { url: "" },
    { url: [] },
    { token: "a b" },
    { onFull: "raise" },
    { timeoutSeconds: NaN },
    { timeoutSeconds: -1 },
  ]) {
    assert.throws(() => new Client(options as ClientOptions), ConfigurationError, JSON.stringify(options));
  }
});

test("a type without engines is said once", async () => {
  await using server = new FakeServer();
  const logger = new Lines();
  await using client = new Client({ fetch: server.fetch, logger });
  for (const type of ["dialogue", "dialogue", "weather"]) await client.enqueue(type, "asked", 1);
  await client.enqueueMany([NEW, NEW]);
  assert.deepEqual(
    logger.lines.map(({ fields }) => (fields as { engineType: string }).engineType),
    ["dialogue", "weather"],
  );
  assert.match(logger.texts[0]!, /no engine is registered/);
});

test("a logger that throws harms no event", async () => {
  await using server = new FakeServer();
  const broken = (): never => {
    throw new Error("the disk is full");
  };
  await using client = new Client({
    fetch: server.fetch,
    logger: { debug: broken, info: broken, warn: broken, error: broken },
  });
  assert.equal((await client.enqueue("dialogue", "asked", 1)).isDuplicate, false);
});

test("numbers can be kept exactly by a JSON of one's own", async () => {
  const json = {
    stringify: (value: unknown) =>
      JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? `#${each}#` : each)).replace(
        /"#(\d+)#"/g,
        "$1",
      ),
    parse: (text: string): unknown => JSON.parse(text),
  };
  const script = new Script(reply(201, { event_id: UNKNOWN }));
  const client = new Client({ fetch: script.fetch, json, logger: SILENT });
  await client.enqueue("dialogue", "asked", 2n ** 70n);
  assert.match(script.sent[0]!.body!, /"payload":1180591620717411303424[,}]/);
});

test("a program that has done its work ends, though its client was not closed", async () => {
  await using server = new FakeServer();
  const url = await server.listen();
  const module = new URL("../src/client-entry.js", import.meta.url).href;
  const program = `
    import { Client } from ${JSON.stringify(module)};
    const client = new Client({ url: ${JSON.stringify(url)} });
    const { eventId } = await client.enqueue("q", "t", 1);
    await client.wait(eventId, { timeoutSeconds: 0.1 }).catch((error) => console.log(error.name));
  `;
  // Shorter than the server would hold the request that nobody waits for any more.
  const options = { timeout: 18_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [programOf(program)], options);
  assert.equal(stdout, "TimeoutError\n");
});
