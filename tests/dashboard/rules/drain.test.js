import assert from "node:assert/strict";
import { test } from "node:test";
import { outlookOf, outlooksOf } from "../../../assets/dashboard/rules/drain.js";

const group = (engine_software_version, status, engines, leases_held, engine_type = "dialogue") => ({ engine_type, engine_software_version, status, engines, leases_held });
const groups = [
  group("2.4.1", "active", 5, 12), group("2.4.1", "unresponsive", 1, 2), group("2.4.1", "draining", 7, 3),
  group("2.4.0", "active", 3, 9), group("2.4.0", "draining", 4, 0), group(null, "active", 1, 0), group("2.4.0", "unresponsive", 2, 1), group("2.4.1", "active", 9, 9, "vision"),
];

test("those of the version that are not draining yet stop, and active ones of others remain", () => {
  assert.deepEqual(outlookOf(groups, "dialogue", "2.4.1"), { engines: 6, silent: 1, held: 12, remaining: 4 });
  assert.deepEqual(outlookOf(groups, "vision", "2.4.1"), { engines: 9, silent: 0, held: 9, remaining: 0 });
});

test("what silent engines hold is nothing that they finish", () => {
  assert.equal(outlookOf(groups, "dialogue", "2.4.0").held, 9);
  assert.equal(outlookOf(groups, "dialogue", "2.4.0", () => true).held, 9);
});

test("chosen engines have an outlook for each of their queues", () => {
  const chosen = (engine_type, status, leases_held) => ({ engine_type, status, leases_held });
  const outlooks = outlooksOf([chosen("dialogue", "active", 2), chosen("dialogue", "unresponsive", 5), chosen("vision", "active", 0), chosen("new", "active", 1)], groups);
  assert.deepEqual([...outlooks], [
    ["dialogue", { engines: 2, silent: 1, held: 2, remaining: 8 }],
    ["vision", { engines: 1, silent: 0, held: 0, remaining: 8 }],
    ["new", { engines: 1, silent: 0, held: 1, remaining: 0 }],
  ]);
});
