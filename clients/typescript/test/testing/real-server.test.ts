/** The real server of the test kit. Where no program of the server is named, only the search for one is tried. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../../src/client.js";
import { startServer } from "../../src/testing/index.js";
import { programOf } from "../program.js";

const KIT = JSON.stringify(new URL("../../src/testing/index.js", import.meta.url).href);
const PROGRAM = process.env["EVENTLEASE_BINARY"] ?? "";
const skip = PROGRAM === "" ? "EVENTLEASE_BINARY names no program of the server" : false;

/** Runs a program that uses the test kit; what it printed. */
async function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const command = [programOf(`import { startServer } from ${KIT}; ${program}`)];
  const child = spawn(process.execPath, command, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return printed.trim();
}

/** What a program has seen of the server that it started and never closed. */
async function started(
  end: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ tokens: string; pid: number; folder: string }> {
  const program = `const { url, pid, folder } = await startServer();
    const reply = await fetch(url + "/api/v1/server");
    const { lease_tokens: tokens } = await reply.json();
    console.log(JSON.stringify({ tokens, pid, folder }));
    ${end}`;
  return JSON.parse(await run(program, env)) as { tokens: string; pid: number; folder: string };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, "it did not come to pass");
    await sleep(50);
  }
}

test("killed, it is started again on the same address and data, and closed it leaves nothing", { skip }, async () => {
  const server = await startServer({ flags: ["--listen=127.0.0.1:0", "--reaper-interval-ms", "100"] });
  const { url, pid, folder } = server;
  const client = new Client({ url });
  try {
    const { eventId } = await client.enqueue("dialogue", "asked", 1);
    await server.kill();
    assert.ok(!isAlive(pid));
    await server.start();
    assert.equal(server.url, url);
    assert.equal((await client.read(eventId)).status, "queued");
    assert.equal(await server.terminate(), 0);
  } finally {
    await client.close();
    await server.close();
  }
  assert.ok(!existsSync(folder));
});

test("a replica shares the database of the first", { skip }, async () => {
  await using first = await startServer();
  await using replica = await startServer({ flags: ["--database-url", first.databaseUrl] });
  const client = new Client({ url: first.url });
  const other = new Client({ url: replica.url });
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  assert.equal((await other.read(eventId)).status, "queued");
  await Promise.all([client.close(), other.close()]);
});

test(
  "it takes no settings of its surroundings, and a process that ends without closing it leaves nothing",
  { skip },
  async () => {
    const env = { EVENTLEASE_LEASE_TOKENS: "required", DATABASE_URL: "postgres://127.0.0.1:1/nowhere" };
    const { tokens, pid, folder } = await started("", env);
    assert.equal(tokens, "optional");
    await until(() => !isAlive(pid) && !existsSync(folder));
  },
);

test("a process that is killed leaves nothing either", { skip }, async () => {
  const { pid, folder } = await started('process.kill(process.pid, "SIGKILL");');
  await until(() => !isAlive(pid) && !existsSync(folder));
});

test("one that does not start says why", { skip }, async () => {
  await assert.rejects(startServer({ flags: ["--no-such-flag"] }), /no-such-flag/);
});

test("its program may be that of the Python package", { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "eventlease-python-"));
  const python = join(folder, "python3");
  await writeFile(python, `#!/bin/sh\n[ "$#" -gt 2 ] || exit 0\nshift 2\nexec "$TRIED" "$@"\n`);
  await chmod(python, 0o755);
  const env = { EVENTLEASE_BINARY: "", TRIED: PROGRAM, PATH: `${folder}:/usr/bin:/bin:/usr/sbin:/sbin` };
  const program = "const server = await startServer(); console.log(server.url); await server.close();";
  assert.match(await run(program, env), /^http:\/\/127\.0\.0\.1:\d+$/);
  await rm(folder, { recursive: true });
});

test("where no program is found, the error names the ways to give one", async () => {
  const program = "console.log(await startServer().catch(String));";
  const folder = await mkdtemp(join(tmpdir(), "eventlease-none-"));
  const printed = await run(program, { EVENTLEASE_BINARY: "", PATH: "/nowhere", TMPDIR: folder });
  await rmdir(folder); // nothing was left there
  for (const way of ["PATH", "EVENTLEASE_BINARY", "eventlease-server"]) assert.match(printed, new RegExp(way));
});
