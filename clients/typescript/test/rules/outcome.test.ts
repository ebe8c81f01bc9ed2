import assert from "node:assert/strict";
import { test } from "node:test";

import type { Told } from "../../src/rules/leases.js";
import { kindOfReport, noHandler } from "../../src/rules/outcome.js";
import type { Ending } from "../../src/rules/outcome.js";
import { cases } from "../vectors.js";

for (const each of cases<{ ending: Ending; told: Told | null; report: string }>("outcome")) {
  test(`what is reported: ${each.name}`, () => {
    assert.equal(kindOfReport(each.ending, each.told), each.report);
  });
}

for (const each of cases<{ releases_in_row: number; fails_at_once: boolean; delay_seconds: number | null }>(
  "no_handler",
)) {
  test(`an event without a handler: ${each.name}`, () => {
    assert.equal(noHandler(each.releases_in_row, each.fails_at_once), each.delay_seconds);
  });
}
