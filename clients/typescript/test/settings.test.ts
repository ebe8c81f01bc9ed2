import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { inspect } from "node:util";
import { ConfigurationError } from "../src/errors.js";
import { Settings } from "../src/settings.js";

const NAMES = ["EVENTLEASE_LOG", "EVENTLEASE_URL", "EVENTLEASE_TOKEN", "EVENTLEASE_ENGINE_ID"] as const;
afterEach(() => {
  for (const name of NAMES) Reflect.deleteProperty(process.env, name);
});

const ID = "0190c1a5-7f1e-7c3a-9f57-3a1f2b3c4d5e";

const CYCLE: Record<string, unknown> = {};
CYCLE["self"] = CYCLE;

const WRONG: Record<string, unknown[]> = {
  concurrency: [5n, 0, -1, 1.5, "10", NaN, Infinity, 100_001, true],
  prefetch: [5n, -1, 0.5, 100_000],
  timeoutSeconds: [0, -1, NaN, "1"],
  graceSeconds: [-1, 26, NaN],
  drainSeconds: [-1, NaN, "25"],
  heartbeatTimeoutSeconds: [2, 3.5, Infinity],
  heartbeats: ["process"],
  visibilityTimeoutSeconds: [0, 43_201, 1.5],
  stallSeconds: [0, NaN],
  engineId: ["", "nobody", 7],
  softwareVersion: [1],
  capabilities: ["dialogue", [1]],
  scenarioRunId: [{}],
  mayEnqueue: ["voice"],
  metadata: ["text", [], { build: 5n }, CYCLE, { share: NaN }, new Date()],
  onUnknownType: ["drop"],
  lifespan: [{}],
  healthPort: [-1, 65_536, "80"],
  json: [{ parse: JSON.parse }],
  reportTraceback: ["yes"],
  logFailures: [1],
  logger: [{ info: () => undefined }],
  fetch: ["fetch"],
  token: [7],
  url: [7, [7], "", [], ["http://a", ""], "localhost:8080", "ftp://a", "http://a?b=c", "http://user:secret@a"],
  concurency: [5],
};
for (const [name, values] of Object.entries(WRONG)) {
  test(`a wrong ${name} is named`, () => {
    for (const value of values) {
      const settings = () => {
        new Settings("dialogue", { [name]: value }).check();
      };
      assert.throws(
        settings,
        (error: unknown) => error instanceof ConfigurationError && error.message.includes(name),
        inspect(value),
      );
    }
  });
}

test("a wrong engine type is named", () => {
  for (const engineType of ["", "a b", "ä", "x".repeat(65), 7, undefined]) {
    assert.throws(() => {
      new Settings(engineType as string).check();
    }, /engineType/);
  }
});

test("a level of the log that there is not is named, where it is used", () => {
  process.env["EVENTLEASE_LOG"] = "loud";
  assert.throws(() => {
    new Settings("dialogue").check();
  }, /EVENTLEASE_LOG must be/);
  new Settings("dialogue", { logger: console }).check();
  for (const level of ["INFO", "none", ""]) {
    process.env["EVENTLEASE_LOG"] = level;
    new Settings("dialogue").check();
  }
});

test("all that is wrong is named at once", () => {
  assert.throws(() => {
    new Settings("dialogue", { concurrency: 0, drainSeconds: -1 }).check();
  }, /concurrency.*; drainSeconds/);
});

test("the least and the most are taken", () => {
  new Settings("a").check();
  new Settings("x".repeat(64), {
    concurrency: 1, prefetch: 99_999, timeoutSeconds: 0.1, graceSeconds: 0, drainSeconds: 0, heartbeatTimeoutSeconds: 3,
    visibilityTimeoutSeconds: 43_200, stallSeconds: 0.1, engineId: ID, healthPort: 0, url: ["http://a", "https://b:1/c"],
    token: () => "t", metadata: {}, capabilities: [], json: JSON, logger: console, fetch, onUnknownType: "fail",
  }).check(); // prettier-ignore
});

test("undefined is the same as leaving it out", () => {
  const settings = new Settings("dialogue", { concurrency: undefined, url: undefined, fetch: undefined });
  settings.check();
  assert.deepEqual([settings.concurrency, settings.urls], [10, ["http://127.0.0.1:8080"]]);
});

test("grace is five seconds, but never longer than the drain", () => {
  assert.equal(new Settings("a").grace, 5);
  assert.equal(new Settings("a", { drainSeconds: 2 }).grace, 2);
  assert.equal(new Settings("a", { graceSeconds: 1 }).grace, 1);
});

test("heartbeats need a thread's own fetch", () => {
  assert.equal(new Settings("a").heartbeats, "thread");
  assert.equal(new Settings("a", { fetch }).heartbeats, "loop");
  assert.throws(() => {
    new Settings("a", { fetch, heartbeats: "thread" }).check();
  }, /heartbeats.*fetch/);
});

test("the environment is read when the engine starts, and what is given wins", () => {
  const made = new Settings("dialogue");
  const given = new Settings("dialogue", { url: "http://given", token: "mine", engineId: ID });
  process.env["EVENTLEASE_URL"] = "http://a, http://b";
  process.env["EVENTLEASE_TOKEN"] = "from the environment";
  process.env["EVENTLEASE_ENGINE_ID"] = ID.replace("0", "1");
  const started = made.withEnvironment();
  assert.deepEqual(started.urls, ["http://a", "http://b"]);
  assert.equal(started.token, "from the environment");
  assert.equal(started.engineId, ID.replace("0", "1"));
  assert.deepEqual(given.withEnvironment().urls, ["http://given"]);
  assert.equal(given.withEnvironment().token, "mine");
  assert.equal(given.withEnvironment().engineId, ID);
});

test("what is empty in the environment is not there", () => {
  for (const name of NAMES) process.env[name] = "";
  const settings = new Settings("dialogue").withEnvironment();
  settings.check();
  assert.equal(settings.token, undefined);
});

test("tokens stand in no text form", () => {
  const settings = new Settings("dialogue", { token: "secret-token" });
  assert.equal(settings.token, "secret-token");
  assert.ok(!inspect(settings, { depth: 5 }).includes("secret-token"));
  assert.ok(!JSON.stringify(settings).includes("secret-token"));
});
