// Checks the dashboard: its types, its rules of writing, its pure rules by `node --test`, and the page itself in a browser,
// before real servers. Run it by `make check-dashboard`, which installs the tools below target/.
//
//     node scripts/check_dashboard/check.mjs SERVER [--only STEP] [--pictures [--guides] | --budgets] [NAME OF A TEST'S FILE…]
//
// Steps: generated, vendored, lint, types, rules, browser. A name, like `sign-in`, runs that file of tests/dashboard/browser alone.
// `--pictures` tests nothing and takes pictures, with `--guides` those of docs/pictures/, too. `--budgets`
// tests nothing either, and prints how long the page takes beside how long it may take.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inLanes } from "./lanes.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = join(root, "scripts/check_dashboard");
const target = resolve(root, process.env["CARGO_TARGET_DIR"] ?? "target", "check-dashboard");
const [server = "", ...words] = process.argv.slice(2);
const only = words.includes("--only") ? words.splice(words.indexOf("--only"), 2)[1] : undefined;
const isPictures = words.includes("--pictures");
const isBudgets = words.includes("--budgets");
const named = words.filter((word) => !word.startsWith("--"));

const tsc = join(here, "node_modules/.bin/tsc");
const tests = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".test.js") && (named.length === 0 || named.some((each) => name.startsWith(each))))
    .map((name) => join(folder, name));

const steps = {
  generated: () => run("node", [join(here, "generate.mjs"), "--check"]),
  vendored: () => run("scripts/vendor-dashboard", ["--check"]),
  lint: () => run("node", [join(here, "lint.mjs")]),
  // The browser's tests need the other processor.
  types: async () => (await Promise.all(["page", "tests"].map((part) => run(tsc, ["--singleThreaded", "-p", join(here, `tsconfig.${part}.json`)])))).every(Boolean),
  rules: () => runTests(join(here, "lane.mjs"), ...tests("tests/dashboard/rules")),
  browser,
};

const isWanted = (name) => (only === undefined ? (named.length === 0 && !isPictures && !isBudgets) || name === "browser" : name === only);
const started = performance.now();
const failed = [];
// Servers are started and filled while the rest is checked.
const stage = isWanted("browser") ? prepare() : undefined;
stage?.catch(() => undefined); // it fails where it is waited for
for (const together of [["generated", "vendored", "lint"], ["types", "rules", "browser"]]) {
  await Promise.all(together.filter(isWanted).map(check));
}
console.log(failed.length === 0 ? `check-dashboard: all steps passed, ${seconds(started)} s` : `check-dashboard: failed: ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);

async function check(name) {
  const began = performance.now();
  const isPassed = await steps[name]();
  console.log(`==> ${name}: ${isPassed ? "ok" : "FAILED"}, ${seconds(began)} s`);
  if (!isPassed) failed.push(name);
}

/** What the browser's tests look at. */
async function prepare() {
  process.env["EVENTLEASE_BINARY"] = resolve(root, server);
  const { startInstallations } = await import("../../tests/dashboard/installations/start.js");
  const { told, close } = await startInstallations(["calm", "night", "crowd"]);
  console.log(`installations are filled after ${seconds(started)} s`);
  mkdirSync(target, { recursive: true });
  const file = join(target, "installations.json");
  writeFileSync(file, JSON.stringify(told));
  process.env["EVENTLEASE_DASHBOARD_INSTALLATIONS"] = file;
  process.env["EVENTLEASE_DASHBOARD_FAILURES"] = join(target, "failures");
  rmSync(process.env["EVENTLEASE_DASHBOARD_FAILURES"], { recursive: true, force: true });
  return { close };
}

async function browser() {
  const { close } = await stage;
  try {
    if (isBudgets) return await run("node", [join(root, "tests/dashboard/browser/budgets.js")]);
    if (isPictures) return await run("node", [join(root, "tests/dashboard/browser/pictures.js"), join(target, "pictures"), ...(words.includes("--guides") ? [join(root, "docs/pictures")] : [])]);
    const lanes = inLanes(tests("tests/dashboard/browser"));
    const isPassed = await Promise.all(lanes.map((files) => runTests(join(here, "lane.mjs"), ...files)));
    return isPassed.every(Boolean);
  } finally {
    await close();
  }
}

function runTests(...words) {
  // For logs the dots of each passed test would hide what failed.
  return run("node", ["--test-reporter", process.stdout.isTTY ? "spec" : join(here, "reporter.mjs"), ...words]);
}

function run(program, words) {
  const child = spawn(program, words, { cwd: root, stdio: "inherit", env: { ...process.env, EVENTLEASE_PROGRAM: resolve(root, server) } });
  return new Promise((resolve) => {
    child.on("error", (error) => (console.error(`${program}: ${error.message}`), resolve(false)));
    child.on("exit", (code) => resolve(code === 0));
  });
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}
