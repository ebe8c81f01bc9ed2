import assert from "node:assert/strict";
import { test } from "node:test";
import { similarTo } from "../../../assets/dashboard/rules/similar-names.js";

const known = ["invoice.sent", "dialogue.requested", "dialogue.ended", "dialogue.requeued", "Dialogue.Requested"];

test("a typing error finds the name that was meant, the most similar first", () => {
  assert.deepEqual(similarTo("dialogue.requestd", known, 5), ["Dialogue.Requested", "dialogue.requested", "dialogue.requeued", "dialogue.ended"]);
  assert.deepEqual(similarTo("dialouge.requested", known, 1), ["Dialogue.Requested"]);
  assert.deepEqual(similarTo("invoicesent", known, 5), ["invoice.sent"]);
});

test("where no name is near, none is found", () => {
  assert.deepEqual(similarTo("scene.built", known, 5), []);
  assert.deepEqual(similarTo("x", [], 5), []);
});
