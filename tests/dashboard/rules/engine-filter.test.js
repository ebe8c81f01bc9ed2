import assert from "node:assert/strict";
import { test } from "node:test";
import { FILTERS, TABS, changesFor, filtersHere, queryOf, shownOf, tabOf } from "../../../assets/dashboard/rules/engine-filter.js";
import { readFilters } from "../../../assets/dashboard/rules/filters.js";
import { before, engine } from "./engines.js";

const ids = (/** @type {readonly any[]} */ engines) => engines.map(({ engine_id }) => engine_id);

test("the server is asked for what it can filter by, and the rest is left to the page", () => {
  const asked = { engine_type: "vision", engine_software_version: "3.0.0", status: "active", idle: "true", zombie: "true", silent_over_seconds: "60", held_over_seconds: "300", capability: "gpu", scenario_run_id: "night" };
  assert.deepEqual(queryOf({ ...asked, full: "true", holding_off: "true", quarantined: "true", sort: "held" }), asked);
  assert.equal(filtersHere(asked), false);
  for (const name of ["full", "holding_off", "quarantined"]) assert.equal(filtersHere({ [name]: "true" }), true, name);
});

test("engines without a version, and those of two states, are found by the page, as the server is asked for one", () => {
  const engines = [engine({ engine_id: "none" }, { version: null }), engine({ engine_id: "some" }), engine({ engine_id: "silent", status: "unresponsive" })];
  for (const [values, found] of /** @type {const} */ ([[{ engine_software_version: "" }, ["none"]], [{ status: "active,draining" }, ["none", "some"]]])) {
    assert.deepEqual(queryOf(values), {});
    assert.equal(filtersHere(values), true);
    assert.deepEqual(ids(shownOf(engines, values)), found);
  }
});

test("full, holding off and quarantined are told by the engines themselves", () => {
  const engines = [
    engine({ engine_id: "full", leases_held: 4 }), engine({ engine_id: "over", leases_held: 5 }), engine({ engine_id: "unlimited", leases_held: 99 }, { slots: null }),
    engine({ engine_id: "later", holding_off: { until: before(-9), reason: "" } }), engine({ engine_id: "barred", is_quarantined: true }),
  ];
  const of = (/** @type {Record<string, string>} */ values) => ids(shownOf(engines, values));
  assert.deepEqual(of({ full: "true" }), ["full", "over"]);
  assert.deepEqual(of({ holding_off: "true" }), ["later"]);
  assert.deepEqual(of({ quarantined: "true" }), ["barred"]);
  assert.deepEqual(of({ quarantined: "true", full: "true" }), []);
});

test("sorted by what is asked for, what never was comes first; without a sort the order is the server's", () => {
  const engines = [engine({ engine_id: "a", leases_held: 1, last_poll_at: before(5), last_seen_at: before(1) }), engine({ engine_id: "b", last_poll_at: null, leases_held: 2, last_seen_at: before(3) }), engine({ engine_id: "c", leases_held: 9, last_poll_at: before(50), last_seen_at: before(2) })];
  const of = (/** @type {string} */ sort) => ids(shownOf(engines, { sort })).join("");
  assert.deepEqual(["registered", "held", "seen", "asked"].map(of), ["abc", "cba", "bca", "bca"]);
  assert.equal(shownOf(engines, {}), engines);
});

/** @param {string} tab @returns {Record<string, string>} */
const changed = (tab) => Object.fromEntries(Object.entries(changesFor(tab)).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));

test("each ready filter can be read from the address, is known again, and takes the others away", () => {
  for (const { name, sets } of TABS) {
    const others = { engine_type: "vision", idle: "true", full: "true", status: "draining" };
    const values = Object.fromEntries(Object.entries({ ...others, ...changesFor(name) }).filter(([, value]) => value !== null));
    assert.equal(tabOf(/** @type {any} */ (values)), name);
    assert.equal(values["engine_type"], "vision");
    assert.deepEqual(readFilters(FILTERS, sets).unreadable, []);
  }
  assert.equal(tabOf({ status: "draining", idle: "true" }), null);
  assert.equal(queryOf(changed("idle"))["status"], "active", "a silent engine is not idle");
});
