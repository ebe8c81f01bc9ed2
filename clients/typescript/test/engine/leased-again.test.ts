/** Events that the same engine leases again: no handler runs twice for one piece of work. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Hold, NotRetryable, Release, RetryAfter, type EngineOptions, type Event } from "../../src/index.js";
import type { EnqueueOptions } from "../../src/enqueuing.js";
import type { HandlerOptions } from "../../src/handlers.js";
import { FakeServer } from "../../src/testing/index.js";
import { gate, until } from "../handling.js";
import { Desk, problem } from "./desk.js";

const AT_ONCE = { retryDelay: { initial: 0, max: 0 } };

/** An engine whose handler waits for a word at the first attempt, and then ends as `end` does. */
class Work {
  readonly begun: number[] = [];
  readonly desk: Desk;
  readonly over: () => void;
  eventId = "";
  readonly #began: Promise<void>;

  constructor(desk: Desk, end: (event: Event) => unknown, options: HandlerOptions = {}) {
    this.desk = desk;
    const [began, over] = [gate(), gate()];
    this.#began = began.opened;
    this.over = () => {
      over.open();
    };
    desk.engine.on("x", options, async (event) => {
      this.begun.push(event.attempt);
      began.open();
      if (event.attempt === 1) await over.opened;
      return end(event);
    });
  }

  async run(work: () => Promise<void>, options: EnqueueOptions = {}): Promise<void> {
    this.eventId = await this.desk.put("x", null, options);
    await this.desk.working(work);
  }

  /** The handler ends while a poll waits, which does not carry its report. */
  async finish(): Promise<void> {
    await this.#began;
    await until(() => this.desk.bodies("exchange").length > 1);
    this.over();
    await until(() => this.desk.engine.stats().running === 0);
  }

  /** The lease runs out, and the engine gets the event again. */
  async leasedAgain(attempt = 2): Promise<void> {
    await this.#began;
    this.desk.server.expireLeases();
    await until(() => this.desk.server.event(this.eventId)["attempt"] === attempt);
  }
}

/** A desk whose reports and holds do not arrive until it is open. */
function lateDesk(options: EngineOptions = {}): { desk: Desk; open: () => void } {
  let isOpen = false;
  const desk = new Desk({ concurrency: 2, ...options }, undefined, ({ path, body }) =>
    !isOpen && (path === "/events/status" || body.includes("holding_off"))
      ? new Response("the network is down", { status: 503, headers: { "content-type": "text/plain" } })
      : undefined,
  );
  return {
    desk,
    open: () => {
      isOpen = true;
    },
  };
}

const keeping = (): string => "kept";

function throwing(error: Error): () => never {
  return () => {
    throw error;
  };
}

suite("an event that is leased again", { concurrency: true }, () => {
  test("waits for its older handler", async () => {
    const desk = new Desk({ concurrency: 2 });
    const running = new Set<number>();
    let most = 0;
    const [begun, over] = [gate(), gate()];
    desk.engine.on("x", async ({ attempt }) => {
      running.add(attempt);
      most = Math.max(most, running.size);
      if (attempt === 1) {
        begun.open();
        await over.opened;
      }
      running.delete(attempt);
      return attempt;
    });
    const eventId = await desk.put();
    await desk.working(async () => {
      await begun.opened;
      desk.server.expireLeases();
      await until(() => desk.server.event(eventId)["attempt"] === 2);
      over.open();
      await until(() => desk.server.event(eventId)["status"] === "completed");
    });
    assert.equal(most, 1);
  });

  for (const [name, end, outcome] of [
    ["a result", keeping, "completed"],
    ["an error", throwing(new Error("broken")), "retry_scheduled"],
    ["RetryAfter", throwing(new RetryAfter(60)), "retry_scheduled"],
    ["NotRetryable", throwing(new NotRetryable("hopeless")), "dead_lettered"],
    ["Release", throwing(new Release({ delaySeconds: 60 })), "released"],
  ] as const) {
    test(`gets the report that waits: ${name}`, async () => {
      const { desk, open } = lateDesk();
      const work = new Work(desk, end);
      await work.run(async () => {
        await work.finish();
        await work.leasedAgain();
        open();
        assert.equal((await desk.answer()).outcome, outcome);
        const { completed, failed, released, resultsLost } = desk.engine.stats();
        assert.deepEqual([completed + failed + released, resultsLost], [1, 0]);
      });
      assert.deepEqual(work.begun, [1]);
      assert.equal(desk.settled[0]!.event.attempt, 2);
    });
  }

  test("is not forgotten by another registration", async () => {
    const { desk, open } = lateDesk();
    const work = new Work(desk, keeping);
    await work.run(async () => {
      await work.finish();
      desk.server.removeEngine(desk.engine.engineId!);
      await until(() => desk.server.event(work.eventId)["attempt"] === 2);
      open();
      assert.equal((await desk.answer()).outcome, "completed");
    });
    assert.deepEqual(work.begun, [1]);
  });

  test("gets the report that was refused before its lease arrived", async () => {
    const server = new FakeServer();
    let isOpen = false;
    const desk: Desk = new Desk({ concurrency: 2 }, server, async ({ method, path, body }) => {
      if (!isOpen && path === "/events/status") return new Response("", { status: 503 });
      if (!path.endsWith("/lease")) return undefined;
      const headers = { "x-engine-id": desk.engine.engineId! };
      const reply = await server.fetch(`http://fake/api/v1${path}`, { method, body, headers });
      if ((await reply.clone().text()).includes('"attempt":2')) {
        isOpen = true;
        await until(() => desk.said("the report of"));
      }
      return reply;
    });
    const work = new Work(desk, keeping);
    await work.run(async () => {
      await work.finish();
      await work.leasedAgain();
      assert.equal((await desk.answer()).outcome, "completed");
    });
    assert.deepEqual(work.begun, [1]);
  });

  test("gets what its older handler returns", async () => {
    const desk = new Desk({ concurrency: 2 });
    const work = new Work(desk, (event) => event.cancelled);
    await work.run(async () => {
      await work.leasedAgain();
      work.over();
      assert.equal((await desk.answer()).outcome, "completed");
    });
    assert.deepEqual(work.begun, [1]);
    assert.deepEqual([desk.server.event(work.eventId)["result"], desk.settled[0]!.event.attempt], ["lease_lost", 2]);
  });

  test("begins when its older handler stops", async () => {
    const desk = new Desk({ concurrency: 2 });
    const work = new Work(desk, (event) => {
      event.check();
    });
    await work.run(async () => {
      await work.leasedAgain();
      work.over();
      assert.equal((await desk.answer()).outcome, "completed");
    });
    assert.deepEqual(work.begun, [1, 2]);
  });

  test("does not overtake the older handler, though it is leased a third time", async () => {
    const desk = new Desk({ concurrency: 3, heartbeatTimeoutSeconds: 3 });
    const work = new Work(desk, keeping);
    const retryPolicy = { ...AT_ONCE, deadLetterThreshold: 9 };
    await work.run(
      async () => {
        await work.leasedAgain();
        await work.leasedAgain(3);
        const before = desk.heartbeatsWith(work.eventId);
        await until(() => desk.heartbeatsWith(work.eventId) > before);
        work.over();
        assert.equal((await desk.answer()).outcome, "completed");
      },
      { retryPolicy },
    );
    assert.deepEqual(work.begun, [1]);
  });

  test("gets the result of its older handler while the engine drains", async () => {
    const desk = new Desk({ concurrency: 2, drainSeconds: 30 });
    const work = new Work(desk, keeping);
    await work.run(async () => {
      await work.leasedAgain();
      await desk.stopping(async () => {
        await until(() => desk.bodies("drain").length > 0);
        work.over();
      });
    });
    assert.deepEqual(work.begun, [1]);
    assert.equal(desk.server.event(work.eventId)["result"], "kept");
  });

  test("is given back where its older handler is cut off", async () => {
    const desk = new Desk({ concurrency: 2 });
    const work = new Work(desk, keeping);
    await work.run(() => work.leasedAgain());
    assert.deepEqual(work.begun, [1]);
    assert.equal((await desk.attempt(work.eventId))["outcome"], "released");
    work.over();
  });

  test("is not held up by a handler that hangs", async () => {
    const desk = new Desk({ concurrency: 3 });
    const work = new Work(desk, keeping, { timeoutSeconds: 1 });
    await work.run(
      async () => {
        await work.leasedAgain();
        await until(() => desk.server.event(work.eventId)["status"] === "completed");
        assert.deepEqual(work.begun, [1, 2]);
        work.over();
      },
      { retryPolicy: AT_ONCE },
    );
  });

  test("is held, although the report that holds it waits", async () => {
    const { desk, open } = lateDesk();
    const work = new Work(desk, throwing(new Hold(3600, "the provider refuses calls")));
    await work.run(async () => {
      await work.finish();
      await work.leasedAgain();
      open();
      assert.equal((await desk.answer()).outcome, "released");
    });
    assert.deepEqual(work.begun, [1]);
    assert.equal((await desk.attempt(work.eventId))["code"], "hold");
  });

  test("a call of its earlier life that is refused registers no engine again", async () => {
    // The refusal of a call that was sent before the engine registered anew says nothing of its new registration.
    let refuse: (() => void) | null = null;
    const desk = new Desk({ concurrency: 1 }, undefined, async ({ path }) => {
      if (!path.endsWith("/lease") || refuse !== null) return undefined;
      await new Promise<void>((resolve) => (refuse = resolve));
      return problem(404, "engine_not_found");
    });
    desk.engine.on("x", keeping);
    await desk.working(async () => {
      await until(() => refuse !== null && desk.bodies("heartbeat").length > 0);
      desk.server.removeEngine(desk.engine.engineId!);
      await until(() => desk.bodies("register").length === 2);
      refuse!();
      await desk.put();
      assert.equal((await desk.answer()).outcome, "completed");
    });
    assert.equal(desk.bodies("register").length, 2);
  });
});
