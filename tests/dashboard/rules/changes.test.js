import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { byWhat } from "../../../assets/dashboard/rules/by-what.js";
import { changeInWords, changesOf, differences, markersOf, signsInWords } from "../../../assets/dashboard/rules/changes.js";
import { versionMarkers } from "../../../assets/dashboard/rules/version-markers.js";

const entry = (action, subject = "billing", details = {}, recorded_at = "2030-01-31T12:00:00Z") => ({ actor: "anna", action, subject, details, recorded_at });

const sentences = [
  [entry("pause_queue", "billing", { reason: "model upgrade", resume_after_seconds: 1800 }), "anna paused billing for 30 min: model upgrade"],
  [entry("pause_queue", "billing", { reason: null, resume_after_seconds: null }), "anna paused billing"],
  [entry("resume_queue"), "anna resumed billing"],
  [
    entry("change_queue", "billing", { before: { max_processing: null }, after: { max_processing: 200 } }),
    "anna changed billing (max_processing the server's → 200)",
  ],
  [entry("quarantine_version", "billing", { engine_software_version: "2.4.1", reason: "dies" }), "anna quarantined version 2.4.1 of billing: dies"],
  [entry("lift_quarantine", "billing", { engine_software_version: null }), "anna lifted the quarantine of engines without a version of billing"],
  [entry("redrive_dead_letters", "-", { dead_letters: 1, filter: { engine_type: "billing" } }), "anna redrove 1 dead letter of billing"],
  [entry("redrive_dead_letters", "-", { dead_letters: 312, filter: null }), "anna redrove 312 dead letters"],
  [entry("redrive_dead_letters", "job", { state: "finished", redriven: 2, completed: 2 }), "anna moved redrive job job to finished, 2 events redriven"],
  [entry("cancel_scenario_run", "night", { engine_types: null }), "anna cancelled run night"],
  [entry("cancel_scenario_run", "night", { cancelled: 1, cancel_requested: 0 }), "anna cancelled 1 event of run night"],
  [entry("renew_engine_token", "id", { engine_type: "billing" }), "anna gave engine id of billing a new token"],
  [
    entry("set_retry_policy", "line.requested", { before: { max_retries: 3 }, after: { retry_delay: { initial: 1 } } }),
    "anna set the retry policy of line.requested (max_retries 3 → inherited, retry_delay.initial inherited → 1)",
  ],
  [entry("drain_engines", "billing", { engine_type: "billing", engine_software_version: "2.4.1", engines: 2, reason: "dies" }), "anna drained 2 engines of version 2.4.1 of billing: dies"],
  [entry("drain_engines", "engines", { engine_type: null, engine_software_version: null, engines: 1, reason: null }), "anna drained 1 engine"],
  [entry("create_session", "-"), "anna signed in"],
  [entry("an_operation_of_a_later_version", "x"), "anna an operation of a later version x"],
];

for (const [given, words] of sentences) test(words, () => assert.equal(changeInWords(given), words));

test("an entry says by what a change was asked for, where that is known", () => {
  assert.equal(byWhat({ ...entry("pause_queue"), via: "dashboard" }), "by dashboard");
  assert.equal(byWhat({ ...entry("pause_queue"), via: null }), "");
  assert.equal(byWhat(entry("pause_queue")), "", "a server of the version before says nothing of it");
  assert.equal(byWhat({ ...entry("pause_queue"), via: "a\u202eb" }), "by a\\u{202e}b");
});

test("text from strangers is made visible", () => {
  const hostile = entry("pause_queue", "billing", { reason: "a\u202eb" });
  assert.equal(changeInWords({ ...hostile, actor: "an\u0000na" }), "an\\0na paused billing: a\\u{202e}b");
});

test("no details spoil a sentence, whatever they are", () => {
  for (const action of operations()) {
    for (const details of [null, {}, { filter: null, before: 1, after: null, reason: 7, engine_type: {} }]) {
      assert.match(changeInWords({ ...entry(action), details }), /^anna \w/);
    }
  }
});

test("markers are the changes that plots show the effect of, the oldest first", () => {
  const found = markersOf([entry("resume_queue", "b", {}, "2030-01-31T13:00:00Z"), entry("create_session"), entry("pause_queue", "b")]);
  assert.deepEqual(found, [
    { at: Date.parse("2030-01-31T12:00:00Z"), text: "anna paused b", sign: "P" },
    { at: Date.parse("2030-01-31T13:00:00Z"), text: "anna resumed b", sign: "P" },
  ]);
});

test("a version is marked where its first engine registered", () => {
  const engine = (version, registered_at) => ({ registered_at, metadata: { static_config: version === undefined ? {} : { engine_software_version: version } } });
  const engines = [engine("2.4.1", "2030-01-31T12:05:00Z"), engine("2.4.0", "2030-01-31T09:00:00Z"), engine("2.4.1", "2030-01-31T12:01:00Z"), engine(undefined, "2030-01-31T12:00:00Z"), engine(null, "2030-01-31T12:00:00Z")];
  assert.deepEqual(versionMarkers(engines).map(({ at, text }) => [new Date(at).toISOString(), /version (\S+)/.exec(text)[1]]), [["2030-01-31T09:00:00.000Z", "2.4.0"], ["2030-01-31T12:01:00.000Z", "2.4.1"]]);
});

test("changes of one queue are those to it, to its engines and to its events", () => {
  const entries = [entry("pause_queue"), entry("pause_queue", "vision"), entry("drain_engine", "id", { engine_type: "billing" }), entry("cancel_events", "-", { filter: { engine_type: "billing" } }), entry("create_token", "id", null)];
  assert.deepEqual(changesOf(entries, "billing").map(({ action }) => action), ["pause_queue", "drain_engine", "cancel_events"]);
});

test("differences go into members", () => {
  const before = { max_processing: 10, retry_policy: { max_retries: 3, retry_delay: { initial: 5 } }, default_limit: 1 };
  const after = { max_processing: null, retry_policy: { max_retries: 3, retry_delay: { initial: 6 } }, default_limit: 1 };
  assert.deepEqual(differences(before, after), ["max_processing 10 → the server's", "retry_policy.retry_delay.initial 5 → 6"]);
  assert.deepEqual(differences(undefined, { retry_policy: { max_retries: 1 } }), ["retry_policy.max_retries the server's → 1"]);
  assert.deepEqual(differences({ a: undefined }, { a: null }), []);
});

function operations() {
  const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));
  return Object.values(document.paths).flatMap((methods) => Object.values(methods).flatMap(({ operationId }) => operationId ?? []));
}

test("the letters in a plot are explained, those that are there", () => {
  const at = (/** @type {string} */ sign) => ({ at: 0, text: "", sign });
  assert.equal(signsInWords([at("R"), at("P"), at("R")]), "P: paused or resumed · R: redrive");
  assert.equal(signsInWords([]), "");
  const all = /** @type {any[]} */ (["pause_queue", "change_queue", "quarantine_version", "drain_engine", "create_redrive_job", "cancel_events"]).map((action) => ({ action, actor: "anna", subject: "x", details: {}, recorded_at: "2030-01-31T12:00:00Z" }));
  const signs = markersOf(all).map(({ sign }) => sign);
  for (const sign of signs) assert.ok(signsInWords([at(sign)]).startsWith(`${sign}: `), `${sign} has words`);
});
