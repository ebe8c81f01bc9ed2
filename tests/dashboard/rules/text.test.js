import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, visible } from "../../../assets/dashboard/rules/text.js";

test("what controls or reorders text is shown as an escape", () => {
  assert.equal(visible("a\u202eb\u2066c"), "a\\u{202e}b\\u{2066}c");
  assert.equal(visible("one\ntwo\tthree\r\0"), "one\\ntwo\\tthree\\r\\0");
  assert.equal(visible("\u001b[31m\u009b\u200b\u2028\ufeff"), "\\u{1b}[31m\\u{9b}\\u{200b}\\u{2028}\\u{feff}");
  assert.equal(visible("\ud800 x\u00a0y"), "\\u{d800} x\\u{a0}y");
  assert.equal(visible("\u{e0041}"), "\\u{e0041}");
});

test("ordinary text of any script stays as it is", () => {
  const text = "Grüße, 你好, שלום, नमस्ते 🎉 <b>&amp;</b> \"'`";
  assert.equal(visible(text), text);
});

test("lines and tabs stay where they are wanted", () => {
  assert.equal(visible("a\n\tb\r\n\u202e", { keepsLines: true }), "a\n\tb\\r\n\\u{202e}");
});

test("a cut never goes through a character", () => {
  assert.deepEqual(cut("abc", 3), { head: "abc", left: 0 });
  assert.deepEqual(cut("ab🎉c", 3), { head: "ab", left: 3 });
  assert.deepEqual(cut("ab🎉c", 4), { head: "ab🎉", left: 1 });
});
