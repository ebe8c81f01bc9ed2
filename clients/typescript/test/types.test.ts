/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unnecessary-type-parameters,
   @typescript-eslint/no-meaningless-void-operator, @typescript-eslint/no-unsafe-return -- nothing here is used */
/** What type checkers know. Nothing here runs but the registration of handlers: `tsc` is the test. */
import { test } from "node:test";
import { z } from "zod";
import { Engine } from "../src/engine.js";
import type { Event } from "../src/event.js";
import type { OutputOf, StandardSchema } from "../src/schema.js";

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {
  // For the type checker.
}

interface Scene {
  npc: string;
}
const Checked = z.object({
  npc: z.string(),
  lines: z.coerce.number().default(1),
  at: z.iso.datetime().pipe(z.coerce.date()),
});
type CheckedScene = { npc: string; lines: number; at: Date };

test("payloads have the types of schemas, or those that the author names", () => {
  const engine = new Engine("dialogue");

  engine.on("plain", (event) => {
    same<typeof event, Event<unknown, undefined>>(true);
    // @ts-expect-error: nobody has said what the payload is
    return event.payload.npc as unknown;
  });
  engine.on<Scene>("named", (event) => {
    same<typeof event.payload, Scene>(true);
    // @ts-expect-error: there is no such member
    return event.payload.npcs as unknown;
  });
  engine.on<Scene>("named.with.options", { timeoutSeconds: 1 }, (event) => event.payload.npc.length);
  engine.on("named.at.the.event", (event: Event<Scene>) => event.payload.npc.length);
  engine.on("options.alone", { notRetryable: [RangeError, class extends Error {}] }, async (event) => {
    same<typeof event.payload, unknown>(true);
    await Promise.resolve();
  });

  engine.on("schema", { schema: Checked, timeoutSeconds: 120 }, (event) => {
    same<typeof event.payload, CheckedScene>(true);
    return event.payload.at.toISOString();
  });
  const ofOthers: StandardSchema<{ id: number }> = {
    "~standard": { version: 1, vendor: "x", validate: () => ({ value: { id: 1 } }) },
  };
  engine.on("another.schema", { schema: ofOthers }, (event) => {
    same<typeof event.payload, { id: number }>(true);
  });
  same<OutputOf<typeof Checked>, CheckedScene>(true);

  const typed = (): void => {
    // @ts-expect-error: a schema of another library needs its Standard Schema interface
    engine.on("x", { schema: { parse: () => 1 } }, () => 1);
    // @ts-expect-error: the option is timeoutSeconds
    engine.on("x", { timeout: 1 }, () => 1);
    // @ts-expect-error: classes, not names
    engine.on("x", { notRetryable: ["TypeError"] }, () => 1);
    // @ts-expect-error: the schema says otherwise
    engine.on("x", { schema: Checked }, (event: Event<{ npc: number }>) => event.payload.npc);
    // @ts-expect-error: a handler gets one argument
    engine.on("x", (event, more) => [event, more]);
  };
  void typed;
});

test("the state has the type of what the lifespan yields", () => {
  const pool = { query: (text: string) => text };
  const engine = new Engine("dialogue", {
    async *lifespan() {
      await Promise.resolve();
      yield pool;
    },
  });
  engine.on<Scene>("x", (event) => {
    same<typeof event, Event<Scene, typeof pool>>(true);
    return event.state.query(event.payload.npc);
  });
  engine.on("y", { schema: Checked }, (event) => event.state.query(event.payload.npc));
  engine.around((event, call) => {
    event.state.query(event.eventType);
    return call(event);
  });
  // @ts-expect-error: the layer must return what `call` returns
  engine.around(async (event, call) => {
    await call(event);
  });
  const plain = new Engine("dialogue", {
    *lifespan() {
      yield 7;
    },
  });
  plain.on("x", (event) => {
    same<typeof event.state, number>(true);
  });
  new Engine("dialogue").on("x", (event) => {
    same<typeof event.state, undefined>(true);
  });
});

test("members of events cannot be set", () => {
  const change = (event: Event<Scene>): void => {
    // @ts-expect-error: read only
    event.payload = { npc: "Mira" };
    // @ts-expect-error: read only
    event.attempt = 2;
    // @ts-expect-error: there is no such option
    event.progress(1, { at: "once" });
  };
  void change;
});

test("options of engines are checked", () => {
  const make = (): void => {
    // @ts-expect-error: the option is concurrency
    new Engine("dialogue", { concurency: 1 });
    // @ts-expect-error: one of two
    new Engine("dialogue", { heartbeats: "process" });
    // @ts-expect-error: a logger has four methods
    new Engine("dialogue", { logger: { info: () => undefined } });
    new Engine("dialogue", { token: async () => await Promise.resolve("t"), logger: console, json: JSON, fetch });
  };
  void make;
});
