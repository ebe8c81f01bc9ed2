import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { EMPTY, bodyOf, faultOf, limitOf, newQueuesInWords, sameNameInWords } from "../../../assets/dashboard/rules/new-token.js";
import { ROLES, deedsOf, lastUseOf, limitsOf, queryOf, revokeInWords, rowsOf, stateOf, successorInWords, useInWords } from "../../../assets/dashboard/rules/tokens.js";

const now = Date.parse("2030-01-31T12:00:00Z");
const before = (/** @type {number} */ seconds) => new Date(now - seconds * 1000).toISOString();
const token = (/** @type {Record<string, any>} */ given) => /** @type {any} */ ({
  token_id: "t1", name: "shop", role: "producer", state: "active", engine_types: null, engine_id: null, session_of: null,
  created_at: before(86_400), created_by: "first admin", expires_at: null, revoked_at: null, last_used_at: null, ...given,
});
const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));

test("each role of the API has words, and what it may do as far as it signs in here", () => {
  assert.deepEqual(ROLES.map(([role]) => role).sort(), [...document.components.schemas.Role.enum].sort());
  assert.ok(deedsOf("admin").changes.includes("revoke token"));
  assert.ok(deedsOf("admin").reads.includes("list audit"));
  assert.deepEqual(deedsOf("reader").changes.filter((deed) => !/session|wait for events/.test(deed)), []);
  assert.deepEqual(deedsOf("producer"), { changes: [], reads: [] });
});

test("what the words of roles say of changes is what the API says", () => {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const may = (/** @type {string} */ role, /** @type {string} */ id) => new RegExp(`Roles: [^.]*\\b${role}\\b`).test(operations.find(({ operationId }) => operationId === id).description);
  for (const id of ["pause_queue", "drain_engine", "redrive_dead_letters", "cancel_events", "change_queue", "list_audit"]) assert.ok(may("operator", id), id);
  for (const id of ["register_engine", "drain_engine", "deregister_engine", "enqueue_event", "change_event", "cancel_scenario_run"]) assert.ok(may("orchestrator", id), id);
  for (const id of ["list_queues", "list_events", "list_engines"]) assert.ok(may("reader", id) && !may("admin", id), id);
  for (const [role, id] of [["producer", "create_session"], ["registrar", "create_session"]]) assert.ok(!may(role ?? "", id ?? ""), role);
});

test("those of engines are left out unless they are asked for", () => {
  assert.deepEqual(queryOf({}), { role: undefined, name: undefined, except_role: "engine" });
  assert.equal(queryOf({ engines: "true" }).except_role, undefined);
  assert.equal(queryOf({ role: "engine" }).except_role, undefined);
  assert.equal(queryOf({ name: "shop" }).except_role, undefined);
});

test("sessions stand below their token, and by themselves where it is not among them", () => {
  const [one, session, lost] = [token({}), token({ token_id: "s1", session_of: "t1" }), token({ token_id: "s2", session_of: "gone" })];
  const rows = rowsOf([session, one, lost]);
  assert.deepEqual(rows.map((row) => [row.token.token_id, row.sessions.map(({ token_id }) => token_id)]), [["t1", ["s1"]], ["s2", []]]);
});

test("a token's state tells when it ends soon", () => {
  assert.equal(stateOf(token({}), now).word, "active");
  assert.deepEqual(stateOf(token({ expires_at: before(-7200) }), now), { word: "ends in 2 h", kind: "warning" });
  assert.equal(stateOf(token({ expires_at: before(-90 * 86_400) }), now).word, "active");
  assert.equal(stateOf(token({ expires_at: before(1) }), now).word, "expired", "also before the list is read again");
  assert.equal(stateOf(token({ state: "revoked" }), now).word, "revoked");
});

test("what it reaches is said for each kind", () => {
  assert.equal(limitsOf(token({})), "all queues");
  assert.equal(limitsOf(token({ engine_types: ["a", "b\u202e"] })), "a, b\\u{202e}");
  assert.equal(limitsOf(token({ role: "admin" })), "no queues");
  assert.equal(limitsOf(token({ role: "engine", engine_id: "e1" })), "engine e1");
});

test("the last use is that of the token or of a session, whichever is later", () => {
  const row = { token: token({ last_used_at: before(600) }), sessions: [token({ last_used_at: before(20) }), token({})] };
  assert.equal(lastUseOf(row), before(20));
  assert.equal(useInWords(row, now), "It was last used 20 s ago.");
  assert.equal(useInWords(row, now, true), "It was last used 20 s ago: whoever uses it will notice.");
  assert.equal(useInWords({ token: token({ last_used_at: before(2 * 86_400) }), sessions: [] }, now, true), "It was last used 2 d ago: somebody may still need it.");
  assert.equal(useInWords({ token: token({ last_used_at: before(40 * 86_400) }), sessions: [] }, now, true), "It was last used 40 d ago.");
  assert.equal(useInWords({ token: token({}), sessions: [] }, now), "It has not been used since it was made, 1 d ago.");
  assert.equal(useInWords({ token: token({ created_at: before(20) }), sessions: [] }, now), "It was made 20 s ago, and no use of it is written down yet.");
  const began = token({ session_of: "t1", created_at: before(30) });
  assert.equal(lastUseOf({ token: token({}), sessions: [began] }), before(30), "it was shown when the session began");
});

test("a newer token of the same name and role takes its place, once it is used", () => {
  const old = token({});
  const newer = token({ token_id: "t2", created_at: before(60) });
  const rows = (/** @type {any[]} */ ...tokens) => rowsOf(tokens);
  assert.equal(successorInWords(old, rows(newer, old), now), "A newer token of this name is there, and no use of it is written down yet.");
  assert.equal(successorInWords(old, rows({ ...newer, last_used_at: before(10) }, old), now), "A newer token of this name was used 10 s ago.");
  assert.equal(successorInWords(newer, rows(newer, old), now), null);
  for (const other of [{ role: "reader" }, { name: "other" }, { state: "revoked" }, { session_of: "x" }]) assert.equal(successorInWords(old, rows({ ...newer, ...other }, old), now), null);
});

const me = { name: "first admin", role: "admin" };

test("before it is revoked: who will notice, what ends with it, and what stays", () => {
  const row = { token: token({ last_used_at: before(20) }), sessions: [token({ token_id: "s", session_of: "t1" }), token({ token_id: "s2", state: "expired" })] };
  const { sentences, isGrave } = revokeInWords(row, { rows: [row], isAll: true, me, now });
  assert.equal(isGrave, false);
  assert.match(sentences.join(" "), /last used 20 s ago: whoever uses it will notice\. A session that began with it ends, too\. This cannot be undone\.$/);
});

test("the last admin's token is not revoked by a slip", () => {
  const row = { token: token({ name: "first admin", role: "admin" }), sessions: [] };
  const other = { token: token({ token_id: "t2", name: "second", role: "admin" }), sessions: [] };
  const of = (/** @type {any[]} */ rows, isAll = true) => revokeInWords(row, { rows, isAll, me, now });
  assert.equal(of([row]).isGrave, true);
  assert.match(of([row]).sentences.join(" "), /your name: you may be signed out\. It is the last admin's token/);
  assert.equal(of([row, other]).isGrave, false);
  assert.equal(of([row, { ...other, token: { ...other.token, state: "expired" } }]).isGrave, true);
  assert.equal(of([row], false).isGrave, false, "others may be on a further page");
});

const filled = { name: " shop ", role: "producer", types: "", engine: "", seconds: null };

test("a token is made of what was filled in, and of nothing that does not go with its role", () => {
  assert.deepEqual(bodyOf(filled), { name: "shop", role: "producer" });
  assert.deepEqual(bodyOf({ ...filled, types: "a, b,a", seconds: 60 }), { name: "shop", role: "producer", engine_types: ["a", "b"], expires_in_seconds: 60 });
  assert.deepEqual(bodyOf({ ...filled, role: "admin", types: "a", engine: "x" }), { name: "shop", role: "admin" });
  const id = "01a22b5e-1263-7774-8000-1080cc813920";
  assert.deepEqual(bodyOf({ ...filled, role: "engine", types: "a", engine: `${id} ` }), { name: "shop", role: "engine", engine_id: id });
});

test("what the server would refuse is said beforehand", () => {
  assert.equal(faultOf(filled), null);
  assert.match(faultOf({ ...filled, name: " " }) ?? "", /name has to be given/);
  assert.match(faultOf({ ...filled, name: "a\u0007" }) ?? "", /control character/);
  assert.match(faultOf({ ...filled, name: "engine:7" }) ?? "", /those of engines/);
  assert.match(faultOf({ ...filled, role: "registrar" }) ?? "", /at least one/);
  assert.match(faultOf({ ...filled, types: "a/b" }) ?? "", /No queue has such a name: a\/b/);
  assert.match(faultOf({ ...filled, role: "engine", engine: "7" }) ?? "", /engine's id/);
  assert.match(faultOf({ ...filled, types: Array.from({ length: 101 }, (_, n) => `q${n}`).join() }) ?? "", /at most 100/);
  assert.deepEqual(["registrar", "engine", "admin", "reader"].map(limitOf), ["always", "never", "never", "perhaps"]);
});

test("no role is chosen beforehand, and a token ends unless that is taken away", () => {
  assert.match(faultOf({ ...EMPTY, name: "shop" }) ?? "", /role has to be chosen/);
  assert.equal(bodyOf({ ...EMPTY, name: "shop", role: "reader" }).expires_in_seconds, 90 * 86_400);
});

test("a queue that no token names is said, and that a name is not new", () => {
  const tokens = [token({ engine_types: ["dialogue", "vision"] }), token({})];
  assert.match(newQueuesInWords({ role: "producer", types: "dialoge, vision" }, tokens) ?? "", /^No token in the list names dialoge: check the spelling\./);
  assert.equal(newQueuesInWords({ role: "producer", types: "vision" }, tokens), null);
  assert.equal(newQueuesInWords({ role: "admin", types: "dialoge" }, tokens), null, "it is limited to none");
  assert.match(sameNameInWords({ name: " shop" }, tokens) ?? "", /stays valid beside the new one until it ends or is revoked/);
  assert.equal(sameNameInWords({ name: "other" }, tokens), null);
  assert.equal(sameNameInWords({ name: "shop" }, [token({ state: "revoked" })]), null);
});
