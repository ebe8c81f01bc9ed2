import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { delaysInShort, delaysInWords, delaysOf, outageInWords, retriesAt } from "../../../assets/dashboard/rules/retry-delays.js";
import {
  backward, changedSince, changesInWords, changesOf, delaysWith, inheritedFrom, inheritedInWords, isEmpty, nameFault, nowAndThen, ownOf, PARTS, partWithInherited, patchWith, policyMeanwhile, policyWith, queuesWithOwn, sentenceOf, sourceOf, valueOf,
} from "../../../assets/dashboard/rules/retry-policy.js";

const seed = { retries: 6, initial: 30, multiplier: 2, max: 300, jitter: 0.1 };
const server = (/** @type {number} */ value) => ({ value, source: "server" });
/** @param {string} engine_type @param {Record<string, unknown>} [own] @returns {any} */
const queue = (engine_type, own = {}) => ({
  engine_type,
  settings: { retry_policy: { max_retries: server(3), dead_letter_threshold: server(3), jitter: server(0.1), retry_delay: { initial: server(30), max: server(300), multiplier: server(2) }, ...own } },
});
const part = (/** @type {string} */ path) => /** @type {import("../../../assets/dashboard/rules/retry-policy.js").Part} */ (PARTS.find((each) => each.path === path));

test("delays are those of the server: doubled up to the longest, and chance never goes beyond that", () => {
  assert.deepEqual(delaysOf(seed).map(({ about }) => about), [30, 60, 120, 240, 300, 300]);
  assert.deepEqual(delaysOf(seed).map(({ least }) => least), [27, 54, 108, 216, 270, 270]);
  assert.deepEqual(delaysOf(seed).map(({ most }) => Math.round(most)), [33, 66, 132, 264, 300, 300]);
  assert.deepEqual(delaysOf({ ...seed, retries: 0 }), []);
  assert.deepEqual(delaysOf({ ...seed, retries: 2, initial: 500 }).map(({ about }) => about), [300, 300], "the longest holds for the first, too");
  assert.deepEqual(retriesAt({ ...seed, retries: 3, jitter: 0.5 }), [{ about: 30, least: 15, most: 45 }, { about: 90, least: 45, most: 135 }, { about: 210, least: 105, most: 315 }]);
  assert.ok(delaysOf({ ...seed, retries: 100, multiplier: 10 }).every(({ about }) => about <= 300));
});

test("the delays of a policy are told", () => {
  const policy = { retries: 3, initial: 1, multiplier: 2, max: 300, jitter: 0.2 };
  assert.equal(delaysInWords(policy), "Tried again after 1 s, 2 s, 4 s, ±20 %: the last try about 7 s after the first.");
  assert.equal(delaysInWords({ ...policy, retries: 8, max: 30, jitter: 0 }), "Tried again after 1 s, 2 s, 4 s, 8 s, 16 s … 30 s: the last try about 2 min 1 s after the first.");
  assert.match(delaysInWords({ ...policy, retries: 0 }), /dead letter at once/);
  assert.equal(delaysInWords({ ...policy, initial: 0 }), "Tried again 3 times, each time at once.");
  assert.equal(delaysInWords({ ...policy, initial: 0, retries: 1 }), "Tried again once, each time at once.");
  assert.equal(delaysInShort({ ...policy, initial: 0 }), "0 s, 0 s, 0 s", "nothing is moved by chance there");
  assert.equal(delaysInShort({ ...policy, retries: 0 }), "none");
});

test("a policy that gives up sooner says how long an outage may be then", () => {
  const slow = { retries: 3, initial: 30, multiplier: 2, max: 300, jitter: 0.1 };
  assert.equal(outageInWords(slow, { ...slow, initial: 2 }), "An outage longer than about 14 s makes dead letters; until now it takes one longer than about 3 min 30 s.");
  assert.match(outageInWords(slow, { ...slow, retries: 1 }) ?? "", /^An outage longer than about 30 s makes/);
  assert.match(outageInWords(slow, { ...slow, retries: 0 }) ?? "", /^Any outage makes dead letters; until now/);
  assert.equal(outageInWords(slow, { ...slow, retries: 4 }), null);
  assert.equal(outageInWords(slow, slow), null);
  assert.equal(outageInWords(null, slow), null, "what is inherited is not known");
});

test("the parts are those of the API's document, with its bounds", () => {
  const { schemas } = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8")).components;
  const { retry_delay: _, ...own } = schemas.RetryPolicy.properties;
  const delay = Object.entries(schemas.RetryDelay.properties).map(([name, schema]) => [`retry_delay.${name}`, schema]);
  const theirs = [...Object.entries(own), ...delay].map(([path, schema]) => [path, schema.minimum, schema.maximum]);
  assert.deepEqual(PARTS.map(({ path, least, most }) => [path, least, most]).sort(), theirs.sort());
});

test("a part is the type's own, or the server's, and queues that say otherwise are named", () => {
  const inherited = inheritedFrom([queue("billing", { max_retries: { value: 9, source: "queue" } }), queue("vision")]);
  const policy = { retry_delay: { initial: 1 }, jitter: 0 };
  assert.equal(ownOf(policy, "jitter"), 0);
  assert.equal(ownOf(null, "retry_delay.max"), null);
  assert.equal(valueOf(policy, inherited, "retry_delay.initial"), 1);
  assert.equal(valueOf(policy, inherited, "max_retries"), 3);
  assert.equal(inheritedInWords(part("jitter"), inherited), "server default");
  assert.equal(inheritedInWords(part("max_retries"), inherited), "server default, except in billing");
  const all = inheritedFrom(["a", "b", "c", "d", "e"].map((name) => queue(name, { jitter: { value: 0.5, source: "queue" } })));
  assert.deepEqual([queuesWithOwn(inherited), queuesWithOwn(inheritedFrom([queue("vision")]))], [["billing"], []]);
  assert.equal(partWithInherited(null, part("retry_delay.initial"), inherited), "inherited (30 s)");
  assert.equal(partWithInherited(5, part("retry_delay.initial"), inherited), "5 s");
  assert.equal(partWithInherited(null, part("jitter"), all), "inherited", "it is not known");
  assert.equal(inheritedInWords(part("jitter"), all), "server default, except in a, b, c and 2 more");
  assert.equal(valueOf(null, all, "jitter"), null, "no queue shows the server's");
  assert.deepEqual(delaysWith(policy, inherited), { retries: 3, initial: 1, multiplier: 2, max: 300, jitter: 0 });
  assert.equal(delaysWith(policy, inheritedFrom([])), null);
  assert.equal(sourceOf(policy), "2 of 6 its own");
  assert.equal(sourceOf({ max_retries: 1, dead_letter_threshold: 1, jitter: 0, retry_delay: { initial: 1, max: 2, multiplier: 1 } }), "all its own");
  assert.equal(sourceOf(null), "all inherited");
  assert.equal(sentenceOf(policy), "has a policy of its own, which says 2 of 6 parts: the others are inherited.");
  assert.match(sentenceOf(null), /^has no policy of its own/);
  assert.match(sentenceOf({}), /which says nothing/);
});

test("the call takes the whole policy; the command line what changes of it", () => {
  const policy = { max_retries: 5, retry_delay: { initial: 1 } };
  const changes = changesOf(policy, { max_retries: 5, "retry_delay.initial": null, "retry_delay.max": 60, jitter: 0 });
  assert.deepEqual(policyWith(policy, changes), { max_retries: 5, retry_delay: { max: 60 }, jitter: 0 });
  assert.deepEqual(patchWith(changes), { retry_delay: { initial: null, max: 60 }, jitter: 0 });
  assert.equal(changesInWords(changes), "retry_delay.initial inherited, retry_delay.max 1 min, jitter 0");
  assert.deepEqual(policyWith(policyWith(policy, changes), backward(changes)), policy);
  const other = { ...policy, dead_letter_threshold: 7 };
  assert.equal(ownOf(policyWith(other, changes), "dead_letter_threshold"), 7, "what a colleague has set meanwhile stays");
  assert.deepEqual(policyWith({ retry_delay: { initial: 1 } }, changesOf({ retry_delay: { initial: 1 } }, { "retry_delay.initial": null })), {});
  assert.equal(isEmpty({ retry_delay: {} }), true);
  assert.equal(isEmpty({ jitter: 0 }), false);
});

test("a colleague's change is seen while the form is open, and named before it is overwritten", () => {
  const seen = { max_retries: 5 };
  assert.deepEqual([...changedSince(seen, { max_retries: 5 })], []);
  assert.deepEqual([...changedSince(seen, { max_retries: 7, jitter: 0 })], [["max_retries", "5 → 7"], ["jitter", "inherited → 0"]]);
  assert.deepEqual([...changedSince(seen, null)], [["max_retries", "5 → inherited"]]);
  const changes = changesOf(seen, { max_retries: 9 });
  assert.deepEqual(policyMeanwhile(changes, { max_retries: 9, jitter: 0.5 }), { state: "mine" }, "another part is nobody's business here");
  assert.deepEqual(policyMeanwhile(changes, seen), { state: "before" });
  assert.deepEqual(policyMeanwhile(changes, { max_retries: 7 }, "bert"), { state: "other", news: "bert has changed max_retries to 7 meanwhile.", question: "Set max_retries to 5 anyway?" });
  assert.deepEqual(policyMeanwhile(changesOf(null, { jitter: 0 }), { jitter: 1 }), { state: "other", news: "Somebody has changed jitter to 1 meanwhile.", question: "Set jitter to inherited anyway?" });
});

test("what removing a policy changes is said, and what it does not change is not", () => {
  const inherited = inheritedFrom([queue("vision")]);
  const seed = "Tried again after 30 s, 1 min, 2 min, ±10 %: the last try about 3 min 30 s after the first.";
  assert.deepEqual(nowAndThen({ max_retries: 0 }, inherited), [["Now", "A reported failure makes a dead letter at once."], ["Then", seed]]);
  assert.deepEqual(nowAndThen({ dead_letter_threshold: 5 }, inherited).at(-1), ["Silent losses that make a dead letter", "5 now, 3 then"]);
  assert.deepEqual(nowAndThen({ dead_letter_threshold: 5 }, inheritedFrom([])), [["Now", "not known"], ["Then", "not known"], ["Silent losses that make a dead letter", "5 now, not known then"]]);
});

test("a name that cannot be an event type's is refused with the reason", () => {
  assert.equal(nameFault("dialogue.v2:eu_west-1"), null);
  assert.equal(nameFault("..."), null);
  for (const name of ["", "a b", "naïve", ".", "..", "x".repeat(65)]) assert.ok(nameFault(name), name);
});
