import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { cli, curl, operationsWithLine } from "../../../assets/dashboard/rules/cli.js";
import { shellWord } from "../../../assets/dashboard/rules/shell.js";

const ID = "01a20093-1ca2-7da5-8000-86c2b092a5fc";

test("what a shell acts upon is quoted, and what hides in a text is spelled out", () => {
  assert.equal(shellWord("2.4.1-rc+7"), "2.4.1-rc+7");
  assert.equal(shellWord(""), "''");
  assert.equal(shellWord("1; rm x"), "'1; rm x'");
  assert.equal(shellWord("$(rm x) `rm x`"), "'$(rm x) `rm x`'");
  assert.equal(shellWord("it's"), "'it'\\''s'");
  assert.equal(shellWord('{\n  "a": 1\n}'), "'{\n  \"a\": 1\n}'");
  assert.equal(shellWord("a\nb\u001b[1m"), "$'a\\x0ab\\x1b[1m'");
  assert.equal(shellWord("a\u202eb'c\\"), "$'a\\u202eb\\'c\\\\'");
});

test("what begins like a flag, or is named like a command, is not taken for one", () => {
  const path = { engine_type: "-v" };
  assert.equal(
    cli("change_queue", { path, body: { max_processing: 5 } }),
    "eventlease queues set --max-processing 5 -- -v",
  );
  assert.equal(cli("list_engines", { query: path }), "eventlease engines --engine-type=-v");
  assert.equal(cli("read_queue", { path: { engine_type: "pause" } }), "eventlease queues -- pause");
  assert.equal(cli("resume_queue", { path: { engine_type: "pause" } }), "eventlease resume pause");
});

test("null in a filter of dead letters is an empty text", () => {
  const filter = { engine_type: "dialogue", error_type: null, engine_software_version: null };
  assert.equal(
    cli("purge_dead_letters", { body: { filter, expected_count: 12 } }),
    "eventlease dead-letters purge --engine-type dialogue --error-type '' --engine-software-version '' --expected-count 12",
  );
});

test("settings that are set and unset are one line", () => {
  const body = {
    max_lease_seconds: null,
    max_processing: 5,
    retry_policy: { jitter: null, max_retries: 1, retry_delay: { max: 60 } },
  };
  assert.equal(
    cli("change_queue", { path: { engine_type: "dialogue" }, body }),
    "eventlease queues set --max-processing 5 --max-retries 1 --retry-delay-max 60 --unset max-lease-seconds,jitter dialogue",
  );
});

test("a server that is named is asked", () => {
  assert.equal(
    cli("read_event", { path: { event_id: ID } }, "https://events.example.org/a b"),
    `eventlease events ${ID} --url 'https://events.example.org/a b'`,
  );
  assert.equal(cli("enqueue_event", { body: {} }), null);
});

test("curl gets the token by its variable, and a payload as it is spelled", () => {
  const authorization = '--header "Authorization: Bearer $EVENTLEASE_TOKEN"';
  assert.equal(
    curl("list_dead_letters", { query: { error_type: "", limit: 5, cursor: null } }, "https://events.example.org/"),
    `curl --fail-with-body ${authorization} 'https://events.example.org/api/v1/dead-letters?error_type=&limit=5'`,
  );
  assert.equal(
    curl("redrive_dead_letter", { path: { event_id: ID }, body: { priority: 9 }, payload: '{"a": 1.10}' }),
    `curl --fail-with-body ${authorization} --header 'Content-Type: application/json' ` +
      `--data-raw '{"priority":9,"payload":{"a": 1.10}}' "$EVENTLEASE_URL"/api/v1/dead-letters/${ID}/redrive`,
  );
  assert.match(curl("resume_queue", { path: { engine_type: "a/b" } }), /--request POST .*\/queues\/a%2Fb\/resume'$/);
});

test("what a screen offers to copy has a line of the program, but for what the program cannot do", () => {
  const page = new URL("../../../assets/dashboard/", import.meta.url);
  const sources = ["parts", "screens"].flatMap((folder) => {
    const below = new URL(`${folder}/`, page);
    return readdirSync(below, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js")).map((name) => readFileSync(new URL(name, below), "utf8"));
  });
  const copied = new Set(sources.flatMap((text) => [...text.matchAll(/\bas(?:Cli|Curl)\("(\w+)"|Copy(?:As|Cli|Curl), \{ operation: "(\w+)"/g)].map(([, one, other]) => one ?? other ?? "")));
  assert.ok(copied.size > 20, "they are found where they stand");
  const cannot = ["change_engine", "deregister_engine", "enqueue_event"];
  assert.deepEqual([...copied].filter((operation) => !operationsWithLine.includes(operation) && !cannot.includes(operation)), []);
});
