// A scenario run: found, looked at, cancelled, reopened.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { Engine, failed } from "../installations/engine.js";
import { dashboardTest, installations } from "./dashboard.js";

const { calm, night } = installations;
const anyone = new Caller(calm.url, null);
/** For engines of their own, in queues of their own. @type {any} */
const open = { url: calm.url, tokens: {}, as: () => anyone };
let made = 0;

function newName() {
  made += 1;
  return `run-${Date.now().toString(36)}-${made}`;
}

/** @param {string} run @param {number} n events, none of which is due today */
function later(run, n) {
  return anyone.enqueue(Array.from({ length: n }, () => ({ engine_type: `queue-of-${run}`, event_type: "x", payload: {}, delay_seconds: 86_400, scenario_run_id: run })));
}

dashboardTest("a run is cancelled: said beforehand what ends now and which engines are asked; then it is reopened", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const run = newName();
  const engine = await Engine.register(open, `queue-of-${run}`, { slots: 1 });
  await anyone.enqueue([{ engine_type: `queue-of-${run}`, event_type: "x", payload: {}, scenario_run_id: run }]);
  assert.equal((await engine.exchange({ limit: 1 })).length, 1);
  const ids = await later(run, 2);
  await dashboard.open(`#/runs/${run}`);
  await page.getByRole("region", { name: "How far it is" }).getByText(run, { exact: true }).waitFor();
  await page.getByText("0 of 3 events have ended. 3 are open.").waitFor();
  await page.getByRole("button", { name: "Cancel the run …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/^2 queued events are cancelled now\. 1 event is with an engine/).waitFor();
  await dialog.getByText("The same from a terminal").click();
  await dialog.getByText(new RegExp(`eventlease runs cancel ${run}`)).waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Cancel the run" }).getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Type 3 to go on").fill("3");
  await dialog.getByRole("button", { name: "Cancel the run" }).click();
  await page.getByText("The run is cancelled: 2 events are cancelled, and engines are asked to stop 1 more.").first().waitFor();
  for (const id of ids) assert.equal((await anyone.call("GET", `events/${id}`)).status, "cancelled");
  await page.getByRole("button", { name: "Reopen" }).click();
  await page.getByText("The run takes events again.").first().waitFor();
  assert.equal((await anyone.call("GET", `scenario-runs/${run}`)).cancelled_at, null);
  await anyone.call("DELETE", `engines/${engine.id}`);
  await anyone.call("POST", "events/cancel", { filter: { scenario_run_id: run } });
});

dashboardTest("a run is found in the list by its state, and opened by its id", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const run = newName();
  await later(run, 1);
  await dashboard.open("#/runs?status=active");
  const row = page.getByRole("row").filter({ hasText: run });
  await row.getByText("active").waitFor();
  await anyone.call("POST", `scenario-runs/${run}/cancel`);
  await dashboard.open("#/runs?status=cancelled");
  await row.getByText("cancelled").first().waitFor();
  await page.getByLabel("Open a run by its id").fill(run);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByText("Its one event has ended: 1 cancelled.").waitFor();
});

dashboardTest("what failed in a run is there by queue and cause, with links to its events and dead letters", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const run = newName();
  const queue = `queue-of-${run}`;
  const engine = await Engine.register(open, queue, { slots: 1 });
  await anyone.enqueue([{ engine_type: queue, event_type: "x", payload: {}, scenario_run_id: run, retry_policy: { max_retries: 0 } }]);
  await engine.settle((await engine.exchange({ limit: 1 })).map((event) => failed(event, "Timeout", "no answer")));
  await dashboard.open(`#/runs/${run}`);
  await page.getByText("Its one event has ended: 1 dead letter.").waitFor();
  const row = page.getByRole("row").filter({ hasText: "no answer" });
  await row.getByRole("link", { name: "failed in this queue" }).click();
  await page.waitForURL(new RegExp(`scenario_run_id=${run}&engine_type=${queue}&status=failed`));
  await page.getByRole("region", { name: "The run" }).getByRole("link", { name: run }).click();
  await row.getByRole("link", { name: "Timeout" }).click();
  await page.waitForURL(new RegExp(`#/dead-letter-group\\?.*scenario_run_id=${run}`));
  await page.getByText("no answer").first().waitFor();
  await anyone.call("DELETE", `engines/${engine.id}`);
  await anyone.call("POST", "dead-letters/purge", { filter: { engine_type: queue }, expected_count: 1 });
});

dashboardTest("a run that nobody knows says so; a reader may look, and may not cancel", night, { role: "reader" }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/runs/never-was");
  await page.getByText(/No event of this run is known/).waitFor();
  await dashboard.open("#/runs/evening-2.4.1");
  const button = page.getByRole("button", { name: "Cancel the run …" });
  await button.waitFor();
  assert.match((await button.getAttribute("title")) ?? "", /may not do this/);
});
