// Writes what the page knows about the API, from docs/openapi.json: each operation's method and path, and who may. And the links in index.html to
// the modules that main.js and the first screen need before they run, so that a browser asks for all of them at once and not level by
// level. With --check it writes nothing, and fails where a file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atOnce } from "./modules.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What most open first, and all others soon after. */
const FIRST_SCREEN = "screens/overview.js";
const isCheck = process.argv.includes("--check");
const methods = ["get", "post", "put", "patch", "delete"];
const rolesOfPeople = ["reader", "operator", "orchestrator", "admin"];
const document = JSON.parse(readFileSync(join(root, "docs/openapi.json"), "utf8"));

function operations() {
  const found = [];
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith("/api/v1/")) continue;
    for (const method of methods.filter((each) => item[each])) {
      // Relative to `dashboard/`, so that it works below any prefix.
      found.push([item[method].operationId, method.toUpperCase(), path.slice("/api/v1/".length), rolesOf(item[method])]);
    }
  }
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = found.map(([id, method, path, roles]) => `  ${id}: ["${method}", "${path}", "${roles}"],`);
  return `// Generated from docs/openapi.json by \`make dashboard-api\`.

/**
 * The method of each operation, its path below \`../api/v1/\`, and those of the roles that sign in here which may do it.
 *
 * @satisfies {Record<string, readonly [method: string, path: string, roles: string]>}
 */
export const operations = /** @type {const} */ ({
${lines.join("\n")}
});
`;
}

/** The document says it in words: "Roles: producer (its own), orchestrator, operator." @param {{ description?: string }} operation */
function rolesOf({ description = "" }) {
  const [, named = ""] = /Roles: ([^.]*)\./.exec(description) ?? [];
  return rolesOfPeople.filter((role) => new RegExp(`\\b${role}\\b`).test(named)).join(" or ");
}

/** @param {string} page */
function withLinks(page) {
  // Those of main.js come first, as it runs first.
  const links = [...new Set([...atOnce(["main.js"]), ...atOnce([FIRST_SCREEN])])].map((path) => `    <link rel="modulepreload" href="${path}" />\n`);
  return page.replace(/    <link rel="modulepreload"[^\n]*\n/g, "").replace("    <script ", `${links.join("")}    <script `);
}

const written = {
  "assets/dashboard/api/operations.js": operations,
  "assets/dashboard/index.html": withLinks,
};
for (const [name, made] of Object.entries(written)) {
  const file = join(root, name);
  const before = readFileSync(file, "utf8");
  if (before === made(before)) continue;
  if (!isCheck) writeFileSync(file, made(before));
  else {
    console.error(`${name} is not what docs/openapi.json and the modules' imports say: run "make dashboard-api" and commit it`);
    process.exitCode = 1;
  }
}
