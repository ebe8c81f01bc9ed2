import assert from "node:assert/strict";
import { test } from "node:test";

import { Plan } from "../../src/rules/shutdown.js";
import { cases } from "../vectors.js";

interface Case {
  asked_at?: number;
  asked?: number;
  is_drained?: boolean;
  is_released?: boolean;
  now: number;
  held: number;
  stage: string;
}

for (const each of cases<Case>("shutdown")) {
  test(`ending: ${each.name}`, () => {
    const plan = new Plan(25, 5);
    plan.askedAt = each.asked_at ?? null;
    plan.asked = each.asked ?? 0;
    plan.isDrained = each.is_drained ?? false;
    plan.isReleased = each.is_released ?? false;
    assert.equal(plan.stage(each.now, each.held), each.stage);
  });
}
