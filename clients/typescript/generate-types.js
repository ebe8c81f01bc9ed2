// Writes src/openapi.ts, the types of requests and replies, from docs/openapi.json. A test fails where it is not fresh.

import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);
const TYPES = new URL("src/openapi.ts", import.meta.url);
const HEAD = `/**
 * Types of requests and replies. Generated from docs/openapi.json by generate-types.js; do not edit.
 *
 * Replies may have further members and further values of open enumerations: servers are upgraded first.
 */

`;

/** The text of src/openapi.ts. */
export async function types() {
  const document = withoutExamples(JSON.parse(await readFile(DOCUMENT, "utf8")));
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  for (const operation of operations) operation.responses = successes(operation.responses);
  return HEAD + astToString(await openapiTS(document, { silent: true }));
}

/** Examples are longer than all types together. */
function withoutExamples(value) {
  if (Array.isArray(value)) return value.map(withoutExamples);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => name !== "example" && name !== "examples");
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutExamples(inner)]));
}

/** Refusals are errors of this library, and no values. */
function successes(responses) {
  return Object.fromEntries(
    Object.entries(responses)
      .filter(([status]) => status.startsWith("2"))
      .map(([status, { headers: _, ...response }]) => [status, response]),
  );
}

if (argv[1] === fileURLToPath(import.meta.url)) await writeFile(TYPES, await types());
