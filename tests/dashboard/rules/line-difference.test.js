import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, excerpt } from "../../../assets/dashboard/rules/line-difference.js";

/** @param {readonly { kind: string, text: string }[]} lines */
const drawn = (lines) => lines.map(({ kind, text }) => `${{ same: " ", gone: "-", new: "+", skipped: "~" }[kind]}${text}`);

test("lines that stay, go and come are told apart", () => {
  assert.deepEqual(drawn(difference("a\nb\nc", "a\nx\nc")), [" a", "-b", "+x", " c"]);
  assert.deepEqual(drawn(difference("a\nb\nc\nd", "b\nc\ne\nd")), ["-a", " b", " c", "+e", " d"]);
  assert.deepEqual(drawn(difference("a", "a")), [" a"]);
  assert.deepEqual(drawn(difference("", "a")), ["-", "+a"]);
});

test("each text can be made from the difference", () => {
  const texts = ["a\nb\na\nb\nb\na", "b\na\nb\nc\na\nb", "", "a", "c\nc\nc"];
  for (const before of texts) {
    for (const after of texts) {
      const lines = difference(before, after);
      const of = (/** @type {string} */ without) => lines.filter(({ kind }) => kind !== without).map(({ text }) => text).join("\n");
      assert.deepEqual([of("new"), of("gone")], [before, after]);
    }
  }
});

test("texts of very many lines are not compared line by line", () => {
  const [before, after] = ["a", "b"].map((name) => Array.from({ length: 3000 }, (_, line) => `${name}${line}`).join("\n"));
  assert.equal(difference(before ?? "", after ?? "").length, 6000);
});

test("what is far from a change is left out", () => {
  const before = Array.from({ length: 20 }, (_, line) => `${line}`).join("\n");
  assert.deepEqual(drawn(excerpt(difference(before, before.replace("\n10\n", "\nten\n")), 1)), ["~…", " 9", "-10", "+ten", " 11", "~…"]);
});
