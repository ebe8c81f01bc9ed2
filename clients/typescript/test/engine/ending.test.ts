/** How engines end, who may end them, and what is closed last. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigurationError, Engine, EngineRefused, run, type EngineOptions } from "../../src/index.js";
import { gate, until } from "../handling.js";
import { Desk, nothing, problem } from "./desk.js";

suite("an engine ends", { concurrency: true }, () => {
  test("and a handler that is cut off is released", async () => {
    const desk = new Desk({ drainSeconds: 0 });
    const [begun, over] = [gate(), gate()];
    desk.engine.on("x", () => {
      begun.open();
      return over.opened;
    });
    const eventId = await desk.put();
    await desk.working(() => begun.opened);
    const { outcome, code } = await desk.attempt(eventId);
    assert.deepEqual([outcome, code], ["released", "stopping"]);
    assert.ok(desk.said("left, with status 1"));
    over.open();
  });

  test("and a handler that heeds its signal is released in order", async () => {
    const desk = new Desk({ drainSeconds: 30, graceSeconds: 30 });
    const begun = desk.endsWhenTold((event) => {
      event.check();
    });
    const eventId = await desk.put();
    await desk.working(() => begun);
    assert.equal((await desk.attempt(eventId))["outcome"], "released");
    assert.ok(desk.said("left, with status 0"));
  });

  test("and a handler may finish, while what waits is given back", async () => {
    const desk = new Desk({ concurrency: 1, prefetch: 1, drainSeconds: 30 });
    const [begun, over] = [gate(), gate()];
    desk.engine.on("x", () => {
      begun.open();
      return over.opened;
    });
    const first = await desk.put();
    let second = "";
    await desk.working(async () => {
      await begun.opened;
      second = await desk.put();
      await until(() => desk.server.event(second)["status"] === "processing");
      await desk.stopping(async () => {
        await until(() => desk.server.event(second)["status"] === "queued");
        over.open();
      });
    });
    assert.equal(desk.server.event(first)["status"], "completed");
    assert.equal((await desk.attempt(second))["outcome"], "released");
  });

  for (const isHeld of [true, false]) {
    test(`and says what it could ${isHeld ? "not " : ""}report`, async () => {
      const desk = new Desk({ drainSeconds: isHeld ? 0.2 : 30 });
      const [begun, over] = [gate(), gate()];
      desk.engine.on("x", async () => {
        begun.open();
        await over.opened;
        return 42;
      });
      const eventId = await desk.put();
      await desk.working(async () => {
        await begun.opened;
        desk.server.goAway();
        over.open();
        await until(() => desk.engine.stats().completed === 1);
        if (!isHeld) desk.server.comeBack();
      });
      const errors = desk.lines.filter(({ level }) => level === "error").map(({ message }) => message);
      assert.equal(
        errors.some((message) => message.includes("not reported") && message.includes(eventId)),
        isHeld,
      );
      assert.ok(desk.said(`left, with status ${Number(isHeld)}`));
    });
  }

  test("as an operator wishes, who may also let it go on", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    desk.engine.start();
    await until(() => desk.bodies("heartbeat").length > 0);
    const drain = (then: string): Promise<unknown> =>
      desk.client.call("POST", `/engines/${desk.engine.engineId!}/drain` as `/${string}`, { then });
    await drain("stay");
    await until(() => desk.said("dialogue: draining"));
    await desk.client.call("POST", `/engines/${desk.engine.engineId!}/resume` as `/${string}`);
    await desk.put();
    await desk.answer();
    await drain("exit");
    await until(() => desk.server.engines().length === 0);
    await desk.engine.stop();
    assert.ok(desk.said("left, with status 0"));
  });

  for (const who of ["a handler", "what a handler has called", "onSettled", "the lifespan"]) {
    test(`where it is stopped by what it waits for: ${who}`, async () => {
      let hasStopped = false;
      const stop = async (): Promise<void> => {
        await desk.engine.stop();
        hasStopped = true;
      };
      const lifespan = async function* () {
        if (who === "the lifespan") await stop();
        yield undefined;
      };
      const desk: Desk = new Desk({ drainSeconds: 600, lifespan });
      desk.engine.on("x", async () => {
        if (who === "a handler") await stop();
        if (who === "what a handler has called") await sleep(1).then(stop);
        return "the last";
      });
      desk.engine.onSettled(() => (who === "onSettled" ? stop() : undefined));
      const eventId = await desk.put();
      desk.engine.start();
      await until(() => hasStopped && desk.server.engines().length === 0);
      await desk.engine.stop();
      if (who !== "the lifespan") assert.equal(desk.server.event(eventId)["status"], "completed");
    });
  }

  test("and what handlers share is closed after the last of them, however long that takes", async () => {
    const seen: string[] = [];
    const desk = new Desk({
      drainSeconds: 600,
      lifespan: async function* () {
        yield undefined;
        seen.push(`${desk.server.engines().length} engines`);
        await sleep(2500);
        seen.push("closed");
      },
    });
    const begun = gate();
    desk.engine.on("x", async () => {
      begun.open();
      await until(() => desk.bodies("drain").length > 0);
      seen.push("handled");
    });
    await desk.put();
    await desk.working(() => begun.opened);
    assert.deepEqual(seen, ["handled", "0 engines", "closed"]);
  });

  for (const moment of ["entered", "left"]) {
    test(`although what its handlers share cannot be ${moment}`, async () => {
      const desk = new Desk({
        healthPort: 0,
        lifespan: function* () {
          if (moment === "entered") throw new RangeError("broken");
          yield undefined;
          throw new RangeError("broken");
        },
      });
      desk.engine.on("x", nothing);
      desk.engine.start();
      if (moment === "left") {
        await desk.put();
        await desk.answer();
        await desk.engine.stop();
        assert.ok(desk.said("the lifespan did not end well"));
      } else {
        await until(() => desk.said("left, with status 4"));
        await assert.rejects(desk.engine.stop(), /RangeError: broken/);
      }
      assert.deepEqual(desk.server.engines(), []);
    });
  }

  test("while what its handlers share opens, which is closed later", async () => {
    const [opening, opened, closed] = [gate(), gate(), gate()];
    const desk = new Desk({
      drainSeconds: 600,
      lifespan: async function* () {
        opening.open();
        await opened.opened;
        yield undefined;
        closed.open();
      },
    });
    desk.engine.on("x", nothing);
    desk.engine.start();
    await opening.opened;
    await desk.engine.stop();
    assert.deepEqual([desk.server.engines(), desk.bodies("exchange")], [[], []]);
    assert.ok(desk.said("the lifespan is still opening"));
    assert.ok(desk.said("left, with status 0"));
    opened.open();
    await closed.opened;
  });

  test("although what its handlers share does not close, and says for what it waits", async () => {
    const over = gate();
    const desk = new Desk({
      drainSeconds: 7,
      lifespan: async function* () {
        yield undefined;
        await over.opened;
      },
    });
    desk.engine.on("x", nothing);
    await desk.put();
    await desk.working(async () => {
      await desk.answer();
    });
    const said = desk.lines.map(({ level, message }) => `${level} ${message}`).join("\n");
    assert.match(said, /warn .*waits for its lifespan to close\nerror .*not closed in time[^]*left, with status 1/);
    over.open();
  });

  test("by itself, and does not look as if it worked, and may begin again", async () => {
    const desk = new Desk({ healthPort: 0 });
    desk.engine.on("x", nothing);
    desk.server.refuseNext("register", "unauthenticated");
    desk.engine.start();
    await until(() => desk.said("left, with status 2"));
    assert.throws(() => desk.engine.stats(), EngineRefused);
    await assert.rejects(desk.engine.ended, /unauthenticated/);
    assert.deepEqual([desk.engine.engineId, desk.engine.healthPort], [undefined, undefined]);
    await assert.rejects(desk.engine.stop(), /unauthenticated/);
    await desk.engine.stop();
    await desk.working(() => until(() => desk.server.engines().length > 0));
  });

  test("that was run, and may be stopped whatever its end", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    desk.server.refuseNext("register", "unauthenticated");
    const { exitCode } = process;
    await assert.rejects(desk.engine.run(), /unauthenticated/);
    assert.equal(process.exitCode, 2);
    process.exitCode = exitCode ?? 0;
    await desk.engine.stop();
  });

  test("and is not registered again by what is refused meanwhile", async () => {
    const [leaving, refused] = [gate(), gate()];
    const desk = new Desk({}, undefined, async ({ method, path }) => {
      if (method === "DELETE") {
        leaving.open();
        await refused.opened;
      }
      if (!path.endsWith("/heartbeat")) return undefined;
      await leaving.opened;
      setImmediate(() => {
        refused.open();
      });
      return problem(404, "engine_not_found");
    });
    desk.engine.on("x", nothing);
    await desk.put();
    await desk.working(async () => {
      await desk.answer();
    });
    assert.deepEqual([desk.bodies("register").length, desk.server.engines()], [1, []]);
  });

  test("with the block that it belongs to", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    {
      await using engine = desk.engine;
      engine.start();
      await until(() => desk.server.engines().length > 0);
    }
    assert.deepEqual(desk.server.engines(), []);
  });

  test("once, though it is asked to several times", async () => {
    const desk = new Desk();
    desk.engine.on("x", nothing);
    await desk.engine.stop();
    desk.engine.start();
    assert.throws(() => {
      desk.engine.start();
    }, ConfigurationError);
    const { ended } = desk.engine;
    await until(() => desk.bodies("exchange").length > 0);
    await Promise.all([desk.engine.stop(), desk.engine.stop(), desk.engine.stop(), ended]);
    assert.deepEqual(desk.server.engines(), []);
    assert.deepEqual([desk.bodies("drain").length, desk.bodies("deregister").length], [1, 1]);
  });

  test("before it has begun, where it is set up wrongly", async () => {
    const wrong: EngineOptions[] = [{ token: "" }, { concurrency: 0 }, { url: "localhost" }, { engineId: "me" }];
    for (const options of wrong) {
      const engine = new Engine("x", options).on("x", nothing);
      assert.throws(() => {
        engine.start();
      }, ConfigurationError);
      await engine.stop();
    }
    assert.throws(() => {
      new Engine("x").start();
    }, /no handler/);
    await assert.rejects(run(), ConfigurationError);
    for (const add of ["around", "onSettled", "onLost"] as const) {
      assert.throws(() => new Engine("x")[add](5 as never), new RegExp(`given to ${add} must be a function`));
    }
  });
});
