// Writes what the page knows about the API, from docs/openapi.json: each operation's method and path. With --check it writes
// nothing, and fails where the file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isCheck = process.argv.includes("--check");
const methods = ["get", "post", "put", "patch", "delete"];
const document = JSON.parse(readFileSync(join(root, "docs/openapi.json"), "utf8"));

function operations() {
  const found = [];
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith("/api/v1/")) continue;
    for (const method of methods.filter((each) => item[each])) {
      // Relative to `dashboard/`, so that it works below any prefix.
      found.push([item[method].operationId, method.toUpperCase(), path.slice("/api/v1/".length)]);
    }
  }
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = found.map(([id, method, path]) => `  ${id}: ["${method}", "${path}"],`);
  return `// Generated from docs/openapi.json by \`make dashboard-api\`.

/**
 * The method of each operation, and its path below \`../api/v1/\`.
 *
 * @satisfies {Record<string, readonly [method: string, path: string]>}
 */
export const operations = /** @type {const} */ ({
${lines.join("\n")}
});
`;
}

const file = join(root, "assets/dashboard/api/operations.js");
if (!isCheck) writeFileSync(file, operations());
else if (readFileSync(file, "utf8") !== operations()) {
  console.error(`assets/dashboard/api/operations.js is not what docs/openapi.json says: run "make dashboard-api" and commit it`);
  process.exit(1);
}
