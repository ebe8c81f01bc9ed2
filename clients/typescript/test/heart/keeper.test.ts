import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopWatch } from "../../src/keeper/loop-watch.js";
import { Keeper, type KeeperParts } from "../../src/keeper/keeper.js";
import type { FromKeeper } from "../../src/keeper/messages.js";

function notUsed(): never {
  throw new Error("it is not used");
}

/** A keeper whose clocks the test moves. */
class Bench {
  now = 100;
  wallClock = 1_000_000_000;
  count = 0;
  readonly said: string[] = [];
  readonly posted: FromKeeper[] = [];
  readonly loopWatch: LoopWatch;
  readonly keeper: Keeper;

  constructor() {
    const say: KeeperParts["say"] = (level, _, message) => this.said.push(`${level} ${message}`);
    this.loopWatch = new LoopWatch({ count: () => this.count, place: () => Promise.resolve("\n    at x") }, 300, say);
    this.keeper = new Keeper(
      { heartbeatTimeoutSeconds: 45, lateness: "the process stood still for" },
      {
        calls: { send: notUsed, decodeObject: notUsed },
        loopWatch: this.loopWatch,
        post: (message) => this.posted.push(message),
        say,
        crash: notUsed,
        running: () => 0,
        now: () => this.now,
        wallClock: () => this.wallClock,
        random: () => 0,
      },
    );
  }

  /** Lets time pass, with a tick at its end. */
  async pass(seconds: number, { wallSeconds = seconds, isBlocked = false } = {}): Promise<void> {
    this.now += seconds;
    this.wallClock += wallSeconds * 1000;
    if (!isBlocked) this.count += 1;
    this.keeper.tick();
    await new Promise(setImmediate);
  }
}

test("ticks that come in time say nothing", async () => {
  const bench = new Bench();
  for (let count = 0; count < 10; count++) await bench.pass(0.5);
  await bench.pass(2);
  assert.deepEqual(bench.said, []);
  assert.deepEqual(bench.posted, []);
});

test("a process that stood still is noticed", async () => {
  const bench = new Bench();
  await bench.pass(7.5);
  assert.deepEqual(bench.said, ["warn the process stood still for 7 s"]);
  assert.deepEqual(bench.posted, [{ what: "late" }]);
});

for (const jump of [-3600, 3600]) {
  test(`a wall clock that jumps by ${jump} s makes leases uncertain`, async () => {
    const bench = new Bench();
    await bench.pass(0.5, { wallSeconds: jump });
    assert.deepEqual(bench.posted, [{ what: "clock_jumped" }]);
    await bench.pass(0.5);
    assert.equal(bench.posted.length, 1);
  });
}

test("a blocked loop is named once, and again when it is taken for dead", async () => {
  const bench = new Bench();
  await bench.pass(0.5);
  for (let count = 0; count < 20; count++) await bench.pass(0.5, { isBlocked: true });
  assert.deepEqual(bench.said, ["warn the event loop is blocked for 5 s\n    at x"]);
  while (bench.now < 400.5) await bench.pass(0.5, { isBlocked: true });
  assert.equal(bench.loopWatch.isStalled, false);
  assert.deepEqual(bench.keeper.failing(), []);
  await bench.pass(0.5, { isBlocked: true });
  assert.equal(bench.loopWatch.isStalled, true);
  assert.deepEqual(bench.keeper.failing(), ["the event loop is blocked"]);
  assert.match(bench.said[1] ?? "", /^error the event loop is blocked for 301 s: its leases are not renewed any more/);
  await bench.pass(0.5);
  assert.equal(bench.loopWatch.isStalled, false);
  assert.match(bench.said[2] ?? "", /^info the event loop goes on after/);
  await bench.pass(0.5);
  assert.equal(bench.said.length, 3);
});
