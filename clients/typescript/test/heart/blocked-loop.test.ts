import assert from "node:assert/strict";
import { test } from "node:test";
import { blockLoop, Patient, until } from "./beating.js";
import { BeatsServer } from "./beats-server.js";

test("while the loop is blocked, heartbeats go on, leases are renewed, and a warning says so", async () => {
  const server = await new BeatsServer().open();
  const patient = await new Patient({ url: server.url }).start();
  try {
    await server.script({ expiresInSeconds: 2 });
    const row = patient.lease(2);
    const cancelled = patient.lease(2);
    await until(async () => (await server.beats()).some(({ body }) => body.leases.length > 0));
    await server.script({ expiresInSeconds: 2, answer: { events_to_cancel: [cancelled.eventId] } });
    const from = Date.now() / 1000;
    blockLoop(7);
    const to = Date.now() / 1000;

    assert.ok(row.leaseEnd < patient.leases.now(), "nothing could be heard meanwhile");
    assert.equal(cancelled.told, null);
    patient.heart.catchUp(patient.leases.now());
    assert.ok(patient.leases.isCertain(row));
    assert.equal(cancelled.told, "cancel_requested");

    const beats = (await server.beats()).filter(({ at }) => at > from && at < to);
    assert.ok(beats.length >= 4, String(beats.length));
    assert.ok(beats.every(({ body }) => body.leases[0]?.event_id === row.eventId));
    const line = await until(() => patient.lines.find(({ message }) => message.includes("is blocked")));
    assert.equal(line.level, "warn");
    assert.match(line.message, /^the event loop is blocked for \d s/);
    await until(() => patient.lines.some(({ message }) => message.includes("goes on after")));
    assert.equal(patient.leases.stats.heartbeatsLate, 0);
  } finally {
    await patient.heart.stop();
    await server.close();
  }
});

test("what blocks the loop is named", async () => {
  const patient = await new Patient({ url: "http://127.0.0.1:9" }).start();
  try {
    blockLoop(7);
    const line = await until(() => patient.lines.find(({ message }) => message.includes("is blocked")));
    assert.match(line.message, /the event loop is blocked for \d s\n[^]* {4}at blockLoop \(.*beating\.js:\d+\)/);
  } finally {
    await patient.heart.stop();
  }
});

test("a handler may block the loop as soon as its lease is there", async () => {
  const server = await new BeatsServer().open();
  const patient = await new Patient({ url: server.url }).start();
  try {
    const row = patient.lease(2);
    blockLoop(3);
    const beats = (await server.beats()).filter(({ body }) => body.leases.length > 0);
    assert.equal(beats[0]?.body.leases[0]?.lease_token, row.leaseToken);
    assert.notEqual(beats[0].body.leases[0].renew, false);
  } finally {
    await patient.heart.stop();
    await server.close();
  }
});

test("a loop that is blocked for too long is taken for dead: no renewals, and health fails, until it goes on", async () => {
  const server = await new BeatsServer().open();
  const patient = await new Patient({ url: server.url, stallSeconds: 1.5, healthPort: 0 }).start();
  try {
    patient.lease(2);
    await until(async () => (await server.beats()).some(({ body }) => body.leases.length > 0));
    await server.probe(`http://127.0.0.1:${patient.heart.healthPort ?? 0}/healthz`, 0.2);
    await until(async () => (await server.read()).statuses.includes(200));
    const from = Date.now() / 1000;
    blockLoop(6);
    const to = Date.now() / 1000;

    const { beats, statuses } = await server.read();
    const isRenewed = beats
      .filter(({ at, body }) => at > from && at < to && body.leases.length > 0)
      .map(({ body }) => body.leases[0]?.renew !== false);
    assert.equal(isRenewed.at(-1), false);
    assert.equal(statuses.at(-1), 503);
    assert.ok(!statuses.includes(0), "health always answers");
    await until(async () => (await server.read()).statuses.at(-1) === 200);
    assert.ok(patient.lines.some(({ level, message }) => level === "error" && message.includes("not renewed")));
  } finally {
    await patient.heart.stop();
    await server.close();
  }
});

test("heartbeats on the loop wait for what blocks it, and that is said", async () => {
  const server = await new BeatsServer().open();
  const patient = await new Patient({ url: server.url, heartbeats: "loop" }).start();
  try {
    blockLoop(4);
    const line = await until(() => patient.lines.find(({ message }) => message.includes("held up")));
    assert.match(line.message, /heartbeats: "thread"/);
    assert.equal(patient.leases.stats.heartbeatsLate, 1);
  } finally {
    await patient.heart.stop();
    await server.close();
  }
});
