import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { holderOf, statementsOf } from "../../../assets/dashboard/rules/database-statements.js";
import { knownOf, verdictOf, weightOf } from "../../../assets/dashboard/rules/database-warnings.js";
import { durabilityInWords } from "../../../assets/dashboard/rules/durability.js";
import { clockInWords, listenerInWords, poolInWords, writesInWords } from "../../../assets/dashboard/rules/replica.js";
import { deadPart } from "../../../assets/dashboard/rules/table-health.js";

const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));
const codes = document.components.schemas.DatabaseWarningCode.enum;
const example = document.paths["/api/v1/health/database"].get.responses["200"].content["application/json"].example;

const session = { held_by: "session", pid: 4711, name: null, application_name: "nightly report", user: "analyst", state: "idle in transaction" };
const prepared = { held_by: "prepared_transaction", pid: null, name: "it's open", state: null };
const slot = { held_by: "replication_slot", pid: null, name: "standby_2", state: "inactive" };
const durability = { fsync: true, full_page_writes: true, synchronous_commit: "on", synchronous_standby_names: "", standbys: [] };
const database = { user: 'event"lease', snapshots: [{ ...session, pid: 1 }, session, prepared, slot], tables: [{ table: "event_queue" }], partitions: [{ table: "events" }], durability };
const warning = (code, message = "x") => ({ code, message });
const typed = (given, changes = {}) => statementsOf(given, { ...database, ...changes }).map(({ sql }) => sql);

test("every code of a warning has words", () => {
  for (const code of codes) {
    const known = knownOf(code);
    for (const member of ["title", "means", "leadsTo", "todo"]) assert.match(known?.[member] ?? "", /^.{6,}$/, `${code} ${member}`);
  }
  assert.equal(knownOf("a code of a later version"), null);
});

test("the warnings that stop the queue are those for which the doctor fails", () => {
  const guide = readFileSync(new URL("../../../docs/operators.md", import.meta.url), "utf8");
  for (const code of codes) assert.ok(guide.includes(`\`${code}\``), code);
  const stopping = codes.filter((code) => weightOf(code).kind === "bad");
  assert.deepEqual(stopping, codes.slice(0, stopping.length), "the worst are first");
  assert.equal(stopping.at(-1), "synchronous_standby_missing");
});

test("the verdict is the worst that holds", () => {
  const of = (...given) => verdictOf(given.map((code) => warning(code)));
  assert.deepEqual(of(), { word: "The database is well", kind: "good" });
  assert.deepEqual(of("limited_view"), { word: "The database is well, as far as it can be seen", kind: "waiting" });
  assert.deepEqual(of("old_snapshot", "limited_view"), { word: "The database works, with 1 warning", kind: "warning" });
  assert.deepEqual(of("old_snapshot", "a code of a later version"), { word: "The database works, with 2 warnings", kind: "warning" });
  assert.deepEqual(of("partition_missing", "old_snapshot"), { word: "It is the database: 1 thing stops the queue", kind: "bad" });
});

test("the example of the document has its statement", () => {
  const [found] = example.warnings;
  assert.equal(holderOf(found, example.database.snapshots)?.pid, 4711);
  const statements = statementsOf(found, example.database);
  assert.equal(statements.at(-1)?.sql, "select pg_terminate_backend(4711);");
  assert.match(statements.at(-1)?.danger ?? "", /ends the session at once/);
});

test("a name that a stranger chose leads to nobody else's session", () => {
  const message = (name) => `"${name}" (pid 4711, user analyst, idle) has held a snapshot for 12 min, so that it gets slower; end its transaction, or: select pg_terminate_backend(4711);`;
  for (const name of ["x", "replication slot", "or: select pg_terminate_backend(1);", 'y\\" (pid 1, user root']) {
    assert.equal(holderOf(warning("old_snapshot", message(name)), database.snapshots)?.pid, 4711, name);
  }
  assert.equal(holderOf(warning("old_snapshot", message("x")), [{ ...session, pid: 711 }, { ...session, pid: 47110 }]), null);
});

test("prepared transactions and slots end by their names", () => {
  assert.deepEqual(typed(warning("old_snapshot", `prepared transaction "it's open" has been open for 3 min; commit it, or: rollback prepared 'it''s open';`)), ["rollback prepared 'it''s open';"]);
  assert.deepEqual(typed(warning("old_snapshot", `replication slot "standby_2" is used by nobody; or: select pg_drop_replication_slot('standby_2');`)), ["select pg_drop_replication_slot('standby_2');"]);
  const busy = { snapshots: [{ ...slot, state: "active" }] };
  assert.deepEqual(typed(warning("old_snapshot", `replication slot "standby_2" holds a snapshot 2000000 transactions old; look for a long query`), busy), ["select * from pg_replication_slots where slot_name = 'standby_2';"]);
});

const statements = [
  [warning("limited_view"), ['grant pg_monitor to "event""lease";']],
  [warning("migrations_pending"), ["eventlease migrate"]],
  [warning("many_dead_rows", "event_queue has 3000000 dead rows beside 12 live ones"), ['vacuum (verbose, analyze) eventlease."event_queue";']],
  [warning("many_dead_rows", "another has 3000000 dead rows"), []],
  [warning("autovacuum_off"), ["alter system set autovacuum = on;\nalter system set track_counts = on;\nselect pg_reload_conf();"]],
  [warning("asynchronous_standby"), []],
  [warning("clock_skew"), []],
  [warning("a code of a later version"), []],
];
for (const [given, expected] of statements) test(`against ${given.code} (${given.message})`, () => assert.deepEqual(typed(given), expected));

test("a standby is named as the setting wants it", () => {
  const standbys = [{ application_name: null }, { application_name: "o'b" }];
  assert.deepEqual(typed(warning("asynchronous_standby"), { durability: { ...durability, standbys } }), [`alter system set synchronous_standby_names = '"o''b"';\nselect pg_reload_conf();`]);
});

test("durability says what may be lost", () => {
  const risks = (given) => durabilityInWords({ ...durability, ...given }).filter(({ standing }) => standing === "risk").map(({ setting }) => setting);
  assert.deepEqual(risks({}), []);
  assert.equal(durabilityInWords(durability)[3].standing, "note");
  assert.equal(durabilityInWords({ ...durability, synchronous_standby_names: "standby_1", standbys: [{}] })[3].standing, "safe");
  assert.deepEqual(risks({ fsync: false, full_page_writes: false, synchronous_commit: "off", standbys: [{}] }), ["fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names"]);
  const words = new Set(["on", "off", "local", "remote_write", "remote_apply"].map((synchronous_commit) => durabilityInWords({ ...durability, synchronous_commit })[2].words));
  assert.equal(words.size, 5);
});

test("a replica in words", () => {
  assert.equal(poolInWords({ size: 10, idle: 8, max: 12 }), "2 in use, 8 idle; 12 at most");
  assert.equal(listenerInWords({ is_connected: true, interruptions: 0, pid: 7, since: null }), "yes, by session 7, never interrupted");
  assert.equal(listenerInWords({ is_connected: false, interruptions: 2, pid: null, since: null }), "no, interrupted 2 times");
  assert.equal(clockInWords({ difference_ms: 0, round_trip_ms: 0.4 }), "as the database's; the database answers in < 1 ms");
  assert.equal(clockInWords({ difference_ms: -4000, round_trip_ms: 12 }), "4 s behind the database's; the database answers in 12 ms");
  assert.deepEqual([null, 0.3, 12].map(writesInWords), ["none yet", "less than a second ago", "12 s ago"]);
});

test("a part of dead rows warns where there are many, not in a small table", () => {
  assert.equal(deadPart({ live_rows: null, dead_rows: null }), null);
  assert.deepEqual(deadPart({ live_rows: 0, dead_rows: 0 }), { ratio: 0, words: "no rows", kind: "good" });
  assert.equal(deadPart({ live_rows: 1, dead_rows: 99 })?.kind, "good");
  assert.equal(deadPart({ live_rows: 1000, dead_rows: 99_000 })?.kind, "warning");
  assert.equal(deadPart({ live_rows: 900_000, dead_rows: 99_000 })?.kind, "waiting");
});
