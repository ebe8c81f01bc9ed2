/** The examples of the README pass a strict type checker, contain no `any`, and run beside a fake server. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import * as library from "../src/index.js";
import { Client, Completed, Engine, Event, EventFailed, InvalidInput, Previous } from "../src/index.js";
import { MAX_DETAIL_BYTES, MAX_JSON_DEPTH } from "../src/reports.js";
import { newStats } from "../src/stats.js";
import { FakeServer } from "../src/testing/index.js";
import { until } from "./handling.js";

const DEFAULT_URL = "http://127.0.0.1:8080";
const PACKAGE = process.cwd();
const BUILT_LIBRARY = fileURLToPath(new URL("../src", import.meta.url));
const ENTRIES = { eventlease: "index", "eventlease/client": "client-entry", "eventlease/testing": "testing/index" };
const README = readFileSync(join(PACKAGE, "README.md"), "utf8");
const EXAMPLES = [...README.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = ""]) => text);

const ignore = (): void => undefined;
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** What the examples use of packages that are not installed here. These examples are not run. */
const FRAMEWORKS = `
declare module "express" {
  export default function express(): { listen(port: number): import("node:http").Server };
}
declare module "@nestjs/common" {
  export function Injectable(): ClassDecorator;
  export interface OnApplicationBootstrap { onApplicationBootstrap(): unknown }
  export interface OnApplicationShutdown { onApplicationShutdown(): unknown }
}`;

/** What is tried with an example once it has run to its end. */
const TRIED_AFTERWARDS: Record<string, string> = {
  "new Completed({ lines }": `
    const testing = await import("eventlease/testing");
    const before = { progress: { lines: ["first"] } };
    const report = await testing.run(engine, "scene.requested", { npc: "Mira", lines: 2 }, { attempt: 2, previous: before });
    if (!(report instanceof Completed)) throw new Error("not completed");
    if (JSON.stringify(report.result) !== '{"lines":["first","Mira says something"]}') throw new Error("other lines");`,
  "export function holdFor": `
    const secondsOf = (header) => holdFor(new Response(null, { status: 429, headers: { "Retry-After": header } })).seconds;
    if (secondsOf("7") !== 7 || secondsOf("soon") !== 10) throw new Error("other seconds");
    const date = secondsOf(new Date(Date.now() + 60_000).toUTCString());
    if (!(50 < date && date <= 60)) throw new Error("not the date: " + date);`,
  "export function makeEngine": `
    const testing = await import("eventlease/testing");
    const report = await testing.run(makeEngine({ timeoutSeconds: 5 }), "dialogue.requested", { npc: "Mira" });
    if (report.result !== "Hello, Mira!") throw new Error("no greeting");`,
  "async *lifespan()": `
    const testing = await import("eventlease/testing");
    const report = await testing.run(engine, "voice.requested", { npc: "Mira" }, { state: new Map([["Mira", "alto"]]) });
    if (report.result !== "alto") throw new Error("another voice");`,
  "export async function POST": `
    const response = await POST(new Request("http://app", { method: "POST", body: "{}" }));
    if (response.status !== 202) throw new Error("not accepted");`,
};

let server: FakeServer;
let url: string;
let folder: string;
const children: ChildProcess[] = [];

before(async () => {
  server = new FakeServer();
  url = await server.listen();
  folder = mkdtempSync(join(tmpdir(), "eventlease-readme-"));
  const library = join(folder, "node_modules", "eventlease");
  mkdirSync(library, { recursive: true });
  symlinkSync(BUILT_LIBRARY, join(library, "src"));
  symlinkSync(join(PACKAGE, "node_modules", "zod"), join(folder, "node_modules", "zod"));
  const exported = Object.entries(ENTRIES).map(([name, file]) => [name.replace("eventlease", "."), `./src/${file}.js`]);
  writeFileSync(
    join(library, "package.json"),
    JSON.stringify({ type: "module", exports: Object.fromEntries(exported) as unknown }),
  );
});

after(async () => {
  for (const child of children) child.kill("SIGKILL");
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Starts an example as a program of its own; what it has written to standard error, and how it ends. */
function start(number: number): { said: () => string; ended: Promise<unknown>; child: ChildProcess } {
  const example = EXAMPLES[number]!;
  const [, tried = ""] = Object.entries(TRIED_AFTERWARDS).find(([part]) => example.includes(part)) ?? [];
  const { outputText } = ts.transpileModule(example.replace(DEFAULT_URL, url), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const file = join(folder, `example-${number}.mjs`);
  writeFileSync(file, outputText + tried);
  const env = { ...process.env, EVENTLEASE_URL: url };
  const child = spawn(process.execPath, [file], { env, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  return { said: () => said, ended: once(child, "close").then(([code]) => code as unknown), child };
}

const runnable = EXAMPLES.map((example, number) => ({ example, number })).filter(
  ({ example }) => !/from "(express|@nestjs)/.test(example),
);
const [running, others] = [true, false].map((runs) =>
  runnable.filter(({ example }) => example.includes(".run();") === runs),
);

test("the README has its examples", () => {
  assert.ok(EXAMPLES.length >= 10);
  assert.equal(running!.length, 1);
  for (const part of Object.keys(TRIED_AFTERWARDS))
    assert.equal(EXAMPLES.filter((each) => each.includes(part)).length, 1, part);
});

/** The members of an interface, by its source. */
function membersOf(file: string, name: string): string[] {
  const source = readFileSync(join(PACKAGE, "src", file), "utf8");
  const [, body = ""] = new RegExp(`interface ${name}\\b.*?\\{\\n(.*?)^\\}`, "ms").exec(source) ?? [];
  return [...body.matchAll(/^  (?:readonly )?(\w+)\??:/gm)].map(([, member = ""]) => member);
}

test("the README names every option and every error", () => {
  const options = membersOf("settings.ts", "EngineOptions");
  const events = membersOf("new-event.ts", "EventOptions");
  const errors = Object.keys(library).filter((name) => isErrorClass(library[name as keyof typeof library]));
  assert.ok(options.length > 20 && events.length > 8 && errors.length > 15);
  const unnamed = [...options, ...events, ...errors].filter((name) => !new RegExp(`\\b${name}\\b`).test(README));
  // Two refusals that only the engine meets.
  assert.deepEqual(unnamed, ["AlreadySettled", "LeaseEnded"]);
});

test("the README names every member of an event, of its previous attempt, and of the counts", () => {
  const members = [Event.prototype, Previous.prototype].flatMap((each) => Object.getOwnPropertyNames(each));
  const named = members.filter((name) => !["constructor", "toString", "toJSON"].includes(name));
  assert.ok(named.length > 25);
  const unnamed = [...named, ...Object.keys(newStats())].filter((name) => !README.includes(`\`${name}`));
  assert.deepEqual(unnamed, []);
});

test("the limits in the README are those of the server and of the code", async () => {
  const client = new Client({ url });
  const { limits } = await client.call("GET", "/server");
  const { max_payload_bytes, max_detail_bytes, max_json_depth } = limits;
  await client.close();
  assert.deepEqual([MAX_DETAIL_BYTES, MAX_JSON_DEPTH], [max_detail_bytes, max_json_depth]);
  for (const [limit, text] of [
    ["payload of an event", `${max_payload_bytes.toLocaleString("en")} bytes`],
    ["result of an event", `${max_detail_bytes.toLocaleString("en")} bytes`],
    ["progress", `${max_detail_bytes.toLocaleString("en")} bytes`],
    ["nested arrays and objects, in each of these", `${max_json_depth} levels`],
  ]) {
    assert.ok(README.includes(`\n| ${limit} | ${text}`), limit);
  }
});

test("a result, nesting and follow-ups beyond the limits are dead letters, and progress throws", async () => {
  const engine = new Engine("limits", { url, logger: SILENT });
  let nested: unknown = 1;
  for (let level = 0; level < MAX_JSON_DEPTH + 1; level++) nested = [nested];
  const followUp = { engineType: "limits", eventType: "next", payload: 1 };
  engine.on("next", () => null);
  engine.on("long", () => "x".repeat(MAX_DETAIL_BYTES));
  engine.on("nested", () => nested);
  engine.on(
    "many",
    (event) => new Completed(1, { enqueue: Array.from({ length: Number(event.payload) }, () => followUp) }),
  );
  engine.on("progress", (event) => {
    for (const value of [nested, "x".repeat(MAX_DETAIL_BYTES)]) {
      assert.throws(() => {
        event.progress(value);
      }, RangeError);
    }
  });
  engine.start();
  const client = new Client({ url, logger: SILENT });
  const end = async (type: string, payload?: unknown): Promise<unknown> => {
    const { eventId } = await client.enqueue("limits", type, payload ?? null);
    const ended = await client.wait(eventId, { timeoutSeconds: 30 }).catch((error: unknown) => error);
    return ended instanceof EventFailed ? ended.errorType : ended;
  };
  assert.deepEqual(await Promise.all([end("long"), end("nested"), end("many", 101)]), Array(3).fill("ResultRefused"));
  assert.deepEqual(await Promise.all([end("many", 100), end("progress")]), [1, null]);
  await engine.stop();
  await assert.rejects(client.enqueue("limits", "next", "x".repeat(1_048_576)), InvalidInput);
  await assert.rejects(client.enqueue("limits", "next", nested), InvalidInput);
  await client.close();
});

function isErrorClass(value: unknown): boolean {
  return typeof value === "function" && value.prototype instanceof Error;
}

test("the first example is an engine that works, and drains at a signal", async () => {
  const client = new Client({ url });
  const { said, ended, child } = start(running![0]!.number);
  const { eventId } = await client.enqueue("dialogue", "dialogue.requested", { npc: "Mira" });
  assert.deepEqual(await client.wait(eventId, { timeoutSeconds: 30 }), { line: "Hello, Mira!" });
  child.kill("SIGTERM");
  assert.equal(await ended, 0, said());
  assert.equal(said(), "");
  assert.deepEqual(server.engines(), []);
  await client.close();
});

for (const { example, number } of others!) {
  const firstLine = example.split("\n").find((line) => !/^(import.*)?$/.test(line));
  test(`example ${number} ends by itself: ${firstLine}`, async () => {
    const engine = new Engine("dialogue", { url });
    engine.on("*", (event) => event.payload);
    engine.start();
    await until(() => server.engines().length === 1);
    const { said, ended } = start(number);
    assert.equal(await ended, 0, said());
    assert.equal(said(), "");
    await engine.stop();
  });
}

test("the examples pass a strict type checker, and contain no any", () => {
  const files = new Map(
    EXAMPLES.map((text, number) => [join(PACKAGE, `example-${number}.ts`), `${text}\nexport {};\n`]),
  );
  const given = new Map([...files, [join(PACKAGE, "frameworks.d.ts"), FRAMEWORKS]]);
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitReturns: true,
    noEmit: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    module: ts.ModuleKind.NodeNext,
    types: ["node"],
    paths: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, file]) => [name, [join(PACKAGE, "src", `${file}.ts`)]]),
    ),
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => given.has(name) || disk.fileExists(name),
    readFile: (name) => given.get(name) ?? disk.readFile(name),
    getSourceFile: (name, ...rest) => {
      const text = given.get(name);
      if (text === undefined) return disk.getSourceFile(name, ...rest);
      return ts.createSourceFile(name, text, rest[0], true);
    },
  };
  const program = ts.createProgram([...given.keys()], options, host);
  const wrong: string[] = [];
  for (const name of files.keys()) {
    const source = program.getSourceFile(name)!;
    for (const { start: at = 0, messageText } of ts.getPreEmitDiagnostics(program, source)) {
      wrong.push(`${lineOf(source, at)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
    }
    wrong.push(...anyIn(source, program.getTypeChecker()).map((node) => `${lineOf(source, node.getStart())}: any`));
  }
  assert.deepEqual(wrong, []);
});

/** Where a value of type any gets a name, or is used as if its type were known. */
function anyIn(source: ts.SourceFile, checker: ts.TypeChecker): ts.Node[] {
  const isAny = (node: ts.Node): boolean => (checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) !== 0;
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    const isNamed =
      (ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)) && isAny(node.name);
    const isUsed =
      (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node) || ts.isCallExpression(node)) &&
      isAny(node.expression);
    if (node.kind === ts.SyntaxKind.AnyKeyword || isNamed || isUsed) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function lineOf(source: ts.SourceFile, at: number): string {
  return source.text.split("\n")[source.getLineAndCharacterOfPosition(at).line]!.trim();
}
