// Holds assets/dashboard to its rules that the checker of types does not know: words that are forbidden, floors, lengths,
// budgets. Prints each place, and exits with 1 if there is one.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { atOnce, blank, importsOf, withoutComments } from "./modules.mjs";

const root = fileURLToPath(new URL("../../assets/dashboard/", import.meta.url));
const maxLines = 300;
// What is asked for before the first numbers of a screen are there. Sources are served as they are: a quarter of it is comments and
// types, and on the way it is compressed to two fifths. uPlot, with 60 kB, is asked for when there is a plot to draw.
const maxFirstBytes = { overview: 250 * 1024, queues: 250 * 1024, event: 360 * 1024 };
const maxVendoredBytes = 90 * 1024;
// What all of it takes in the program, and on the way of who opens every screen.
const maxBytes = 1200 * 1024;
const maxCompressedBytes = 460 * 1024;

// What a file may import from, by its folder. `rules` are pure: they know neither the page nor a library. The list of
// operations is generated data, which everybody may read.
const floors = {
  "": ["screens", "parts", "state", "api", "rules", "vendor", ""],
  screens: ["screens", "parts", "state", "api", "rules", "vendor"],
  parts: ["parts", "state", "api", "rules", "vendor"],
  state: ["state", "api", "rules", "vendor"],
  api: ["api", "rules"],
  rules: ["rules"],
};

/** @type {[pattern: RegExp, what: string, exempt?: (path: string) => boolean][]} */
const forbidden = [
  [/\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc)\b/, "markup made of text"],
  [/\beval\b|\bnew Function\b|\bsetTimeout\(\s*["'`]|\bsetInterval\(\s*["'`]/, "text that is run"],
  [/\bdocument\.write/, "document.write"],
  [/\bJSON\.parse\b/, "JSON.parse outside api/ and rules/json", (path) => path.startsWith("api/") || path.startsWith("rules/json")],
  [/\blocalStorage\b/, "localStorage outside state/taste.js", (path) => path === "state/taste.js"],
  [/\bsessionStorage\b|\bindexedDB\b|\bdocument\.cookie\b/, "storage of the browser"],
  [/\bfetch\(|\bXMLHttpRequest\b|\bEventSource\b|\bWebSocket\b|\bsendBeacon\b/, "a request outside api/", (path) => path.startsWith("api/")],
  [/\bwindow\.open\b|\bpostMessage\b|\bimportScripts\b/, "another window"],
  [/["'`]\/[a-z]/, "an absolute path in a string", (path) => path === "rules/curl.js"],
  [/\bconsole\./, "the console"],
  [/\b(debugger|alert\(|confirm\(|prompt\()/, "a dialog of the browser"],
];
// Inside the templates of htm.
/** @type {[RegExp, string, ((path: string) => boolean)?][]} */
const forbiddenInTemplates = [
  [/<\/?(?:[A-Z]|\$\{)/, "a component inside a template: h(Name, props)"],
  [/\sstyle=/, "a style attribute"],
  [/\son[a-z]+=["']/, "a handler made of text"],
  [/<(?:script|style|iframe|object|embed|base|form action)\b/, "an element that the policy forbids"],
  [/\shref=["'](?!#)/, "an address that is not made by the router"],
  [/\shref=\$\{(?!href\(|place|to\b|hrefOf)/, "an address that is not made by the router", (path) => ["parts/link.js", "parts/icon.js", "parts/download.js"].includes(path)],
];
const forbiddenInRules = [[/\b(document|window|navigator|localStorage)\./, "the page, in a rule"]];

// Those that a screen may wait for.
const { further: furtherStyles, stylesOf } = await import("../../assets/dashboard/screens/styles.js");
const further = furtherStyles.map((name) => `style/${name}.css`);
const faults = [];
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => statSync(join(root, path)).isFile())
  .map((path) => path.split(sep).join("/"))
  .sort();

for (const path of files) {
  if (path.startsWith("vendor/") || path.endsWith(".d.ts")) continue;
  const text = readFileSync(join(root, path), "utf8");
  const lines = text.split("\n").length - 1;
  if (lines > maxLines && path !== "icons.svg") faults.push(`${path}: ${lines} lines, of ${maxLines}`);
  if (path.endsWith(".js")) checkModule(path, text);
  if (path.endsWith(".css")) checkStyle(path, text);
  if (path.endsWith(".html")) checkPage(path, text);
}
checkBytes();
for (const fault of faults) console.error(`assets/dashboard/${fault}`);
process.exit(faults.length === 0 ? 0 : 1);

function checkModule(path, text) {
  const code = withoutComments(text);
  const templates = onlyTemplates(code);
  search(path, code, forbidden);
  search(path, templates, forbiddenInTemplates);
  if (path.startsWith("rules/")) search(path, code, forbiddenInRules);
  const folder = path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
  for (const { name, at } of importsOf(code)) {
    const line = lineOf(code, at);
    if (!name.startsWith(".")) {
      faults.push(`${path}:${line}: imports "${name}", which is no file of the page`);
      continue;
    }
    const target = relative(root, resolve(root, dirname(path), name)).split(sep).join("/");
    const below = target.includes("/") ? target.slice(0, target.indexOf("/")) : "";
    const allowed = floors[folder];
    if (allowed === undefined) faults.push(`${path}: a folder that has no floor`);
    else if (!allowed.includes(below) && target !== "api/operations.js") faults.push(`${path}:${line}: ${folder || "main"} may not import from ${below}`);
    if (!files.includes(target)) faults.push(`${path}:${line}: there is no ${target}`);
  }
}

function checkStyle(path, text) {
  search(path, text.replace(/\/\*[\s\S]*?\*\//g, blank), [
    [/@import|url\(/, "a request made by a style"],
  ]);
  if (!further.includes(path) && !readFileSync(join(root, "index.html"), "utf8").includes(path)) faults.push(`${path}: is listed neither in index.html nor in screens/styles.js`);
}

function checkPage(path, text) {
  search(path, text, [
    [/<script(?![^>]*\bsrc=)/, "a script inside the page"],
    [/<style|\sstyle=|\son[a-z]+=/, "a style or a handler inside the page"],
    [/(?:src|href)="(?:\/|[a-z]+:)/, "an address that is not relative"],
  ]);
}

function checkBytes() {
  const isServed = (path) => [".js", ".css", ".svg", ".html"].includes(extname(path));
  const bytes = (paths) => paths.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
  const compressed = (paths) => paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(root, path))).length, 0);
  const hold = (what, found, most) => {
    if (found > most) faults.push(`: ${what}: ${found} bytes, of ${most}`);
  };
  const served = files.filter(isServed);
  const vendored = served.filter((path) => path.startsWith("vendor/"));
  console.log(`check-dashboard: ${served.length} files, ${bytes(served)} bytes, compressed ${compressed(served)}, vendored ${bytes(vendored)}`);
  hold("all files", bytes(served), maxBytes);
  hold("all files compressed", compressed(served), maxCompressedBytes);
  hold("vendor", bytes(vendored), maxVendoredBytes);
  const withAnyScreen = served.filter((path) => !path.endsWith(".js") && !further.includes(path));
  for (const [screen, most] of Object.entries(maxFirstBytes)) {
    const styles = stylesOf(screen).map((name) => `style/${name}.css`);
    const first = [...withAnyScreen, ...styles, ...atOnce(["main.js", `screens/${screen}.js`])];
    console.log(`check-dashboard: ${screen} needs ${first.length} files, ${bytes(first)} bytes, compressed ${compressed(first)}`);
    hold(`what ${screen} needs at once`, bytes(first), most);
  }
}

function search(path, text, rules) {
  text.split("\n").forEach((line, n) => {
    for (const [pattern, what, exempt] of rules) {
      if (pattern.test(line) && !exempt?.(path)) faults.push(`${path}:${n + 1}: ${what}: ${line.trim().slice(0, 100)}`);
    }
  });
}

function lineOf(text, at) {
  return text.slice(0, at).split("\n").length;
}

/** All but what stands in html`…` becomes blanks. Templates inside templates are still templates. */
function onlyTemplates(code) {
  let kept = "";
  const stack = [];
  for (let at = 0; at < code.length; at += 1) {
    const top = stack.at(-1);
    const isTemplate = top === "html";
    kept += isTemplate || code[at] === "\n" ? code[at] : " ";
    if (top === "html" || top === "text") {
      if (code[at] === "\\") (kept += isTemplate ? (code[at + 1] ?? "") : " "), (at += 1);
      else if (code[at] === "`") stack.pop();
      else if (code[at] === "$" && code[at + 1] === "{") stack.push("code"), (kept += isTemplate ? codeIn(code, at + 2) : " "), (at += 1);
    } else if (code[at] === "`") stack.push(/\b(?:html|svg)$/.test(code.slice(0, at)) ? "html" : "text");
    else if (code[at] === "{") stack.push("code");
    else if (code[at] === "}") stack.pop();
  }
  return kept;
}

/** The brace and the word that begins a value in a template, so that rules can see what it is. */
function codeIn(code, at) {
  return `{${/^\w*/.exec(code.slice(at))?.[0] ?? ""}${code[at + (/^\w*/.exec(code.slice(at))?.[0].length ?? 0)] === "(" ? "(" : ""}`;
}
