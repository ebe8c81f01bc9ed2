import assert from "node:assert/strict";
import { test } from "node:test";

import { pauseAfterNothing, pauseAskedFor, pauseSeconds } from "../../src/rules/backoff.js";
import { cases } from "../vectors.js";

interface Pause {
  random: number;
  pause_seconds: number;
}

interface Repeated extends Pause {
  repeats: number;
  spread: boolean;
  retry_after: number | null;
}

interface Asked extends Pause {
  asked: number | null;
  least: number;
}

interface AfterNothing extends Pause {
  waited: number;
  wait_seconds: number;
  notice: { code: string; retry_after_seconds: number } | null;
}

function assertPause(seconds: number, expected: Pause): void {
  assert.ok(Math.abs(seconds - expected.pause_seconds) < 1e-9, `${seconds}`);
}

for (const each of cases<Repeated>("backoff")) {
  test(`pauses: ${each.name}`, () => {
    assertPause(pauseSeconds(each.repeats, each.random, each.spread, each.retry_after), each);
  });
}

for (const each of cases<Asked>("backoff", "asked_for")) {
  test(`pauses that a reply asks for: ${each.name}`, () => {
    assertPause(pauseAskedFor(each.asked, each.least, each.random), each);
  });
}

for (const each of cases<AfterNothing>("backoff", "after_nothing")) {
  test(`pauses after nothing: ${each.name}`, () => {
    assertPause(pauseAfterNothing(each.waited, each.wait_seconds, each.notice, each.random), each);
  });
}
