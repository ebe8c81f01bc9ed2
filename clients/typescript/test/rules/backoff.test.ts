import assert from "node:assert/strict";
import { test } from "node:test";

import { pauseAfterNothing, pauseSeconds, spreadOut } from "../../src/rules/backoff.js";
import { cases } from "../vectors.js";

interface Case {
  repeats: number;
  random: number;
  spread: boolean;
  retry_after: number | null;
  pause_seconds: number;
}

for (const each of cases<Case>("backoff")) {
  test(`pauses: ${each.name}`, () => {
    const seconds = pauseSeconds(each.repeats, each.random, each.spread, each.retry_after);
    assert.ok(Math.abs(seconds - each.pause_seconds) < 1e-9, `${seconds}`);
  });
}

test("seconds that many are given are spread over twice as long", () => {
  assert.equal(spreadOut(3, 0), 3);
  assert.equal(spreadOut(3, 1), 6);
});

test("a reply that brings nothing before its time is followed by a pause", () => {
  assert.equal(pauseAfterNothing(0.1, 20, null, 0), 0.5);
  assert.equal(pauseAfterNothing(0.1, 20, { code: "queue_paused", retry_after_seconds: 3 }, 1), 6);
  assert.equal(pauseAfterNothing(19, 20, null, 0), 0);
});

test("a reply that was not waited for is followed by none, unless the server or the engine ends", () => {
  assert.equal(pauseAfterNothing(0, 0, null, 0), 0);
  assert.equal(pauseAfterNothing(0, 0, { code: "queue_paused", retry_after_seconds: 3 }, 0), 0);
  assert.equal(pauseAfterNothing(0, 0, { code: "server_stopping", retry_after_seconds: 1 }, 0), 1);
  assert.equal(pauseAfterNothing(0, 0, { code: "engine_draining", retry_after_seconds: 0 }, 0), 0.5);
});
