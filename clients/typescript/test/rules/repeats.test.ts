import assert from "node:assert/strict";
import { test } from "node:test";

import { changesServer, failureOfReply, mayHaveArrived, nextStep } from "../../src/rules/repeats.js";
import type { Failure, Step } from "../../src/rules/repeats.js";
import { cases } from "../vectors.js";

interface Case {
  status?: number;
  code?: string;
  failure?: Failure | null;
  safe: boolean;
  was_at_once?: boolean;
  internal_errors?: number;
  step: Step;
  changes_server: boolean;
  may_have_arrived: boolean;
}

for (const each of cases<Case>("repeats")) {
  test(`repeats: ${each.name}`, () => {
    const status = each.status ?? null;
    const failure = status === null ? each.failure! : failureOfReply(status, each.code ?? null);
    assert.equal(failure, each.failure);
    if (failure === null) return;
    const repeat = { isSafe: each.safe, withinSeconds: 30 };
    assert.equal(nextStep(failure, repeat, each.was_at_once ?? false, each.internal_errors ?? 0), each.step);
    assert.equal(changesServer(failure, status), each.changes_server);
    assert.equal(mayHaveArrived(failure), each.may_have_arrived);
  });
}
