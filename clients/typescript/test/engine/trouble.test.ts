/** What happens to an engine when the server, the network or a handler does not do as it should. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { EngineRefused, Hold, type Event } from "../../src/index.js";
import { FakeServer } from "../../src/testing/index.js";
import { gate, until } from "../handling.js";
import { Desk, nothing, problem, QUEUE } from "./desk.js";

suite("an engine in trouble", { concurrency: true }, () => {
  for (const operation of ["register", "exchange", "settleMany", "heartbeat"] as const) {
    for (const trouble of ["lost", "database_unavailable", "internal"] as const) {
      test(`every event is settled once: ${operation} is ${trouble}`, async () => {
        const desk = new Desk({ concurrency: 3 });
        const begun: string[] = [];
        desk.engine.on("x", (event) => {
          begun.push(event.eventId);
        });
        if (trouble === "lost") desk.server.loseNextReply(operation, 3);
        else desk.server.refuseNext(operation, trouble, { times: 3 });
        const ids = await Promise.all(Array.from({ length: 10 }, () => desk.put()));
        await desk.working(async () => {
          assert.deepEqual(new Set(await desk.outcomes(ids.length)), new Set(["completed"]));
        });
        assert.deepEqual(begun.sort(), ids.sort());
      });
    }
  }

  test("results outlast a server that is away", async () => {
    const desk = new Desk();
    const [begun, back] = [gate(), gate()];
    desk.engine.on("x", async () => {
      begun.open();
      await back.opened;
      return "kept";
    });
    const eventId = await desk.put();
    await desk.working(async () => {
      await begun.opened;
      desk.server.goAway();
      back.open();
      await until(() => desk.engine.stats().running === 0);
      desk.server.comeBack();
      await desk.answer();
    });
    assert.equal(desk.server.event(eventId)["result"], "kept");
  });

  test("a lost lease is told, and its result is tried", async () => {
    const desk = new Desk({ concurrency: 1, heartbeatTimeoutSeconds: 3 }); // one, so that it is not leased again
    const begun = desk.endsWhenTold((event) => event.cancelled);
    const eventId = await desk.put();
    await desk.working(async () => {
      await begun;
      desk.server.expireLeases();
      await desk.answer();
    });
    assert.equal(desk.server.event(eventId)["result"], "lease_lost");
    assert.ok(desk.said("was lost: expired"));
  });

  test("a cancelled event that was not begun ends at once", async () => {
    const desk = new Desk({ concurrency: 1, prefetch: 1 });
    const [begun, over] = [gate(), gate()];
    desk.engine.on("x", () => {
      begun.open();
      return over.opened;
    });
    await desk.put();
    await desk.working(async () => {
      await begun.opened;
      const eventId = await desk.put();
      await until(() => desk.server.event(eventId)["status"] === "processing");
      await desk.client.cancel(eventId);
      assert.equal((await desk.answer()).outcome, "cancelled");
      over.open();
      await desk.answer();
    });
  });

  test("handlers that all hang end the engine", async () => {
    const desk = new Desk({ concurrency: 2 });
    const over = gate();
    desk.engine.on("x", { timeoutSeconds: 0.01 }, () => over.opened);
    const ids = [await desk.put(), await desk.put()];
    desk.engine.start();
    await until(() => desk.said("left, with status 4"));
    await assert.rejects(desk.engine.stop(), (error) => error instanceof EngineRefused && /hangs/.test(error.message));
    over.open();
    for (const eventId of ids) assert.equal((await desk.attempt(eventId))["outcome"], "failed");
    const errors = desk.lines.filter(({ level }) => level === "error").map(({ message }) => message);
    assert.ok(errors.some((message) => message.includes(`event ${ids[0] ?? ""} (x, attempt 1)`)));
    assert.ok(errors.some((message) => /dialogue.*status 4.*hang/.test(message)));
  });

  test("an engine that was removed registers again", async () => {
    const desk = new Desk({ concurrency: 1 });
    const begun = desk.endsWhenTold((event) => event.cancelled);
    const eventId = await desk.put();
    await desk.working(async () => {
      await begun;
      desk.server.removeEngine(desk.engine.engineId!);
      await desk.answer();
      await until(() => desk.bodies("register").length === 2);
    });
    assert.equal(desk.server.event(eventId)["result"], "lease_lost");
  });

  test("another process with the given id ends the engine", async () => {
    const engineId = crypto.randomUUID();
    const desk = new Desk({ engineId });
    desk.engine.on("x", nothing);
    desk.engine.start();
    await until(() => desk.bodies("heartbeat").length > 0);
    await desk.client.call("POST", "/engines", { engine_id: engineId, engine_type: QUEUE });
    await until(() => desk.said("left, with status 3"));
    await assert.rejects(desk.engine.stop(), /another process/);
    assert.equal(desk.server.engines().length, 1); // the end of this process removes no engine that is another's by now
  });

  test("an engine of a random id that is taken takes another", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    await desk.working(async () => {
      await until(() => desk.bodies("heartbeat").length > 0);
      const before = desk.engine.engineId;
      await desk.client.call("POST", "/engines", { engine_id: before, engine_type: QUEUE });
      await until(() => desk.engine.engineId !== before);
      await desk.put();
      await desk.answer();
    });
  });

  test("a registration that is refused is final", async () => {
    const engineId = crypto.randomUUID();
    const desk = new Desk({ engineId });
    await desk.client.call("POST", "/engines", { engine_id: engineId, engine_type: "another" });
    desk.engine.on("x", nothing);
    desk.engine.start();
    await until(() => desk.said("left, with status 2"));
    await assert.rejects(desk.engine.stop(), /engine_id_taken/);
  });

  for (const body of ['{"x":1}', "[]", "3", "", "<html>"]) {
    test(`another service at the address ends the engine: ${body}`, async () => {
      const headers = { "content-type": "application/json" };
      const desk = new Desk({}, undefined, () => new Response(body, { headers }));
      desk.engine.on("x", nothing);
      desk.engine.start();
      await until(() => desk.said("left, with status 2"));
      await assert.rejects(desk.engine.stop(), /not from an EventLease/);
    });
  }

  test("a server that is away at the start is waited for", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    await desk.put();
    desk.server.goAway();
    await desk.working(async () => {
      await until(() => desk.said("the server does not answer"));
      desk.server.comeBack();
      await desk.answer();
    });
  });

  test("an engine can be stopped while no server is there", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    desk.server.goAway();
    await desk.working(nothing);
  });

  test("a token that cannot be read at the start is said, and ends the engine", async () => {
    const desk = new Desk({
      token: () => {
        throw new Error("no such file");
      },
    });
    desk.engine.on("x", nothing);
    desk.engine.start();
    await until(() => desk.said("left, with status 2"));
    await assert.rejects(desk.engine.stop(), /token.*read/);
  });

  for (const operation of ["exchange", "settleMany", "heartbeat"] as const) {
    for (const body of ["<html>Please log in</html>", "[]", '{"ok":true}', ""]) {
      test(`replies of something else end nothing: ${operation} is ${body}`, async () => {
        const paths = { exchange: "/lease", settleMany: "/events/status", heartbeat: "/heartbeat" };
        let others = 2;
        const headers = { "content-type": "text/html" };
        const desk = new Desk({}, undefined, ({ path }) =>
          path.endsWith(paths[operation]) && others-- > 0 ? new Response(body, { headers }) : undefined,
        );
        desk.engine.on("x", nothing);
        await desk.working(async () => {
          for (let count = 0; count < 3; count++) {
            await desk.put();
            assert.equal((await desk.answer()).outcome, "completed");
          }
        });
      });
    }
  }

  test("an answer that cannot be read crashes a part, which loses no result", async () => {
    let isBroken = true;
    const desk = new Desk({}, undefined, ({ path, body }) => {
      if (!isBroken || !body.includes('"completed"') || path.endsWith("/heartbeat")) return undefined;
      isBroken = false;
      return new Response('{"results":[null],"events":[]}', { headers: { "content-type": "application/json" } });
    });
    desk.engine.on("x", nothing);
    const eventId = await desk.put();
    await desk.working(async () => {
      assert.equal((await desk.answer()).outcome, "completed");
    });
    assert.equal(desk.server.event(eventId)["status"], "completed");
    assert.ok(desk.said("a part has crashed"));
  });

  test("a part that crashes again and again ends the engine", async () => {
    const broken = (): Response =>
      new Response('{"results":[],"events":[null]}', { headers: { "content-type": "application/json" } });
    const desk = new Desk({}, undefined, ({ path }) => (path.endsWith("/lease") ? broken() : undefined));
    desk.engine.on("x", nothing);
    desk.engine.start();
    await until(() => desk.said("left, with status 4"));
    await assert.rejects(desk.engine.stop(), /poller crashes/);
  });

  test("an event that arrives while the engine holds off is given back", async () => {
    const server = new FakeServer();
    const over = gate();
    let begun = 0;
    const desk: Desk = new Desk({ concurrency: 2 }, server, async ({ method, path, body }) => {
      if (!path.endsWith("/lease") || begun === 0) return undefined;
      const headers = { "x-engine-id": desk.engine.engineId! };
      const reply = await server.fetch(`http://fake/api/v1${path}`, { method, body, headers });
      if (!(await reply.clone().text()).includes("lease_token")) return reply;
      over.open();
      await until(() => desk.engine.stats().released === 1);
      return reply;
    });
    desk.engine.on("x", async () => {
      begun += 1;
      await over.opened;
      throw new Hold(3600, "the provider refuses calls");
    });
    await desk.put();
    await desk.working(async () => {
      await until(() => begun === 1 && desk.bodies("exchange").length > 1);
      const second = await desk.put();
      assert.deepEqual(await desk.outcomes(2), ["released", "released"]);
      const { code, reason } = await desk.attempt(second);
      assert.deepEqual([code, reason, begun], ["hold", "the provider refuses calls", 1]);
    });
  });

  test("a report that nobody takes is told once no poll can bring its event", async () => {
    const desk = new Desk({ concurrency: 1 });
    const [begun, over] = [gate(), gate()];
    desk.engine.on("x", async () => {
      begun.open();
      await over.opened;
    });
    const eventId = await desk.put();
    await desk.working(async () => {
      await begun.opened;
      assert.equal(await desk.takeElsewhere(), eventId);
      over.open();
      await until(() => desk.lost.length > 0);
      assert.equal(desk.engine.stats().resultsLost, 1);
    });
    assert.equal(desk.lost[0]!.eventId, eventId);
  });

  test("a callback that fails changes nothing", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    desk.engine.onSettled(() => {
      throw new Error("broken");
    });
    desk.engine.onSettled(() => Promise.reject(new Error("broken, too")));
    await desk.working(async () => {
      for (let count = 0; count < 3; count++) {
        await desk.put();
        await desk.answer();
      }
    });
    assert.equal(desk.lines.filter(({ message }) => message.startsWith("a callback failed")).length, 6);
  });

  test("numbers that the author's JSON reads as something else are counted all the same", async () => {
    const exact = (text: string): unknown =>
      JSON.parse(text, (_, value: unknown) =>
        typeof value === "number" ? (Number.isInteger(value) ? BigInt(value) : { valueOf: () => value }) : value,
      );
    const written = (_: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);
    const json = { parse: exact, stringify: (value: unknown) => JSON.stringify(value, written) };
    const desk = new Desk({ json, concurrency: 1, visibilityTimeoutSeconds: 3 });
    const seen: unknown[] = [];
    desk.engine.on("x", async (event) => {
      seen.push(event.payload, event.attempt, event.retriesLeft, event.leaseCertain);
      event.progress(1, { now: true });
      await until(() => desk.sent("processing").length > 0);
      if (event.payload === 2n) throw new Error("broken");
      return event.payload;
    });
    await desk.put("other");
    const ids = [await desk.put("x", 1), await desk.put("x", 2)];
    await desk.working(async () => {
      assert.deepEqual(await desk.outcomes(3), ["released", "completed", "retry_scheduled"]);
      assert.equal(desk.server.event(ids[0]!)["result"], 1);
    });
    assert.deepEqual(seen, [1n, 1, 3, true, 2n, 1, 3, true]);
    assert.deepEqual(
      desk.lines.filter(({ message }) => message.includes("crashed")),
      [],
    );
  });

  test("counts", async () => {
    const desk = new Desk();
    desk.engine.on<boolean | null>("x", (event: Event<boolean | null>) => {
      if (event.payload === true) throw new Error("broken");
    });
    await Promise.all([desk.put(), desk.put("x", true), desk.put("other")]);
    assert.throws(() => desk.engine.stats(), /does not work/);
    await desk.working(async () => {
      await desk.outcomes(3);
      const { completed, failed, released, running, waiting, polls } = desk.engine.stats();
      assert.deepEqual([completed, failed, released, running, waiting], [1, 1, 1, 0, 0]);
      assert.ok(polls > 0);
    });
  });

  test("a call that the server refuses for long is said once in a while", async () => {
    const desk = new Desk({}, undefined, ({ path }) =>
      path.endsWith("/lease") ? problem(422, "poll_id_reused") : undefined,
    );
    desk.engine.on("x", nothing);
    await desk.working(async () => {
      await until(() => desk.said("a call of engine"));
      await new Promise((resolve) => setTimeout(resolve, 2500));
    });
    assert.equal(desk.lines.filter(({ message }) => message.includes("poll_id_reused")).length, 1);
  });
});
