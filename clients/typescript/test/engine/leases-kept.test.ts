/** Leases are kept whatever handlers do, while the engine drains, and until the last report is answered. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { LeaseUncertain } from "../../src/index.js";
import { FakeServer } from "../../src/testing/index.js";
import { gate, until } from "../handling.js";
import { Desk, nothing, problem, told } from "./desk.js";

suite("leases are kept", { concurrency: true }, () => {
  test("though they are shorter than the time between heartbeats", async () => {
    const desk = new Desk({ heartbeatTimeoutSeconds: 600, visibilityTimeoutSeconds: 3 });
    const over = gate();
    desk.engine.on("x", async (event) => {
      await over.opened;
      return event.leaseCertain;
    });
    const eventId = await desk.put();
    await desk.working(async () => {
      await until(() => desk.heartbeatsWith(eventId) + desk.sent("processing").length >= 3);
      over.open();
      await desk.answer();
    });
    const { attempt, result } = desk.server.event(eventId);
    assert.deepEqual([attempt, result], [1, true]);
  });

  for (const code of [
    "internal",
    "overloaded",
    "database_unavailable",
    "malformed_json",
    "forbidden",
    "lost",
  ] as const) {
    test(`though heartbeats fail: ${code}`, async () => {
      const desk = new Desk({ heartbeatTimeoutSeconds: 3 });
      const over = gate();
      desk.engine.on("x", async (event) => {
        await over.opened;
        return event.leaseCertain;
      });
      if (code === "lost") desk.server.loseNextReply("heartbeat", 2);
      else desk.server.refuseNext("heartbeat", code, { times: 2 });
      const eventId = await desk.put();
      await desk.working(async () => {
        await until(() => desk.heartbeatsWith(eventId) >= 4);
        over.open();
        await desk.answer();
      });
      assert.equal(desk.server.event(eventId)["result"], true);
    });
  }

  test("and cancels are told while the engine drains", async () => {
    const desk = new Desk({ drainSeconds: 600, heartbeatTimeoutSeconds: 3 });
    const begun = desk.endsWhenTold((event) => {
      event.check();
    });
    const eventId = await desk.put();
    await desk.working(async () => {
      await begun;
      await desk.stopping(async () => {
        await until(() => desk.bodies("drain").length > 0);
        const before = desk.heartbeatsWith(eventId);
        await until(() => desk.heartbeatsWith(eventId) >= before + 4); // for longer than the heartbeat timeout
        await desk.client.cancel(eventId);
        assert.equal((await desk.answer()).outcome, "cancelled");
      });
    });
  });

  for (const drains of [false, true]) {
    test(`for a result that is not answered yet${drains ? ", while the engine drains" : ""}`, async () => {
      let refuses = false;
      let isRefused = false;
      const desk = new Desk({ drainSeconds: 600, heartbeatTimeoutSeconds: 3 }, undefined, ({ body }) => {
        if (!refuses || !body.includes('"completed"')) return undefined;
        isRefused = true;
        return problem(503, "database_unavailable");
      });
      const [begun, over] = [gate(), gate()];
      desk.engine.on("x", async () => {
        begun.open();
        await over.opened;
        return "kept";
      });
      const eventId = await desk.put();
      const isRenewedAndSettled = async (): Promise<void> => {
        const before = desk.heartbeatsWith(eventId);
        await until(() => desk.heartbeatsWith(eventId) >= before + 4);
        refuses = false;
        assert.equal((await desk.answer()).outcome, "completed");
      };
      await desk.working(async () => {
        await begun.opened;
        refuses = true;
        over.open();
        await until(() => isRefused);
        if (drains) await desk.stopping(isRenewedAndSettled);
        else await isRenewedAndSettled();
      });
      const { attempt, result } = desk.server.event(eventId);
      assert.deepEqual([attempt, result], [1, "kept"]);
    });
  }

  for (const reason of ["lease_lost", "cancel_requested", "timeout", "stopping"] as const) {
    test(`or the handler is told: ${reason}`, async () => {
      const desk = new Desk({
        concurrency: 1,
        heartbeatTimeoutSeconds: 3,
        ...(reason === "stopping" && { drainSeconds: 600, graceSeconds: 600 }),
      });
      const begun = gate();
      const seen: unknown[] = [];
      const options = reason === "timeout" ? { timeoutSeconds: 0.01 } : {};
      desk.engine.on("x", options, async (event) => {
        begun.open();
        if (seen.length > 0) return; // it may be leased again
        await told(event);
        seen.push(event.cancelled);
        event.check();
      });
      const eventId = await desk.put();
      await desk.working(async () => {
        await begun.opened;
        if (reason === "lease_lost") desk.server.expireLeases();
        if (reason === "cancel_requested") await desk.client.cancel(eventId);
        if (reason !== "stopping") await until(() => seen.length > 0);
      });
      assert.deepEqual(seen, [reason]);
    });
  }

  test("and are uncertain once the server has not confirmed them for long", async () => {
    const desk = new Desk({ heartbeatTimeoutSeconds: 3 });
    const begun = gate();
    desk.engine.on("x", async (event) => {
      begun.open();
      await until(() => !event.leaseCertain);
      assert.throws(() => {
        event.checkCertain();
      }, LeaseUncertain);
      desk.server.comeBack();
      event.checkCertain();
    });
    const eventId = await desk.put();
    await desk.working(async () => {
      await begun.opened;
      desk.server.goAway();
      await desk.answer();
    });
    assert.equal((await desk.attempt(eventId, 1))["code"], "lease_uncertain"); // it may be leased again already
  });

  for (const drains of [false, true]) {
    test(`though the reply that brought them was cut${drains ? ", and the engine drains meanwhile" : ""}`, async () => {
      const server = new FakeServer();
      const [cut, drained] = [gate(), gate()];
      let isCut = false;
      const desk: Desk = new Desk({ drainSeconds: 600 }, server, async ({ method, path, body }) => {
        if (!path.endsWith("/lease") || isCut) return undefined;
        const headers = { "x-engine-id": desk.engine.engineId! };
        const reply = await server.fetch(`http://fake/api/v1${path}`, { method, body, headers });
        if (!(await reply.clone().text()).includes("lease_token")) return reply;
        isCut = true;
        cut.open();
        if (drains) await drained.opened;
        throw new TypeError("fetch failed", { cause: Object.assign(new Error("cut"), { code: "UND_ERR_SOCKET" }) });
      });
      desk.engine.on("x", nothing);
      let eventId = "";
      await desk.working(async () => {
        eventId = await desk.put();
        await cut.opened;
        if (!drains) {
          assert.equal((await desk.answer()).outcome, "completed");
          return;
        }
        await desk.stopping(async () => {
          await until(() => desk.bodies("drain").length > 0);
          drained.open();
        });
      });
      assert.equal(server.event(eventId)["attempt"], 1);
      // Neither counts as a loss.
      if (drains) assert.ok(["released", "deregistered"].includes(String((await desk.attempt(eventId))["outcome"])));
    });
  }
});
