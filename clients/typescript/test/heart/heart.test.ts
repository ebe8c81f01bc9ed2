import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Patient, until } from "./beating.js";
import { BeatsServer } from "./beats-server.js";

for (const heartbeats of ["thread", "loop"] as const) {
  suite(`heartbeats: "${heartbeats}"`, { concurrency: true }, () => {
    /** Each test has a server and a heart of its own, so that they can run at the same time. */
    const scenario = (name: string, play: (patient: Patient, server: BeatsServer) => Promise<void>): void => {
      test(name, async () => {
        const server = await new BeatsServer().open();
        const patient = await new Patient({ url: server.url, heartbeats }).start();
        try {
          await play(patient, server);
        } finally {
          await patient.heart.stop();
          await server.close();
        }
      });
    };

    scenario("leases that were placed are listed, and renewed once a third has gone by", async (patient, server) => {
      const row = patient.lease(2);
      const before = row.leaseEnd;
      const beats = await until(async () => (await server.beats()).filter(({ body }) => body.leases.length > 0));
      assert.deepEqual(beats[0]!.body.leases, [{ event_id: row.eventId, lease_token: row.leaseToken }]);
      assert.equal(beats[0]!.path, "/api/v1/engines/e1/heartbeat");
      assert.equal(beats[0]!.headers.authorization, "Bearer first");
      assert.equal(beats[0]!.headers["x-engine-incarnation"], "1");
      await until(() => row.leaseEnd > before + 200);
      assert.ok(patient.leases.stats.heartbeats > 0);
      assert.ok(patient.heart.answeredAt! <= patient.leases.now());
      const { aliveUntil } = patient.leases.table;
      assert.ok(aliveUntil > 0 && aliveUntil <= patient.leases.now() + 3, String(aliveUntil));
    });

    scenario("a lease of which most is left is asked about without being renewed", async (patient, server) => {
      patient.lease(300);
      const beats = await until(async () => (await server.beats()).filter(({ body }) => body.leases.length > 0));
      assert.equal(beats[0]!.body.leases[0]!.renew, false);
    });

    scenario("what was settled is not listed any more", async (patient, server) => {
      const row = patient.lease();
      await until(async () => (await server.beats()).some(({ body }) => body.leases.length > 0));
      patient.leases.finish(row, null);
      await until(async () => (await server.beats()).at(-1)?.body.leases.length === 0);
    });

    scenario("a heartbeat waits at the server, and the next follows it", async (patient, server) => {
      const beats = await until(async () => {
        const all = await server.beats();
        return all.length >= 4 && all;
      });
      assert.ok(beats.every(({ body }) => body.wait_seconds === 1));
      assert.ok(beats[3]!.at - beats[1]!.at >= 1);
    });

    scenario("progress goes with the next heartbeat, once", async (patient, server) => {
      const row = patient.lease();
      patient.leases.setProgress(row, '{"lines":[1]}');
      const beats = await until(async () => {
        const listing = (await server.beats()).filter(({ body }) => body.leases.length > 0);
        return listing.length >= 3 && listing;
      });
      const shown = beats.map(({ body }) => body.leases[0]!.progress).filter((progress) => progress !== undefined);
      assert.deepEqual(shown, [{ lines: [1] }]);
      await until(() => !row.progressIsUnsent);
    });

    scenario("progress that is refused does not keep leases from being renewed", async (patient, server) => {
      const row = patient.lease();
      await server.script({ refuse: { status: 422, code: "invalid_input" }, times: 1 });
      patient.leases.setProgress(row, "1");
      const beats = await until(async () => {
        const listing = (await server.beats()).filter(({ body }) => body.leases.length > 0);
        return listing.length >= 2 && listing;
      });
      assert.equal(beats[0]!.body.leases[0]!.progress, 1);
      assert.equal("progress" in beats[1]!.body.leases[0]!, false);
    });

    scenario("a lost lease is told at once, with its reason", async (patient, server) => {
      const row = patient.lease();
      let wasInterrupted = false;
      row.wake = () => (wasInterrupted = true);
      await server.script({ entries: { [row.eventId]: { outcome: "lost", reason: "expired" } } });
      await until(() => row.ended === "expired");
      assert.equal(row.told, "lease_lost");
      assert.ok(wasInterrupted);
      assert.equal(patient.timesWaitingStopped, 1);
      assert.equal(patient.leases.stats.lost, 1);
      assert.match(patient.lines.map(({ message }) => message).join("\n"), /was lost: expired/);
      await until(async () => (await server.beats()).at(-1)?.body.leases.length === 0);
    });

    scenario("the echo of a settlement under way is no loss", async (patient, server) => {
      const row = patient.lease();
      patient.leases.table.finish(row);
      await server.script({ entries: { [row.eventId]: { outcome: "lost", reason: "completed" } } });
      await until(async () => (await server.beats()).filter(({ body }) => body.leases.length === 0).length >= 3);
      assert.equal(row.ended, null);
      assert.equal(patient.leases.stats.lost, 0);
    });

    scenario("a cancel is told once, and the next heartbeat follows at once", async (patient, server) => {
      const row = patient.lease();
      await server.script({ answer: { events_to_cancel: [row.eventId, "another"] } });
      await until(() => row.told === "cancel_requested");
      await until(async () => (await server.beats()).length >= 4);
      assert.equal(patient.timesWaitingStopped, 1);
    });

    scenario("commands are handed on", async (patient, server) => {
      await server.script({ answer: { command: "drain", drain: { then: "stay", reason: null } } });
      await until(() => patient.commands.includes("drain"));
      assert.equal(patient.commands[patient.commands.indexOf("drain") + 1], "stay");
    });

    scenario("a hold-off is said at once, and the heartbeats after it say it too", async (patient, server) => {
      patient.identity.intervalSeconds = 60;
      patient.heart.identified();
      await until(async () => (await server.beats()).some(({ body }) => body.wait_seconds! > 50));
      patient.leases.holdUntil = patient.leases.now() + 100;
      patient.leases.holdReason = "the provider is busy";
      await patient.heart.sayHold();
      const [said] = (await server.beats()).filter(({ body }) => body.holding_off !== undefined);
      assert.equal(said!.body.holding_off!.reason, "the provider is busy");
      const seconds = Date.parse(said!.body.holding_off!.until) / 1000 - said!.at;
      assert.ok(seconds > 90 && seconds < 110, String(seconds));
      await until(async () => (await server.beats()).filter(({ body }) => body.holding_off !== undefined).length >= 2);
    });

    scenario("a lease that is too short to wait for the next heartbeat is renewed before", async (patient, server) => {
      patient.identity.intervalSeconds = 60;
      patient.heart.identified();
      await until(async () => (await server.beats()).some(({ body }) => body.wait_seconds! > 50));
      await server.script({ expiresInSeconds: 2 });
      const row = patient.lease(2);
      const first = row.leaseEnd;
      await until(() => row.leaseEnd > first + 2);
    });

    scenario("a token that ended is replaced, and the leases are listed with the new one", async (patient, server) => {
      const row = patient.lease();
      patient.nextToken = "second";
      await server.script({ refuse: { status: 401, code: "unauthenticated" }, times: 1 });
      const beat = await until(async () =>
        (await server.beats()).find(
          ({ headers, body }) => headers.authorization === "Bearer second" && body.leases.length > 0,
        ),
      );
      assert.equal(beat.body.leases[0]!.event_id, row.eventId);
      assert.deepEqual(patient.recovered, []);
    });

    scenario(
      "a refusal is for the identity to decide, with the registration that it concerns",
      async (patient, server) => {
        await server.script({ refuse: { status: 404, code: "engine_not_found" }, times: 1 });
        await until(() => patient.recovered.length > 0);
        assert.deepEqual(patient.recovered[0], { code: "engine_not_found", generation: 1 });
        patient.identity.generation = 2;
        patient.identity.path = "/engines/e2";
        patient.heart.identified();
        await until(async () => (await server.beats()).at(-1)?.path === "/api/v1/engines/e2/heartbeat");
      },
    );

    scenario("more leases than one heartbeat takes are listed in several", async (patient, server) => {
      for (let count = 0; count < 1001; count++) patient.lease();
      const sizes = await until(async () => {
        const all = (await server.beats()).map(({ body }) => body.leases.length);
        return all.includes(1000) && all.includes(1) && all;
      });
      assert.equal(sizes[sizes.indexOf(1000) + 1], 1);
    });

    scenario("a server that does not answer is asked again, and nothing is lost by it", async (patient, server) => {
      const row = patient.lease(2);
      await server.script({ refuse: { status: 503, code: "shutting_down" }, times: 2 });
      await until(async () => (await server.beats()).length >= 6);
      await until(() => row.leaseEnd > patient.leases.now() + 200);
      const lines = patient.lines.filter(({ message }) => message.includes("a heartbeat was not answered"));
      assert.equal(lines.length, 1);
    });
  });
}
