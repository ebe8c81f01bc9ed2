/**
 * Each line is given to a shell and to the real program, which asks a server that refuses everything: so it is seen that the program
 * takes the line, and that it asks what the page asks. `EVENTLEASE_PROGRAM` is the path of the program.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { operations } from "../../../assets/dashboard/api/operations.js";
import { cli, operationsWithLine } from "../../../assets/dashboard/rules/cli.js";

const program = process.env["EVENTLEASE_PROGRAM"];
const ID = "01a20093-1ca2-7da5-8000-86c2b092a5fc";
const queue = { engine_type: "dialogue" };
const event = { event_id: ID };
const filter = { engine_type: "dialogue", error_type: null, error_contains: "it's $HOME\n", redrives_max: 0 };

/**
 * What each operation is called with here.
 * @type {Record<string, import("../../../assets/dashboard/rules/cli.js").Request>}
 */
const requests = {
  read_overview: {},
  read_history: { query: { from: "2030-01-31T10:00:00Z", to: "2030-01-31T12:00:00Z" } },
  read_queue_history: { path: queue, query: { from: "2030-01-31T10:00:00Z", to: "2030-01-31T12:00:00Z" } },
  read_session: {},
  read_database_health: {},
  explain_event: { path: event },
  explain_queue: { path: queue },
  list_queues: { query: { limit: 10 } },
  read_queue: { path: { engine_type: "pause" } },
  change_queue: { path: queue, body: { max_processing: 5, retry_policy: { jitter: null, retry_delay: { max: 60 } } } },
  delete_queue: { path: queue },
  pause_queue: { path: { engine_type: "-v" }, body: { reason: "it's $(id)", resume_after_seconds: 60 } },
  resume_queue: { path: queue },
  peek_queue: { path: queue, query: { limit: 3 } },
  list_quarantines: { path: queue },
  quarantine_version: { path: queue, body: { engine_software_version: null, reason: "broken", lift_after_seconds: 60 } },
  lift_quarantine: { path: queue, query: { engine_software_version: "-1; x" } },
  list_engines: { query: { engine_type: "dialogue", idle: true, zombie: "true", held_over_seconds: 60, limit: 20 } },
  summarize_engines: { query: queue },
  read_engine: { path: { engine_id: ID } },
  list_engine_leases: { path: { engine_id: ID } },
  drain_engine: { path: { engine_id: ID }, body: { reason: "update", then: "stay" } },
  drain_engines: { body: { filter: { engine_type: "dialogue", engine_software_version: "1.4" }, dry_run: true } },
  resume_engine: { path: { engine_id: ID } },
  list_events: { query: { engine_type: "dialogue", failing: true, error_type: "Timeout", include: "payload", limit: 20 } },
  read_event: { path: event },
  list_attempts: { path: event },
  read_event_payload: { path: event },
  read_event_result: { path: event },
  change_event: { path: event, body: { priority: 9, available_at: "2030-01-31T12:00:00Z" } },
  cancel_event: { path: event },
  cancel_events: { body: { filter: { engine_type: "dialogue" }, dry_run: true, expected_count: 5 } },
  reschedule_events: { body: { filter: { event_ids: [ID] }, delay_seconds: 60, dry_run: true } },
  list_dead_letters: { query: { ...filter, error_type: "", limit: 20 } },
  group_dead_letters: { query: { by: "error_type,engine_software_version", ...filter, error_type: "" } },
  read_dead_letter: { path: event },
  redrive_dead_letter: { path: event, body: { priority: 9, retry_policy: { max_retries: 1 } }, payload: '{"a": 1.10}' },
  discard_dead_letter: { path: event },
  redrive_dead_letters: { body: { filter, spread_seconds: 600, delay_seconds: 5, expected_count: 12, dry_run: true } },
  purge_dead_letters: { body: { filter, expected_count: 12, dry_run: true } },
  create_redrive_job: {
    body: {
      filter,
      canary: { count: 10, continue_at_success_ratio: 0.8, wait_seconds: 60 },
      events_per_second: 0.5,
      stop_at_failure_ratio: 0.2,
      payload_patch: { model: "it's b" },
      expected_count: 12,
      dry_run: true,
    },
  },
  list_redrive_jobs: { query: { engine_type: "dialogue", limit: 20 } },
  read_redrive_job: { path: { job_id: ID } },
  pause_redrive_job: { path: { job_id: ID } },
  continue_redrive_job: { path: { job_id: ID } },
  cancel_redrive_job: { path: { job_id: ID } },
  list_scenario_runs: { query: { limit: 20 } },
  read_scenario_run: { path: { scenario_run_id: "night 42" }, query: { wait_seconds: 5 } },
  cancel_scenario_run: { path: { scenario_run_id: "night 42" } },
  reopen_scenario_run: { path: { scenario_run_id: "night 42" } },
  list_event_types: { query: { limit: 20 } },
  read_retry_policy: { path: { event_type: "set" } },
  set_retry_policy: { path: { event_type: "line.requested" }, body: { max_retries: 5, retry_delay: { initial: 1 } } },
  remove_retry_policy: { path: { event_type: "line.requested" } },
  list_audit: { query: { subject: "it's", recorded_after: "2030-01-31T12:00:00Z", limit: 20 } },
  list_tokens: { query: { role: "operator", limit: 20 } },
  create_token: { body: { name: "shop", role: "producer", engine_types: ["a", "b"], expires_in_seconds: 60 } },
  revoke_token: { path: { token_id: ID } },
};

/** The program reads something else first in these, and ends as that is refused. */
const readsFirst = {
  read_history: "/api/v1/server",
  read_queue_history: "/api/v1/server",
  read_database_health: "/healthz",
  list_engine_leases: `/api/v1/engines/${ID}`,
  list_attempts: `/api/v1/events/${ID}`,
};
/** The program asks before it does these; here nobody can answer. */
const asksBefore = ["discard_dead_letter", "cancel_event", "cancel_scenario_run"];

/** What the program leaves out while it only counts. */
const notCounted = ["spread_seconds", "delay_seconds"];

/** @typedef {{ method: string, url: URL, body: any }} Asked */
/** @type {Asked[]} */
let asked = [];
const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  asked.push({
    method: request.method ?? "",
    url: new URL(request.url ?? "/", "http://localhost"),
    body: text === "" ? undefined : JSON.parse(text),
  });
  response.writeHead(403, { "content-type": "application/problem+json" });
  response.end('{"type":"urn:eventlease:problem:forbidden","title":"Forbidden","status":403,"detail":"no","code":"forbidden"}');
});
let address = "";

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
});
after(() => server.close());

/** @param {string} line @returns {Promise<{ code: number, told: string }>} */
function run(line) {
  const script = `eventlease() { "$EVENTLEASE_PROGRAM" "$@"; }; ${line}`;
  const env = { ...process.env, EVENTLEASE_TOKEN: "el_0", EVENTLEASE_TIMEOUT_SECONDS: "10" };
  return new Promise((resolve) => {
    const child = execFile("bash", ["-c", script], { env }, (error, _, told) => {
      resolve({ code: error === null ? 0 : Number(error.code), told });
    });
    child.stdin?.end();
  });
}

test("every line is tried", () => {
  assert.deepEqual(Object.keys(requests).sort(), [...operationsWithLine].sort());
});

for (const [operationId, request] of Object.entries(requests)) {
  test(`the program takes the line of ${operationId}, and asks the same`, { skip: program === undefined }, async () => {
    asked = [];
    const line = cli(operationId, request, address) ?? "";
    const { code, told } = await run(asksBefore.includes(operationId) ? line.replace("--url", "--yes --url") : line);
    assert.equal(code, 1, `${line}\n${told}`);
    const [method, template] = operations[/** @type {keyof typeof operations} */ (operationId)];
    const below = template.replace(/^\/?(api\/v1\/)?/, "/api/v1/");
    const path = below.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(request.path?.[name] ?? ""));
    const first = /** @type {Record<string, string>} */ (readsFirst)[operationId] ?? path;
    const same = asked.find(({ url }) => url.pathname === first) ?? asked[0];
    assert.ok(same, `${line}\n${told}`);
    const { method: theirs, url, body } = same;
    // Before a change, the program reads what is to be changed; a refusal ends it there.
    const isRead = theirs === "GET" && method !== "GET";
    assert.ok(isRead || `${theirs} ${url.pathname}` === `${method} ${first}`, `${line}\n${theirs} ${url}`);
    if (first !== path) return;
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (["from", "to", "limit", "by"].includes(name) || value === null) continue;
      assert.equal(url.searchParams.get(name), String(value), `${line}\n${url}`);
    }
    if (request.body !== undefined && !isRead && theirs !== "DELETE") {
      const sent = operationId === "redrive_dead_letter" ? { ...request.body, payload: { a: 1.1 } } : request.body;
      const isCount = operationId === "redrive_dead_letters";
      for (const [name, value] of Object.entries(sent)) {
        if (!isCount || !notCounted.includes(name)) assert.deepEqual(body?.[name], value, `${line}\n${name}`);
      }
    }
  });
}
