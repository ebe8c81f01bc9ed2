import assert from "node:assert/strict";
import { test } from "node:test";
import { bulkFilterOf, changesFor, FILTERS, leftOutOf, queryOf, TABS, tabOf } from "../../../assets/dashboard/rules/event-filter.js";
import { readFilters } from "../../../assets/dashboard/rules/filters.js";

const NOW = Date.parse("2026-11-29T02:00:00Z");
const applied = (name, values) => Object.fromEntries(Object.entries({ ...values, ...changesFor(name, values) }).filter(([, value]) => value !== null));

test("every tab is found again in the address that it makes, from every other", () => {
  for (const { name: from } of TABS) {
    for (const { name: to } of TABS) {
      const values = applied(to, applied(from, {}));
      assert.equal(tabOf(values), to);
      assert.deepEqual(values, applied(to, {}), `${from} → ${to}`);
      assert.deepEqual(readFilters(FILTERS, values).unreadable, []);
    }
  }
});

test("a status never stands alone, for the API wants another filter beside it", () => {
  for (const { name } of TABS) {
    const values = applied(name, {});
    if (values.status) assert.ok(values.created_after);
  }
  assert.deepEqual(applied("waiting", { engine_type: "dialogue" }), { engine_type: "dialogue", status: "queued" });
});

test("what was lost and then completed is looked for within a time or a run, whatever else narrows the list", () => {
  assert.equal(applied("completed-lost", { engine_type: "dialogue" }).created_after, "-1d");
  assert.equal(applied("completed-lost", { scenario_run_id: "night" }).created_after, undefined);
  assert.equal(applied("completed-lost", { created_after: "-2h" }).created_after, "-2h");
});

test("an empty list of silent losses says that it is of open events only", () => {
  assert.match(leftOutOf({ lease_losses_min: "1" }), /open events only/);
  assert.match(leftOutOf({ lease_losses_min: "1", status: "queued" }), /open events only/);
  assert.equal(leftOutOf({ lease_losses_min: "1", status: "completed" }), null);
  assert.equal(leftOutOf({ status: "queued" }), null);
});

test("a time that a person chose stays when the tab changes", () => {
  assert.equal(applied("waiting", { created_after: "-2h" }).created_after, "-2h");
  assert.equal(applied("all", { created_after: "-1d", engine_type: "a" }).created_after, "-1d");
});

test("what matches no tab has none", () => {
  assert.equal(tabOf({ status: "failed" }), null);
  assert.equal(tabOf({ status: "queued", failing: "true" }), null);
});

test("relative times are instants in the query", () => {
  assert.deepEqual(queryOf({ created_after: "-1h", failing: "false", engine_type: "a" }, NOW), { created_after: "2026-11-29T01:00:00.000Z", engine_type: "a" });
});

test("a bulk call means the queued ones of what the list shows, or is not offered", () => {
  assert.deepEqual(bulkFilterOf({ status: "queued", engine_type: "a", event_type: "b" }), { engine_type: "a", event_type: "b" });
  assert.equal(bulkFilterOf({ status: "queued" }), null);
  assert.deepEqual(bulkFilterOf({ engine_type: "a" }), { engine_type: "a" });
  assert.equal(bulkFilterOf({ engine_type: "a", status: "completed" }), null);
  assert.equal(bulkFilterOf({ engine_type: "a", failing: "true" }), null);
  assert.equal(bulkFilterOf({}), null);
  assert.equal(bulkFilterOf({ status: "queued", engine_type: "a", created_after: "-1d" }), null);
});
