// Which event kills engines, or which engine loses its events.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { completed, Engine } from "../installations/engine.js";
import { dashboardTest, installations } from "./dashboard.js";

const { calm, night } = installations;
const operator = new Caller(night.url, night.tokens.operator ?? null);
/** For engines of their own. @type {any} */
const own = { url: night.url, tokens: night.tokens, as: (/** @type {"orchestrator" | null} */ role) => new Caller(night.url, role === null ? null : (night.tokens[role] ?? null)) };
const run = Date.now().toString(36);
const short = (/** @type {string} */ id) => `${id.slice(0, 8)}…${id.slice(-6)}`;
const policy = { dead_letter_threshold: 9, retry_delay: { initial: 0, max: 0 } };

/** @param {string} queue @param {readonly unknown[]} payloads */
const enqueue = (queue, payloads) => operator.enqueue(payloads.map((payload) => ({ engine_type: queue, event_type: `${queue}.requested`, payload, retry_policy: policy })));

/** How often each event was lost by now. @param {readonly string[]} ids */
const lossesOf = (ids) => Promise.all(ids.map(async (id) => (await operator.call("GET", `events/${id}`)).lease_losses));

/** An engine takes what there is and falls silent with it. @param {string} queue @param {readonly string[]} ids that it gets @param {Engine} [again] */
async function fallSilent(queue, ids, again) {
  const engine = again ?? (await Engine.register(own, queue, { slots: ids.length }));
  const before = await lossesOf(ids);
  const taken = await engine.exchange({ limit: ids.length, wait: 20, lease: 1 });
  assert.deepEqual(taken.map(({ event_id }) => event_id).sort(), [...ids].sort());
  while ((await lossesOf(ids)).some((losses, n) => losses === before[n])) await new Promise((resolve) => setTimeout(resolve, 300));
  return engine;
}

dashboardTest("S8: one payload kills engines: find it, see whom it killed, take it out, in three clicks", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = `poison-${run}`;
  const [poison = "", innocent = ""] = await enqueue(queue, [{ frame: "a very sick one" }, { frame: 2 }]);
  // The first engine holds both; what is lost travels alone from then on, and the innocent one is done with.
  const first = await fallSilent(queue, [poison, innocent]);
  await operator.call("PATCH", `events/${poison}`, { available_at: new Date(Date.now() + 3_600_000).toISOString() });
  const second = await Engine.register(own, queue, { slots: 1 });
  assert.equal((await second.exchange({ limit: 1, wait: 20 }))[0]?.event_id, innocent);
  await operator.call("PATCH", `events/${poison}`, { available_at: new Date(Date.now()).toISOString() });
  const third = await fallSilent(queue, [poison]);
  await dashboard.open();
  await dashboard.click(page.getByRole("navigation").getByRole("link", { name: "Suspects" }));
  const row = page.getByRole("table", { name: "Suspects, the worst first" }).getByRole("row").filter({ hasText: short(poison) });
  await row.getByText("kills engines").waitFor();
  await row.getByText("2 of 9").waitFor();
  await row.getByText("7 left").waitFor();
  for (const engine of [first, third]) await row.getByRole("link", { name: short(engine.id) }).waitFor();
  await page.getByText(new RegExp(`2 engines lost event ${short(poison)}, and 1 other event was lost beside it`)).waitFor();
  await page.getByRole("table", { name: "Suspects, the worst first" }).getByRole("row").filter({ hasText: short(innocent) }).getByText("lost beside").waitFor();
  await dashboard.click(row.getByRole("button", { name: "Cancel …" }));
  await dashboard.click(page.getByRole("dialog").getByRole("button", { name: "Cancel the event" }));
  await page.locator(".notice", { hasText: "is cancelled" }).waitFor();
  assert.equal((await operator.call("GET", `events/${poison}`)).status, "cancelled");
  assert.equal(dashboard.clicks, 3);
});

dashboardTest("an engine that loses other events each time is called sick, and its events are not", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = `machine-${run}`;
  const engine = await Engine.register(own, queue, { slots: 1 });
  const ids = [];
  for (const n of [1, 2]) {
    const [id = ""] = await enqueue(queue, [{ n }]);
    await fallSilent(queue, [id], engine);
    await operator.call("PATCH", `events/${id}`, { available_at: new Date(Date.now() + 3_600_000).toISOString() });
    ids.push(id);
  }
  await dashboard.open(`#/suspects?engine_type=${queue}`);
  await page.getByText(`It looks like a sick engine: engine ${short(engine.id)} lost its events twice, others each time.`).waitFor();
  assert.equal(await page.getByRole("table", { name: "Suspects, the worst first" }).getByText("sick engine").count(), 2);
  const cross = page.getByRole("region", { name: "Who was lost with whom" });
  assert.equal(await cross.getByText("⌁ 1").count(), 2);
  await cross.getByRole("link", { name: short(engine.id) }).click();
  await page.waitForURL(new RegExp(`#/engines/${engine.id}`));
  await page.getByRole("heading", { name: `Engine of ${queue}` }).waitFor();
  await engine.caller.call("DELETE", `engines/${engine.id}`);
});

dashboardTest("the payload of a suspect comes into view below, also on a phone, and its place is in the address", night, { width: 360, height: 740 }, async (dashboard) => {
  const { page } = dashboard;
  const queue = `seen-${run}`;
  const [id = ""] = await enqueue(queue, [{ frame: "the one that kills" }]);
  await fallSilent(queue, [id]);
  await dashboard.open(`#/suspects?engine_type=${queue}`);
  await page.getByText(/^It is not known yet whether an event or an engine is sick/).waitFor();
  await page.getByRole("button", { name: "Payload" }).click();
  const value = page.getByRole("tree", { name: "payload" }).getByText('"the one that kills"');
  await value.waitFor();
  assert.ok(await value.evaluate((text) => text.getBoundingClientRect().bottom < (document.querySelector(".frame-places")?.getBoundingClientRect().top ?? 0)), "it is above the bar of the screens");
  await page.getByRole("button", { name: "Payload", pressed: true }).waitFor();
  assert.match(page.url(), new RegExp(`open=${id}`));
  await page.locator("summary", { hasText: "How suspects are handled" }).click();
  await page.getByText(/until it is redriven, with a new budget/).waitFor();
  const engine = await Engine.register(own, queue, { slots: 1 });
  const [again] = await engine.exchange({ limit: 1, wait: 20 });
  await engine.settle(again ? [completed(again)] : []);
  await page.getByText("No open event that matches was lost without a report.").waitFor();
});

dashboardTest("where none was lost, it is said what would be here", calm, { role: null }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/suspects");
  await page.getByText("No open event was lost without a report.").waitFor();
});

// The overview shows the worst of all queues, which other tests add to: so somebody looks who sees this one alone.
const admin = new Caller(night.url, night.tokens.admin ?? null);
const { token } = await admin.call("POST", "tokens", { name: `render-${run}`, role: "operator", engine_types: ["render"] });

dashboardTest("the overview's poison leads to the suspects of its queue", night, { token }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open();
  await page.getByRole("link", { name: "Show suspects" }).first().click();
  await page.waitForURL(/#\/suspects\?engine_type=render/);
  await page.getByRole("table", { name: "Suspects, the worst first" }).getByRole("row").nth(1).waitFor();
});
