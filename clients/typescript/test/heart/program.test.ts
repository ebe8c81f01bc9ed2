import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { programOf } from "../program.js";

// Tests run in the folder of the package.
const generator = pathToFileURL(resolve("keeper-program.mjs")).href;

test("the keeper's program is what its sources give", async () => {
  const { programText } = (await import(generator)) as { programText: () => Promise<string> };
  const isFresh = (await readFile("src/keeper/program.ts", "utf8")) === (await programText());
  assert.ok(isFresh, "run: node keeper-program.mjs");
});

test("a stopped heart leaves nothing behind, and one that beats does not keep its process alive", () => {
  for (const end of ["await patient.heart.stop();", ""]) {
    const program = `
      import { Patient } from ${JSON.stringify(new URL("beating.js", import.meta.url).href)};
      const patient = await new Patient({ url: "http://127.0.0.1:9", healthPort: 0, logger: undefined }).start();
      patient.lease();
      ${end}`;
    const { status, signal } = spawnSync(process.execPath, [programOf(program)], { timeout: 20_000 });
    assert.deepEqual([status, signal], [0, null]);
  }
});
