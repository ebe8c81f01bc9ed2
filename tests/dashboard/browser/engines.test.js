// All engines in one table: which version does the dying, which only look alive, and draining some, with what that leaves said beforehand.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Caller } from "../installations/caller.js";
import { Engine } from "../installations/engine.js";
import { runSql } from "../installations/installation.js";
import { dashboardTest, installations, proxiedTest } from "./dashboard.js";
import { dieOf } from "./letters.js";

const { crowd, night } = installations;
const operator = new Caller(night.url, night.tokens.operator ?? null);
/** For engines of their own. @type {any} */
const own = { url: night.url, tokens: night.tokens, as: (/** @type {"orchestrator" | null} */ role) => new Caller(night.url, role === null ? null : (night.tokens[role] ?? null)) };
const run = Date.now().toString(36);

/** @param {string} queue @param {string} version @param {number} many */
function register(queue, version, many) {
  return Promise.all(Array.from({ length: many }, () => Engine.register(own, queue, { version, slots: 4 })));
}

/** @param {readonly Engine[]} engines */
function statusesOf(engines) {
  return Promise.all(engines.map(async ({ id }) => (await operator.call("GET", `engines/${id}`)).status));
}

/** @param {readonly Engine[]} engines */
async function remove(engines) {
  for (const engine of engines) await engine.caller.call("DELETE", `engines/${engine.id}`);
}

dashboardTest("S4: the version that does the dying stands first, and is drained in 3 clicks; undone, what drained before still drains", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = `dying-${run}`;
  await dieOf(night, queue, Array.from({ length: 24 }, () => ({ type: "Timeout", message: "no answer" })), "2.4.1");
  const [bad, good] = [await register(queue, "2.4.1", 3), await register(queue, "2.4.0", 2)];
  await operator.call("POST", `engines/${bad[0]?.id}/drain`, { reason: "its disk is full", then: "stay" });
  await dashboard.open();
  await dashboard.click(page.getByRole("link", { name: "Engines", exact: true }));
  const row = page.getByRole("table", { name: "Engines by type and version" }).locator("tr.table-row", { hasText: queue }).filter({ hasText: "2.4.1" });
  await row.getByText("100 % failed").waitFor();
  await dashboard.click(row.getByRole("button", { name: "Drain …" }));
  const dialog = page.getByRole("dialog", { name: `Drain version 2.4.1 of ${queue}?` });
  await dialog.getByText(`2 of 4 active engines of ${queue} would get no more events; 2 remain, with 8 slots`).waitFor();
  await dialog.getByText("quarantine the version to give them none").waitFor();
  await dashboard.click(dialog.getByRole("button", { name: "Drain 2 engines" }));
  const notice = page.locator(".notice", { hasText: "3 engines of version 2.4.1 are draining." });
  await notice.waitFor();
  assert.ok(dashboard.clicks <= 3, `${dashboard.clicks} clicks`);
  assert.deepEqual(await statusesOf([...bad, ...good]), ["draining", "draining", "draining", "active", "active"]);
  await notice.getByRole("button", { name: "Undo" }).click();
  await page.locator(".notice", { hasText: "2 engines work again." }).waitFor();
  assert.deepEqual(await statusesOf(bad), ["draining", "active", "active"]);
  await remove([...bad, ...good]);
});

dashboardTest("S7: an engine that sends heartbeats and asks for nothing is found in 2 clicks", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = `stuck-${run}`;
  const [engine] = await register(queue, "1.0.0", 1);
  const [event] = await operator.enqueue([{ engine_type: queue, event_type: `${queue}.requested`, payload: 1 }]);
  await runSql(night.databaseUrl, `
    update eventlease.engine_states set registered_at = now() - interval '10 minutes', last_poll_at = now() - interval '5 minutes' where engine_id = '${engine?.id}';
    update eventlease.event_queue set available_at = now() - interval '5 minutes' where event_id = '${event}'`);
  await engine?.heartbeat({ current_workload: 0 });
  // Nobody could ask before the service was there: the server judges nobody in its first minute.
  while ((await operator.call("GET", `engines?zombie=true&engine_type=${queue}`)).items.length === 0) await pause(1000);
  await dashboard.open();
  await dashboard.click(page.getByRole("link", { name: "Engines", exact: true }));
  await dashboard.click(page.getByRole("group", { name: "Ready filters" }).getByRole("button", { name: /^zombies [1-9]/ }));
  const row = page.locator(`tr[data-key="${engine?.id}"]`);
  await row.getByText(/^It asked for work until \d+ min ago, and then no more: it may be stuck\.$/).waitFor();
  assert.equal(dashboard.clicks, 2);
  assert.match(await row.innerText(), /zombie/);
  await row.getByRole("link").first().click();
  await page.waitForURL(new RegExp(`#/engines/${engine?.id}`));
  await operator.call("POST", `events/${event}/cancel`);
  await remove(engine ? [engine] : []);
});

dashboardTest("chosen engines are drained with what that leaves said beforehand, and resumed", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = `chosen-${run}`;
  const engines = await register(queue, "1.0.0", 3);
  await dashboard.open(`#/engines?engine_type=${queue}`);
  await page.getByText("3 engines.", { exact: true }).waitFor();
  for (const { id } of engines.slice(0, 2)) await page.getByRole("checkbox", { name: `Choose ${id}` }).check();
  const bar = page.getByRole("group", { name: "What is chosen" });
  await bar.getByRole("button", { name: "Drain …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`2 of 3 active engines of ${queue} would get no more events; 1 remains`).waitFor();
  await dialog.getByLabel("Reason").fill("their machine is replaced");
  await dialog.getByRole("button", { name: "Drain 2 engines" }).click();
  await page.locator(".notice", { hasText: "2 engines drain." }).waitFor();
  assert.deepEqual(await statusesOf(engines), ["draining", "draining", "active"]);
  assert.equal((await operator.call("GET", `engines/${engines[0]?.id}`)).drain.reason, "their machine is replaced");
  await bar.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Resume", exact: true }).nth(1).waitFor();
  await page.getByRole("checkbox", { name: "Choose all rows that are loaded" }).check();
  await bar.getByRole("button", { name: "Resume …" }).click();
  await dialog.getByText(`2 engines of ${queue} get events again with the next poll.`).waitFor();
  await dialog.getByRole("button", { name: "Resume 2 engines" }).click();
  await page.locator(".notice", { hasText: "2 engines work again." }).waitFor();
  assert.deepEqual(await statusesOf(engines), ["active", "active", "active"]);
  await page.getByRole("checkbox", { name: `Choose ${engines[0]?.id}` }).check();
  await page.getByRole("button", { name: /^idle/ }).click();
  await page.locator(".notice", { hasText: "Nothing is chosen any more, as the filter has changed." }).waitFor();
  await bar.waitFor({ state: "detached" });
  await remove(engines);
});

dashboardTest("who may not drain reads why, and has nothing to choose", night, { role: "reader" }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/engines?engine_type=billing");
  for (const name of ["Engines by type and version", "Engines"]) {
    const drain = page.getByRole("table", { name, exact: true }).getByRole("button", { name: /^Drain/ }).first();
    assert.match((await drain.getAttribute("title")) ?? "", /may not do this: it needs the role operator or orchestrator/);
  }
  assert.equal(await page.getByRole("checkbox").count(), 0);
});

dashboardTest("an engine's slots are changed by who may, with what that does said beforehand, and taken back", night, { role: "orchestrator" }, async (dashboard) => {
  const { page } = dashboard;
  const [engine] = await register(`slots-${run}`, "1.0.0", 1);
  const slots = async () => (await operator.call("GET", `engines/${engine?.id}`)).metadata.static_config.resource_limits.max_concurrent_events;
  await dashboard.open(`#/engines/${engine?.id}`);
  await page.getByRole("button", { name: "Change slots …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Slots").fill("7");
  await dialog.getByText("It holds nothing, and may be given up to 7 more events from its next poll on.").waitFor();
  await dialog.getByRole("button", { name: "Change the slots" }).click();
  const notice = page.locator(".notice", { hasText: /has 7 slots now, instead of 4 slots\./ });
  await notice.waitFor();
  await page.getByText(/holds 0 of 7/).waitFor();
  assert.equal(await slots(), 7);
  await notice.getByRole("button", { name: "Undo" }).click();
  await page.locator(".notice", { hasText: "has 4 slots again." }).waitFor();
  assert.equal(await slots(), 4);
  await remove(engine ? [engine] : []);
});

proxiedTest("10,000 engines: read in 50 pages and no more, drawn as far as they are in view, and asked for less where less is wanted", crowd, {}, async (dashboard, proxy) => {
  const { page } = dashboard;
  const pages = /^GET \/api\/v1\/engines\?/;
  await dashboard.open("#/engines");
  await page.getByText("10,000 engines. There are more: the newest 10,000 are read").waitFor();
  assert.equal(proxy.count(pages), 50);
  const table = page.getByRole("table", { name: "Engines", exact: true });
  assert.equal(await table.getAttribute("aria-rowcount"), "10001");
  assert.ok((await table.locator("tr.table-row").count()) < 200, "rows beyond the window are in the document");
  const since = performance.now();
  await page.getByRole("table", { name: "Engines by type and version" }).getByRole("link", { name: "hostile" }).click();
  await page.getByText("1 engine.", { exact: true }).waitFor();
  assert.equal(proxy.count(pages, since), 1);
});
