import assert from "node:assert/strict";
import { test } from "node:test";
import { PROGRAM } from "../../src/keeper/program.js";
import { Patient, until } from "./beating.js";
import { BeatsServer } from "./beats-server.js";

/** As in Bun and Deno, where these clocks begin with their thread. */
const CLOCKS_OF_THE_THREAD = `
  const now = performance.now.bind(performance);
  const began = now();
  performance.now = () => now() - began;
  process.hrtime = () => [Math.floor(performance.now() / 1000), (performance.now() % 1000) * 1e6];
`;

test("leases are renewed on the engine's clock, even if each thread has clocks of its own", async () => {
  const server = await new BeatsServer().open();
  const patient = await new Patient({ url: server.url }, CLOCKS_OF_THE_THREAD + PROGRAM).start();
  try {
    await server.script({ expiresInSeconds: 100 });
    const row = patient.lease(30);
    const first = row.leaseEnd;
    await until(() => row.leaseEnd > first);
    const left = row.leaseEnd - patient.leases.now();
    assert.ok(left > 60 && left < 101, String(left));
  } finally {
    await patient.heart.stop();
    await server.close();
  }
});
