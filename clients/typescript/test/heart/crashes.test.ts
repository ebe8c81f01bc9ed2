import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PROGRAM } from "../../src/keeper/program.js";
import { Patient, until } from "./beating.js";
import { BeatsServer } from "./beats-server.js";

test("a thread that crashes is started again, with all that it has to know", async () => {
  const server = await new BeatsServer().open();
  const folder = mkdtempSync(join(tmpdir(), "eventlease-"));
  const mark = JSON.stringify(join(folder, "has-crashed"));
  // Crashes once it has heard of a lease, the first time.
  const program = `
    const { workerData } = require("node:worker_threads");
    const { existsSync, writeFileSync } = require("node:fs");
    workerData.port.on("message", ({ placed }) => {
      if (!placed || existsSync(${mark})) return;
      writeFileSync(${mark}, "");
      throw new Error("a fault of the keeper");
    });
    ${PROGRAM}`;
  const patient = await new Patient({ url: server.url }, program).start();
  try {
    const row = patient.lease();
    const held = patient.heart.sayHold();
    const beat = await until(async () => (await server.beats()).find(({ body }) => body.leases.length > 0));
    assert.equal(beat.body.leases[0]!.event_id, row.eventId);
    assert.equal(beat.headers.authorization, "Bearer first");
    await held;
    const lines = patient.lines.filter(({ level }) => level === "error");
    assert.equal(lines.length, 1);
    assert.match(lines[0]!.message, /has crashed: heart/);
    assert.equal((lines[0]!.fields["err"] as Error).message, "a fault of the keeper");
    assert.deepEqual(patient.ends, []);
  } finally {
    await patient.heart.stop();
    await server.close();
    rmSync(folder, { recursive: true });
  }
});

for (const [how, program] of [
  ["throws", "throw new Error('a fault of the keeper')"],
  ["exits", "process.exit(3)"],
]) {
  test(`a thread that ${how ?? ""} three times within a minute ends the engine`, async () => {
    const patient = new Patient({ url: "http://127.0.0.1:9" }, program);
    await patient.heart.open();
    assert.deepEqual(patient.ends, [4]);
    assert.deepEqual(patient.crashed, ["heart"]);
    assert.equal(patient.lines.filter(({ level }) => level === "error").length, 3);
    await patient.heart.stop();
  });
}
