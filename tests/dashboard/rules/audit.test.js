import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { ACTIONS, actorsOf, isSignIn, rowInBrief, rowInWords, rowsOf, subjectOf, wantsSignIns } from "../../../assets/dashboard/rules/audit.js";
import { changeInWords } from "../../../assets/dashboard/rules/changes.js";

let made = 0;
const entry = (/** @type {Record<string, any>} */ given) => {
  made += 1;
  return /** @type {any} */ ({ audit_id: String(1000 - made), actor: "anna", action: "pause_queue", subject: "billing", details: {}, request_id: null, recorded_at: "2030-01-31T12:00:00Z", ...given });
};
const id = "01a22b5e-1263-7774-8000-1080cc813920";

test("steps of one request are one row, at the place of the newest, and their counts are added up", () => {
  const step = (/** @type {number} */ events) => entry({ action: "cancel_events", subject: "vision", details: { events, filter: { engine_type: "vision" } }, request_id: "r1" });
  const entries = [step(200), entry({ actor: "ben" }), step(500), step(500)];
  const rows = rowsOf(entries);
  assert.deepEqual(rows.map(rowInWords), ["anna cancelled 1200 events of vision, in 3 steps", "ben paused billing"]);
  assert.equal(rows[0]?.key, entries[3].audit_id, "the oldest step names the row, so that it stays while steps are added");
});

test("what has no request stands alone, and so does what another did with the same request's id", () => {
  const rows = rowsOf([entry({}), entry({}), entry({ request_id: "r" }), entry({ request_id: "r", subject: "vision" }), entry({ request_id: "r", actor: "ben" }), entry({ request_id: "r", action: "resume_queue" })]);
  assert.equal(rows.length, 6);
});

test("a row of steps adds up only what is counted, whatever the details are", () => {
  const rows = rowsOf([null, { cancelled: 2 }, { cancelled: "7" }].map((details) => entry({ action: "cancel_scenario_run", subject: "night", details, request_id: "r" })));
  assert.equal(rowInWords(/** @type {any} */ (rows[0])), "anna cancelled 2 events of run night, in 3 steps");
});

test("whoever changed most stands first, with what it was done to; signing in is no change", () => {
  const rows = rowsOf([entry({}), entry({ action: "create_session", actor: "ben" }), entry({ actor: "ben", action: "cancel_event", subject: id }), entry({ subject: "vision" }), entry({})]);
  assert.deepEqual(actorsOf(rows), [
    { actor: "anna", changes: 3, words: "3 changes, to billing, vision" },
    { actor: "ben", changes: 1, words: "1 change, to events" },
  ]);
});

test("many subjects are cut, and names of strangers are made visible", () => {
  const rows = rowsOf(["a", "b", "c", "d\u202e", "e", "f"].map((subject) => entry({ subject })));
  assert.equal(actorsOf(rows)[0]?.words, "6 changes, to a, b, c, d\\u{202e} and 2 more");
});

test("ids are named by their kind, and shortened where a column has them", () => {
  const [row] = rowsOf([entry({ actor: "server", action: "redrive_dead_letters", subject: id, details: { state: "finished", redriven: 2 } })]);
  assert.ok(row);
  assert.equal(actorsOf([row])[0]?.words, "1 change, to a redrive job");
  assert.equal(rowInBrief(row, (whole) => whole.slice(0, 8)), "server moved redrive job 01a22b5e to finished, 2 events redriven");
});

test("entries of signing in are left out unless they are asked for", () => {
  assert.equal(wantsSignIns({}), false);
  assert.equal(wantsSignIns({ sign_ins: "true" }), true);
  assert.equal(wantsSignIns({ action: "delete_session" }), true);
  assert.equal(isSignIn({ action: "create_token" }), false);
});

const places = /** @type {const} */ ([
  [{ action: "pause_queue" }, "queues", "billing"],
  [{ action: "lift_quarantine" }, "queues", "billing"],
  [{ action: "quarantine_version" }, "queues", "billing"],
  [{ action: "drain_engine", subject: id }, "engines", id],
  [{ action: "renew_engine_token", subject: id }, "engines", id],
  [{ action: "drain_engines", subject: "vision", details: { engine_type: "vision" } }, "queues", "vision"],
  [{ action: "cancel_event", subject: id }, "events", id],
  [{ action: "redrive_dead_letter", subject: id }, "events", id],
  [{ action: "cancel_events", subject: "vision", details: { filter: { engine_type: "vision" } } }, "queues", "vision"],
  [{ action: "purge_dead_letters", subject: "dead letters", details: { filter: {} } }, undefined, undefined],
  [{ action: "redrive_dead_letters", subject: id, details: { state: "finished" } }, "redrive-jobs", id],
  [{ action: "pause_redrive_job", subject: id }, "redrive-jobs", id],
  [{ action: "cancel_scenario_run", subject: "night 7" }, "runs", "night 7"],
  [{ action: "set_retry_policy", subject: "x.requested" }, "policies", "x.requested"],
  [{ action: "an_operation_of_a_later_version" }, undefined, undefined],
]);

for (const [given, screen, at] of places) {
  test(`an entry of ${given.action} leads to ${screen ?? "nowhere"}`, () => {
    const found = subjectOf(entry(given));
    assert.equal(found?.screen, screen);
    assert.equal(found?.id, at);
  });
}

test("a token is found by its name, and opened; a session opens the token that it began with", () => {
  assert.deepEqual(subjectOf(entry({ action: "revoke_token", subject: id, details: { name: "shop" } }))?.filters, { open: id, name: "shop" });
  assert.deepEqual(subjectOf(entry({ action: "create_session", subject: "s", details: { session_of: id } }))?.filters, { open: id });
});

test("the filter offers operations that there are, each with words of its own", () => {
  const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));
  const known = document.components.schemas.OperationId.enum;
  for (const action of ACTIONS) {
    assert.ok(known.includes(action), action);
    assert.doesNotMatch(changeInWords(entry({ action, subject: "x" })), new RegExp(action.replaceAll("_", " ")), `${action} has a sentence`);
  }
});
