import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { Completed, Failed, type Report } from "../src/outcomes.js";
import { decode, isSchema, type StandardSchema } from "../src/schema.js";
import { Workshop } from "./handling.js";

const Scene = z.object({
  npc: z.string(),
  lines: z.number().int().default(1),
  "a/b~c": z.array(z.object({ n: z.number() })).optional(),
});

function schemaOf(validate: (value: unknown) => unknown): StandardSchema {
  return { "~standard": { version: 1, vendor: "test", validate: validate as never } };
}

async function reportOn(schema: StandardSchema, payload: unknown): Promise<Report> {
  const workshop = new Workshop();
  workshop.on("x", (event) => event.payload, { schema });
  return workshop.reported(workshop.put("x", payload));
}

test("a payload is what the schema makes of it", async () => {
  assert.deepEqual(await decode(Scene, { npc: "Mira", extra: 1 }), { npc: "Mira", lines: 1 });
  const report = await reportOn(Scene, { npc: "Mira" });
  assert.deepEqual(report, new Completed({ npc: "Mira", lines: 1 }));
});

test("a payload that does not fit is not retried, and every place is named", async () => {
  const report = await reportOn(Scene, { lines: 1.5, "a/b~c": [{ n: 1 }, { n: "x" }] });
  assert.ok(report instanceof Failed);
  assert.deepEqual([report.error.type, report.retryable], ["PayloadInvalid", false]);
  const { details } = report.error.details as { details: { pointer: string; detail: string }[] };
  assert.deepEqual(
    details.map(({ pointer }) => pointer),
    ["/npc", "/lines", "/a~1b~0c/1/n"],
  );
  for (const { pointer, detail } of details) assert.ok(report.error.message.includes(`${pointer}: ${detail}`));
  assert.ok(!("stack" in (report.error.details as object)));
});

test("places of the whole payload, of keys and of symbols", async () => {
  const issues = [
    { message: "all" },
    { message: "key", path: [{ key: "a" }, 0] },
    { message: "symbol", path: [Symbol("s")] },
  ];
  const report = await reportOn(
    schemaOf(() => ({ issues })),
    1,
  );
  assert.deepEqual((report as Failed).error.message, "all; /a/0: key; /Symbol(s): symbol");
});

test("schemas may take their time", async () => {
  const slow = schemaOf(async (value) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return typeof value === "number" ? { value: value + 1 } : { issues: [{ message: "must be a number" }] };
  });
  assert.deepEqual(await reportOn(slow, 1), new Completed(2));
  assert.equal(((await reportOn(slow, "a")) as Failed).error.message, "must be a number");
});

test("a schema that throws fails the attempt, which is retried", async () => {
  for (const validate of [
    () => {
      throw new RangeError("the schema is broken");
    },
    () => Promise.reject(new RangeError("the schema is broken")),
  ]) {
    const report = await reportOn(schemaOf(validate), 1);
    assert.ok(report instanceof Failed);
    assert.deepEqual([report.error.type, report.retryable], ["RangeError", true]);
  }
});

test("a handler that was cancelled while its payload was checked does not begin", async () => {
  const workshop = new Workshop();
  let calls = 0;
  let checked!: (result: unknown) => void;
  const schema = schemaOf(() => new Promise((resolve) => (checked = resolve)));
  workshop.on("x", () => calls++, { schema });
  const row = workshop.put();
  await new Promise((resolve) => setImmediate(resolve));
  workshop.leases.tell([row], "cancel_requested");
  checked({ value: 1 });
  assert.equal(((await workshop.reported(row)) as { code?: unknown }).code, "cancel_requested");
  assert.equal(calls, 0);
});

test("what is a schema", () => {
  const callable = Object.assign(
    () => 1,
    schemaOf((value) => ({ value })),
  ); // as those of arktype
  for (const schema of [Scene, callable, schemaOf(() => ({ value: 1 }))]) assert.ok(isSchema(schema));
  for (const other of [
    undefined,
    null,
    {},
    () => 1,
    "x",
    { "~standard": null },
    { "~standard": { version: 2, validate: () => 1 } },
  ]) {
    assert.ok(!isSchema(other));
  }
});
