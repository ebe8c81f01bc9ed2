/** What the library takes from the server's document, and from its own package. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

import { VERSION } from "../src/version.js";
import { readJson } from "./vectors.js";

interface Package {
  version: string;
  devDependencies: Record<string, string>;
}

test("the types are what the document gives", async () => {
  const generator = pathToFileURL(`${process.cwd()}/generate-types.js`).href;
  const { types } = (await import(generator)) as { types: () => Promise<string> };
  const committed = readFileSync("src/openapi.ts", "utf8");
  assert.ok(committed === (await types()), 'src/openapi.ts is not fresh: run "node generate-types.js" and commit it');
});

test("the generator is of the version with which the document is checked", () => {
  const ours = readJson("typescript/package.json") as Package;
  const theirs = readJson("../scripts/check_api/package.json") as { dependencies: Record<string, string> };
  assert.equal(ours.devDependencies["openapi-typescript"], theirs.dependencies["openapi-typescript"]);
});

test("requests name the version of the package", () => {
  assert.equal(VERSION, (readJson("typescript/package.json") as Package).version);
});
