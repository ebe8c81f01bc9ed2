import assert from "node:assert/strict";
import { test } from "node:test";

import { nextBatch, recovery, verdict } from "../../src/rules/replies.js";
import { cases } from "../vectors.js";

interface Refusal {
  code: string;
  status: number;
}

for (const each of cases<Refusal & { is_fallback?: boolean; internal_errors?: number; verdict: string }>(
  "replies",
  "verdicts",
)) {
  test(`a settlement's refusal: ${each.name}`, () => {
    const found = verdict(each.code, each.status, each.is_fallback ?? false, each.internal_errors ?? 0);
    assert.equal(found, each.verdict);
  });
}

for (const each of cases<Refusal & { at_start?: boolean; recovery: string }>("replies", "recoveries")) {
  test(`a call's refusal: ${each.name}`, () => {
    assert.equal(recovery(each.code, each.status, each.at_start), each.recovery);
  });
}

for (const each of cases<{ entries: number; status: number; next: number }>("replies", "batches")) {
  test(`a batch's refusal: ${each.name}`, () => {
    assert.equal(nextBatch(each.entries, each.status), each.next);
  });
}
