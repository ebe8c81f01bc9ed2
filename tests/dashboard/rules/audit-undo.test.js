import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, entryMeanwhile, kindOf, newestOf, undoInWords } from "../../../assets/dashboard/rules/audit-undo.js";
import { backward } from "../../../assets/dashboard/rules/queue-settings.js";

const at = "2030-01-31T12:00:00.123456Z";
const entry = (/** @type {Record<string, any>} */ given) => /** @type {any} */ ({ audit_id: "5", actor: "anna", action: "pause_queue", subject: "billing", details: { reason: "model upgrade" }, recorded_at: at, ...given });
const queue = (/** @type {Record<string, any>} */ given) => /** @type {any} */ ({ pause: null, quarantines: [], settings: {}, ...given });
const paused = (/** @type {Record<string, any>} */ given = {}) => queue({ pause: { since: at, by: "anna", reason: "model upgrade", resume_at: null, ...given } });
const since = entry({ audit_id: "9", actor: "ben" });

test("a pause that still stands as it was recorded can be taken back", () => {
  assert.deepEqual(entryMeanwhile(entry({}), paused(), entry({})), { state: "mine" });
  assert.deepEqual(entryMeanwhile(entry({ details: null }), paused({ reason: null }), null), { state: "mine" });
});

test("a pause that is over needs no undo, whoever ended it", () => {
  assert.equal(entryMeanwhile(entry({}), queue({}), since).state, "before");
});

test("nothing of a colleague's is taken back: who paused it anew is named", () => {
  const found = entryMeanwhile(entry({}), paused(), since);
  assert.deepEqual(found, { state: "other", news: "ben has changed it since.", question: "Take it back anyway?" });
});

test("a pause of before that only got another reason is not taken back: what it was is not known", () => {
  assert.equal(entryMeanwhile(entry({}), paused({ since: "2030-01-31T09:00:00Z" }), entry({})).state, "other");
  assert.equal(entryMeanwhile(entry({}), paused({ reason: "another" }), entry({})).state, "other");
});

const quarantined = (/** @type {string | null} */ version, reason = "dies") => ({ engine_software_version: version, reason, since: at, by: "anna", lift_at: null });
const quarantine = entry({ action: "quarantine_version", details: { engine_software_version: "2.4.1", reason: "dies" } });

test("a quarantine is known by its version", () => {
  assert.equal(entryMeanwhile(quarantine, queue({ quarantines: [quarantined("2.4.1")] }), quarantine).state, "mine");
  assert.equal(entryMeanwhile(quarantine, queue({ quarantines: [quarantined(null)] }), quarantine).state, "before");
  assert.equal(entryMeanwhile(quarantine, queue({ quarantines: [quarantined("2.4.1", "another")] }), quarantine).state, "other");
});

test("the newest of a quarantine is the newest of its version, or of its queue's end", () => {
  const of = (/** @type {string} */ audit_id, /** @type {string | null} */ version, action = "lift_quarantine") => entry({ audit_id, action, details: { engine_software_version: version } });
  assert.equal(newestOf(quarantine, [quarantine, of("7", null), of("6", "2.4.1")])?.audit_id, "6");
  assert.equal(newestOf(quarantine, [quarantine, entry({ audit_id: "8", action: "delete_queue", details: {} })])?.audit_id, "8");
  assert.equal(newestOf(quarantine, []), null);
});

const change = entry({
  action: "change_queue",
  details: { before: { max_processing: null, default_limit: 10, retry_policy: null }, after: { max_processing: 77, default_limit: 10, retry_policy: { max_retries: 4, retry_delay: { initial: 1 } } } },
});
const own = (/** @type {number} */ value) => ({ value, source: "queue" });

test("settings go back to what they were, and the server's are inherited again", () => {
  assert.deepEqual(backward(changesOf(change)), { max_processing: null, retry_policy: { max_retries: null, retry_delay: { initial: null } } });
  assert.equal(undoInWords(entry({ action: "change_queue", details: { before: { max_processing: 5 }, after: { max_processing: null } } })), "Set max_processing back to 5");
});

test("settings are taken back while they are as they were set", () => {
  const settings = { max_processing: own(77), retry_policy: { max_retries: own(4), retry_delay: { initial: own(1) } } };
  assert.equal(entryMeanwhile(change, queue({ settings }), change).state, "mine");
  assert.equal(entryMeanwhile(change, queue({ settings: { ...settings, max_processing: own(9) } }), change).state, "other");
  assert.equal(entryMeanwhile(change, queue({ settings }), since).state, "other");
  assert.equal(entryMeanwhile(change, queue({ settings: {} }), change).state, "before");
});

test("what cannot be brought back has no way back here", () => {
  for (const action of ["cancel_events", "purge_dead_letters", "redrive_dead_letter", "revoke_token", "resume_queue", "toString"]) assert.equal(kindOf(entry({ action })), null, action);
});
