// The page of one engine: what it does and holds, when that comes back, and what can be done about it.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { Engine } from "../installations/engine.js";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const operator = new Caller(night.url, night.tokens.operator ?? null);
/** For engines of their own. @type {any} */
const own = { url: night.url, tokens: night.tokens, as: (/** @type {"orchestrator" | null} */ role) => new Caller(night.url, role === null ? null : (night.tokens[role] ?? null)) };
const run = Date.now().toString(36);

/** An engine that holds two events, of which it reports five. @param {string} queue @param {Record<string, unknown>} [policy] */
async function engineAtWork(queue, policy) {
  const engine = await Engine.register(own, queue, { version: "1.2.3", slots: 4, timeout: 3600, config: { region: "north" } });
  const events = [1, 2].map((n) => ({ engine_type: queue, event_type: `${queue}.requested`, payload: { n }, ...(policy ? { retry_policy: policy } : {}) }));
  const ids = await operator.enqueue(events);
  assert.equal((await engine.exchange({ limit: 2, wait: 20 })).length, 2);
  await engine.heartbeat({ current_workload: 5 });
  return { engine, ids };
}

dashboardTest("an engine is said in a sentence, with what it holds, until when, and its own word about its load", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = `held-${run}`;
  const { engine, ids } = await engineAtWork(queue);
  await dashboard.open(`#/queues/${queue}`);
  await page.getByRole("region", { name: "Engines" }).getByRole("link", { name: /…/ }).click();
  await page.waitForURL(new RegExp(`#/engines/${engine.id}`));
  await page.getByText(/^Active\. It holds 2 of 4\. Last heartbeat .*; it last asked for work .*\.$/).waitFor();
  await page.getByText("The engine reports a load of 5, and the server counts 2 leases. They differ.").waitFor();
  const leases = page.getByRole("table", { name: "Leases, the newest first" });
  await leases.getByRole("row").nth(2).waitFor();
  assert.equal(await leases.getByRole("row").count(), 3);
  await leases.getByText(/^as its lease ends then$/).first().waitFor();
  assert.match(await leases.locator("tbody tr").first().innerText(), /4 min \d+ s|5 min/);
  await page.locator("summary", { hasText: "Metadata" }).click();
  await page.getByRole("tree", { name: "metadata" }).getByText('"north"').waitFor();
  await leases.getByRole("link").first().click();
  await page.waitForURL(new RegExp(`#/events/(${ids.join("|")})`));
  await engine.caller.call("DELETE", `engines/${engine.id}`);
});

dashboardTest("an engine is drained and resumed on its page, with the effect said beforehand", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const { engine } = await engineAtWork(`drained-${run}`);
  const status = async () => (await operator.call("GET", `engines/${engine.id}`)).status;
  await dashboard.open(`#/engines/${engine.id}`);
  await page.getByText(`Drain: It finishes the 2 that it holds, and gets nothing more; it stays registered. No other engine of drained-${run} is active`).waitFor();
  await page.getByRole("button", { name: "Drain", exact: true }).click();
  await page.locator(".notice", { hasText: "No other engine of its queue is active: the queue stands still meanwhile." }).waitFor();
  await page.getByText(/^Draining for .*: it gets no new events, and stays registered\. It holds 2 of 4/).waitFor();
  assert.equal(await status(), "draining");
  await page.getByText(/^Resume: It is given events of/).waitFor();
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await page.getByText(/^Active\. It holds 2 of 4/).waitFor();
  assert.equal(await status(), "active");
  assert.match((await page.getByRole("button", { name: /^Remove …/ }).getAttribute("title")) ?? "", /may not do this: it needs the role orchestrator/);
  await engine.caller.call("DELETE", `engines/${engine.id}`);
});

dashboardTest("an engine is removed by who may, and it is said what becomes of each event that it holds", night, { role: "orchestrator" }, async (dashboard) => {
  const { page } = dashboard;
  const { engine, ids } = await engineAtWork(`removed-${run}`, { dead_letter_threshold: 1 });
  await dashboard.open(`#/engines/${engine.id}`);
  await page.getByRole("button", { name: "Remove …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("The 2 events that it holds go back into the queue as silent losses. Drain it first").waitFor();
  assert.equal(await dialog.getByText("becomes a dead letter: this is its last silent loss").count(), 2);
  await dialog.getByRole("button", { name: "Remove the engine" }).click();
  await page.locator(".notice", { hasText: "is removed." }).waitFor();
  await page.getByRole("heading", { name: "No engine of this id is registered" }).waitFor();
  for (const id of ids) assert.equal((await operator.call("GET", `events/${id}`)).dead_letter_reason, "lease_losses_exhausted");
  await dashboard.open("#/help");
  await dashboard.open(`#/engines/${engine.id}`);
  await page.getByRole("heading", { name: "No engine of this id is registered" }).waitFor();
});

dashboardTest("of a silent engine it is said that what it held has come back, and of one without heartbeats when each does", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open(`#/engines/${night.facts["silent_engine"]}`);
  await page.getByText(/^Silent: last seen .* ago\. It holds 0 of 4/).waitFor();
  await page.getByText("Nothing. What it held when it fell silent is back in the queue.").waitFor();
  await page.getByText(/It said nothing for 3 s, so what it held was taken back then/).waitFor();
  const queue = `quiet-${run}`;
  const engine = await Engine.register(own, queue, { slots: 1, timeout: 3 });
  await operator.enqueue([{ engine_type: queue, event_type: "quiet.requested", payload: 1 }]);
  assert.equal((await engine.exchange({ limit: 1, wait: 20 })).length, 1);
  while ((await operator.call("GET", `engines/${engine.id}`)).status !== "unresponsive") await page.waitForTimeout(300);
  await dashboard.open(`#/engines/${engine.id}`);
  await page.getByRole("heading", { name: "What it holds still, and when that comes back" }).waitFor();
  await page.getByText(/^comes back in 4 min/).waitFor();
  await engine.caller.call("DELETE", `engines/${engine.id}`);
});
