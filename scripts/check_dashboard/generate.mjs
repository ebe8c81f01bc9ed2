// Writes what the page knows about the API, from docs/openapi.json: the types of operations and schemas, and each
// operation's method and path. With --check it writes nothing, and fails where a file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isCheck = process.argv.includes("--check");
const methods = ["get", "post", "put", "patch", "delete"];
const document = JSON.parse(readFileSync(join(root, "docs/openapi.json"), "utf8"));

/** Failures are one type for the page: what each operation may answer with would be most of the file. */
function withoutFailures(document) {
  const answers = structuredClone(document);
  for (const item of Object.values(answers.paths)) {
    for (const method of methods.filter((each) => item[each])) {
      const { responses } = item[method];
      for (const status of Object.keys(responses)) if (!status.startsWith("2")) delete responses[status];
    }
  }
  delete answers.components.responses;
  return answers;
}

async function types() {
  const ast = await openapiTypescript(withoutFailures(document), { alphabetize: false });
  const wanted = ast.filter((node) => ["operations", "components"].includes(node.name?.text));
  return `/* Generated from docs/openapi.json by \`make dashboard-api\`. */\n\n${astToString(wanted)}`;
}

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

let stale = 0;
for (const [name, text] of [["types.d.ts", await types()], ["operations.js", operations()]]) {
  const file = join(root, "assets/dashboard/api", name);
  if (!isCheck) {
    writeFileSync(file, text);
    continue;
  }
  let current = "";
  try {
    current = readFileSync(file, "utf8");
  } catch {}
  if (current === text) continue;
  console.error(`assets/dashboard/api/${name} is not what docs/openapi.json says: run "make dashboard-api" and commit it`);
  stale += 1;
}
process.exit(stale === 0 ? 0 : 1);
