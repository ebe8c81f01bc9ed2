import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { commandsIn } from "../../../assets/dashboard/rules/advice.js";

const commands = (text) => commandsIn(text).filter(({ isCommand }) => isCommand).map(({ words }) => words);

test("commands are found where they stand", () => {
  assert.deepEqual(commands("to go on: eventlease resume billing; or give it an end: eventlease pause billing --resume-after-seconds 3600"), [
    "eventlease resume billing",
    "eventlease pause billing --resume-after-seconds 3600",
  ]);
  assert.deepEqual(commands("see why (eventlease explain vision)."), ["eventlease explain vision"]);
  assert.deepEqual(commands("eventlease queues quarantine dialogue --engine-software-version '2.4; beta' --reason failing"), [
    "eventlease queues quarantine dialogue --engine-software-version '2.4; beta' --reason failing",
  ]);
  assert.deepEqual(commands("start its engines"), []);
});

test("nothing of the text is lost", () => {
  for (const name of ["overview", "explained_queue", "explained_event"]) {
    const text = readFileSync(new URL(`../../../src/http/examples/${name}.json`, import.meta.url), "utf8");
    for (const [, advice] of text.matchAll(/"what_to_do": "([^"]*)"/g)) {
      assert.equal(commandsIn(advice).map(({ words }) => words).join(""), advice);
    }
  }
});
