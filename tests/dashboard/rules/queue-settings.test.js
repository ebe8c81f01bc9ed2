import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { FIELDS, backward, changesOf, effectOf, forward, inWords, policyWith, readValue, settingAt } from "../../../assets/dashboard/rules/queue-settings.js";

const server = (value) => ({ value, source: "server" });
const own = (value) => ({ value, source: "queue" });
const settings = {
  default_limit: server(10),
  max_lease_seconds: server(43_200),
  max_processing: server(null),
  target_clear_seconds: own(120),
  visibility_timeout_seconds: own(60),
  retry_policy: {
    max_retries: server(3),
    dead_letter_threshold: server(3),
    jitter: server(0.1),
    retry_delay: { initial: own(5), max: server(300), multiplier: server(2) },
  },
};
const field = (path) => FIELDS.find((each) => each.path === path);

test("the fields are those of the API's document, with its bounds", () => {
  const { schemas } = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8")).components;
  const found = [];
  const walk = (schema, path) => {
    for (const [name, member] of Object.entries(schema.properties)) {
      const ref = member.oneOf?.find(({ $ref }) => $ref)?.$ref;
      const at = path ? `${path}.${name}` : name;
      if (ref) walk(schemas[ref.split("/").pop()], at);
      else found.push([at, member.minimum, member.maximum, member.type.includes("integer")]);
    }
  };
  walk(schemas.QueuePatch, "");
  const ours = FIELDS.map(({ path, least, most, isWhole = true }) => [path, least, most, isWhole]);
  assert.deepEqual(ours.sort(), found.sort());
});

test("a setting has its value and where it comes from", () => {
  assert.deepEqual(settingAt(settings, "retry_policy.retry_delay.initial"), { value: 5, source: "queue" });
  assert.deepEqual(settingAt(settings, "max_processing"), { value: null, source: "server" });
  assert.equal(inWords(null, field("max_processing")), "no limit");
  assert.equal(inWords(43_200, field("max_lease_seconds")), "12 h");
});

test("what is typed is read strictly", () => {
  assert.deepEqual(readValue(" 12 ", field("default_limit")), { value: 12 });
  assert.deepEqual(readValue("", field("default_limit")), { value: null });
  assert.deepEqual(readValue("0.25", field("retry_policy.jitter")), { value: 0.25 });
  for (const text of ["0", "101", "1.5", "1e1", "-1", "ten", "0x10"]) assert.ok(readValue(text, field("default_limit")).fault, text);
  assert.ok(readValue("1.01", field("retry_policy.jitter")).fault);
});

test("only what differs is a change; to give the queue the server's value as its own is one, too", () => {
  const changes = changesOf(settings, { default_limit: 10, target_clear_seconds: 120, visibility_timeout_seconds: null, max_processing: null });
  assert.deepEqual(changes.map(({ field: { path } }) => path), ["visibility_timeout_seconds", "default_limit"]);
});

test("a patch and what takes it back", () => {
  const changes = changesOf(settings, { max_processing: 200, visibility_timeout_seconds: null, "retry_policy.retry_delay.initial": 9, "retry_policy.max_retries": 0 });
  assert.deepEqual(forward(changes), { max_processing: 200, visibility_timeout_seconds: null, retry_policy: { max_retries: 0, retry_delay: { initial: 9 } } });
  assert.deepEqual(backward(changes), { max_processing: null, visibility_timeout_seconds: 60, retry_policy: { max_retries: null, retry_delay: { initial: 5 } } });
});

test("the policy as it would be", () => {
  const changes = changesOf(settings, { "retry_policy.max_retries": 0, "retry_policy.jitter": 0.5 });
  assert.deepEqual(policyWith(settings, changes), { retries: 0, initial: 5, multiplier: 2, max: 300, jitter: 0.5 });
});

test("a limit says what it does just now", () => {
  const [change] = changesOf(settings, { max_processing: 20 });
  assert.match(effectOf(change, { processing: 30, due: 5 }), /nothing is given out until fewer than 20/);
  assert.match(effectOf(change, { processing: 14, due: 5 }), /6 more may be taken/);
  assert.equal(effectOf(change, { processing: 0, due: 0 }), "None is processed now.");
  assert.match(effectOf(change, { processing: 1, due: 5 }), /^1 is processed now, so 19 more/);
  const [lease] = changesOf(settings, { visibility_timeout_seconds: 600 });
  assert.match(effectOf(lease, { processing: 1, due: 0 }), /from now on/);
});
