// Checks the dashboard: its types, its rules of writing, its pure rules by `node --test`, and the page itself in a browser,
// before real servers. Run it by `make check-dashboard`, which installs the tools below target/.
//
//     node scripts/check_dashboard/check.mjs SERVER [--only STEP] [--pictures [--guides]] [NAME OF A TEST'S FILE…]
//
// Steps: generated, vendored, lint, types, rules, browser. A name, like `sign-in`, runs that file of tests/dashboard/browser alone.
// `--pictures` tests nothing and takes pictures, with `--guides` those of docs/pictures/, too.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = join(root, "scripts/check_dashboard");
const target = resolve(root, process.env["CARGO_TARGET_DIR"] ?? "target", "check-dashboard");
const [server = "", ...words] = process.argv.slice(2);
const only = words.includes("--only") ? words.splice(words.indexOf("--only"), 2)[1] : undefined;
const isPictures = words.includes("--pictures");
const named = words.filter((word) => !word.startsWith("--"));

const tsc = join(here, "node_modules/.bin/tsc");
const tests = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".test.js") && (named.length === 0 || named.some((each) => name.startsWith(each))))
    .map((name) => join(folder, name));
// Twice the dots of each passed test would hide what failed.
const reporter = ["--test-reporter", process.stdout.isTTY ? "spec" : join(here, "reporter.mjs")];

const steps = {
  generated: () => run("node", [join(here, "generate.mjs"), "--check"]),
  vendored: () => run("scripts/vendor-dashboard", ["--check"]),
  lint: () => run("node", [join(here, "lint.mjs")]),
  types: async () => (await run(tsc, ["-p", join(here, "tsconfig.page.json")])) && run(tsc, ["-p", join(here, "tsconfig.tests.json")]),
  rules: () => run("node", ["--test", ...reporter, ...tests("tests/dashboard/rules")], { EVENTLEASE_PROGRAM: resolve(root, server) }),
  browser,
};

const started = performance.now();
const failed = [];
for (const [name, step] of Object.entries(steps)) {
  if (only !== undefined ? name !== only : (named.length > 0 || isPictures) && name !== "browser") continue;
  const began = performance.now();
  const isPassed = await step();
  console.log(`==> ${name}: ${isPassed ? "ok" : "FAILED"}, ${seconds(began)} s`);
  if (!isPassed) failed.push(name);
}
console.log(failed.length === 0 ? `check-dashboard: all steps passed, ${seconds(started)} s` : `check-dashboard: failed: ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);

async function browser() {
  process.env["EVENTLEASE_BINARY"] = resolve(root, server);
  const { startInstallations } = await import("../../tests/dashboard/installations/start.js");
  const { told, close } = await startInstallations(["calm", "night", "crowd"]);
  try {
    const failures = join(target, "failures");
    rmSync(failures, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    const file = join(target, "installations.json");
    writeFileSync(file, JSON.stringify(told));
    const environment = { EVENTLEASE_DASHBOARD_INSTALLATIONS: file, EVENTLEASE_DASHBOARD_FAILURES: failures };
    if (isPictures) return await run("node", [join(root, "tests/dashboard/browser/pictures.js"), join(target, "pictures"), ...(words.includes("--guides") ? [join(root, "docs/pictures")] : [])], environment);
    return await run("node", ["--test", "--test-concurrency=3", ...reporter, ...tests("tests/dashboard/browser")], environment);
  } finally {
    await close();
  }
}

function run(program, words, environment = {}) {
  const child = spawn(program, words, { cwd: root, stdio: "inherit", env: { ...process.env, ...environment } });
  return new Promise((resolve) => {
    child.on("error", (error) => (console.error(`${program}: ${error.message}`), resolve(false)));
    child.on("exit", (code) => resolve(code === 0));
  });
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}
