/** Errors: each names its class, also where a minifier has renamed it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as library from "../src/index.js";

test("every error is named as it is exported", () => {
  const exported: [string, unknown][] = Object.entries(library);
  const errors = exported.flatMap(([name, each]) => {
    const prototype: unknown = typeof each === "function" ? each.prototype : null;
    return prototype instanceof Error ? [{ name, prototype }] : [];
  });
  assert.ok(errors.length > 20, `${errors.length}`);
  for (const { name, prototype } of errors) {
    assert.equal(prototype.name, name);
    assert.ok(Object.hasOwn(prototype, "name"), name);
  }
});
