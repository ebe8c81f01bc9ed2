import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ConfigurationError } from "../../src/errors.js";
import { Patient, until } from "./beating.js";
import { BeatsServer } from "./beats-server.js";

for (const heartbeats of ["thread", "loop"] as const) {
  test(`health with heartbeats: "${heartbeats}"`, async () => {
    const server = await new BeatsServer().open();
    const patient = await new Patient({ url: server.url, heartbeats, healthPort: 0 }).start();
    try {
      const ask = async (path: string): Promise<[number, unknown]> => {
        const response = await fetch(`http://127.0.0.1:${patient.heart.healthPort ?? 0}${path}`);
        return [response.status, await response.json()];
      };
      assert.deepEqual(await ask("/healthz"), [200, { status: "ok", causes: [] }]);
      assert.deepEqual(await ask("/readyz?verbose"), [200, { status: "ok", causes: [] }]);
      assert.equal((await ask("/"))[0], 404);

      patient.wrong.push("all handlers hang");
      await until(async () => (await ask("/healthz"))[0] === 503);
      assert.deepEqual(await ask("/healthz"), [503, { status: "failing", causes: ["all handlers hang"] }]);
      assert.deepEqual(await ask("/readyz"), [503, { status: "failing", causes: ["all handlers hang"] }]);
      patient.wrong = [];
      patient.commands.push("drain");
      await until(async () => (await ask("/healthz"))[0] === 200);
      assert.deepEqual(await ask("/readyz"), [503, { status: "failing", causes: ["draining"] }]);

      await server.script({ refuse: { status: 403, code: "forbidden" } });
      await until(async () => (await ask("/healthz"))[0] === 503);
      assert.match(JSON.stringify(await ask("/healthz")), /the last heartbeat was taken [34] s ago/);
      await server.script({});
      await until(async () => (await ask("/healthz"))[0] === 200);
    } finally {
      await patient.heart.stop();
      await server.close();
    }
  });

  test(`a health port that is taken, with heartbeats: "${heartbeats}"`, async () => {
    const other = http.createServer().listen(0);
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const patient = new Patient({ heartbeats, healthPort: port });
    await assert.rejects(patient.heart.open(), (error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.match(error.message, new RegExp(`healthPort ${port} cannot be used: .*(EADDRINUSE|in use)`));
      return true;
    });
    await patient.heart.stop();
    other.close();
  });
}
