import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, rowsOf, totalsOf } from "../../../assets/dashboard/rules/engine-summary.js";
import { group } from "./engines.js";

const attempts = (/** @type {string | null} */ version, failure_ratio = 0.5, is_enough = true) => ({ engine_type: "vision", engine_software_version: version, attempts: 40, failed: 20, lost: 0, failure_ratio, is_enough });

test("groups of one version are one row, whatever their states", () => {
  const [row, ...others] = rowsOf([group({ engines: 3, leases_held: 4, idle: 1, zombie: 1 }), group({ status: "draining", engines: 2, idle: 1, leases_held: 1 }), group({ status: "unresponsive", engines: 1, idle: 1, full: 1, holding_off: 1, quarantined: 1 })], []);
  assert.deepEqual(others, []);
  assert.deepEqual(row, { engineType: "vision", version: "3.0.0", attempts: null, engines: 6, active: 3, draining: 2, silent: 1, idle: 1, full: 1, zombie: 1, holdingOff: 1, quarantined: 1, held: 5 });
});

test("engines without a version are a row of their own, and no other's", () => {
  const rows = rowsOf([group({ engine_software_version: null }), group({ engine_software_version: "" }), group({ engine_software_version: "null" }), group({ engine_type: "vision null" })], []);
  assert.equal(new Set(rows.map(keyOf)).size, 4);
});

test("versions that fail come first, then zombies, then silent ones, then the largest", () => {
  const named = (/** @type {string} */ engine_software_version, more = {}) => group({ engine_software_version, ...more });
  const groups = [named("small"), named("large", { engines: 50 }), named("silent", { status: "unresponsive" }), named("zombies", { zombie: 1, engines: 9 }), named("worse"), named("bad"), named("few"), named("good", { engines: 40 })];
  const rows = rowsOf(groups, [attempts("bad", 0.3), attempts("worse", 0.9), attempts("few", 1, false), attempts("good", 0.09), attempts("unknown")]);
  assert.deepEqual(rows.map(({ version }) => version), ["worse", "bad", "zombies", "silent", "large", "good", "few", "small"]);
});

test("a state that is not known counts as an engine, and all together are counted", () => {
  const { engines, active, held } = totalsOf([group({ engines: 2, leases_held: 3 }), group({ status: "retired", engines: 5, leases_held: 1 })]);
  assert.deepEqual({ engines, active, held }, { engines: 7, active: 2, held: 4 });
});
