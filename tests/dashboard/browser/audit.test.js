// Who did what: the audit trail, and the way back from what still stands.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const admin = new Caller(night.url, night.tokens.admin ?? null);
let made = 0;

/** An operator of a name of its own, who pauses a queue of its own. */
async function colleague() {
  made += 1;
  const name = `colleague ${Date.now().toString(36)} ${made}`;
  const { token } = await admin.call("POST", "tokens", { name, role: "operator" });
  const queue = name.replaceAll(" ", "-");
  const caller = new Caller(night.url, token);
  const pause = (/** @type {string} */ reason) => caller.call("POST", `queues/${queue}/pause`, { reason });
  await pause("the disk is exchanged");
  return { name, queue, caller, pause };
}

dashboardTest("S9: what a colleague did in the last hour, and to what, is one click away from the overview", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const { name, queue, caller } = await colleague();
  await dashboard.open();
  await dashboard.click(page.getByRole("region", { name: "Latest changes" }).getByRole("link", { name: "all of the last hour" }));
  await page.waitForURL(/#\/audit\?recorded_after=-1h$/);
  await page.getByRole("list", { name: "Who" }).getByText(`${name}: 1 change, to ${queue}`).waitFor();
  const row = page.getByRole("row").filter({ hasText: `${name} paused ${queue}: the disk is exchanged` });
  assert.match((await row.getByRole("link", { name: queue, exact: true }).getAttribute("href")) ?? "", new RegExp(`#/queues/${queue}$`));
  assert.equal(dashboard.clicks, 1);
  await caller.call("POST", `queues/${queue}/resume`);
});

dashboardTest("a pause is taken back from its entry while it stands; the entries that match are saved as JSON lines", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const { name, queue, caller } = await colleague();
  await dashboard.open(`#/audit?subject=${queue}`);
  await page.getByRole("link", { name: `${name} paused ${queue}` }).click();
  const entry = page.getByRole("region", { name: "One entry" });
  await entry.getByText("Details as they were recorded").click();
  await entry.getByText("the disk is exchanged").last().waitFor();
  await entry.getByRole("button", { name: "Undo" }).click();
  await entry.getByText("There is nothing left to undo").waitFor();
  assert.equal((await caller.call("GET", `queues/${queue}`)).pause, null);
  await page.getByRole("row").filter({ hasText: `on-call resumed ${queue}` }).getByText("by dashboard").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "export as JSON lines" }).click()]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ action, subject, via }) => [action, subject, via]), [["resume_queue", queue, "dashboard"], ["pause_queue", queue, null]]);
});

dashboardTest("settings go back to what they were, and a quarantine is lifted, from their entries", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const { queue, caller } = await colleague();
  await caller.call("PATCH", `queues/${queue}`, { max_processing: 5 });
  await caller.call("PATCH", `queues/${queue}`, { max_processing: 77, default_limit: 9 });
  await caller.call("POST", `queues/${queue}/quarantines`, { engine_software_version: "2.4.1", reason: "it dies" });
  await dashboard.open(`#/audit?subject=${queue}`);
  const entry = page.getByRole("region", { name: "One entry" });
  for (const [row, words] of [["5 → 77", "Set max_processing back to 5, default_limit back to the server default."], ["quarantined version 2.4.1", "Lift the quarantine."]]) {
    await page.getByRole("row").filter({ hasText: row ?? "" }).getByRole("link").first().click();
    await entry.getByText(words ?? "").waitFor();
    await entry.getByRole("button", { name: "Undo" }).click();
    await entry.getByText("There is nothing left to undo").waitFor();
  }
  const { settings, quarantines } = await caller.call("GET", `queues/${queue}`);
  assert.deepEqual([settings.max_processing, settings.default_limit.source, quarantines], [{ value: 5, source: "queue" }, "server", []]);
  await caller.call("POST", `queues/${queue}/resume`);
});

dashboardTest("what somebody has changed since cannot be taken back from the older entry", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const { name, queue, caller, pause } = await colleague();
  const [first] = (await caller.call("GET", `audit?subject=${queue}`)).items;
  await pause("for another reason");
  await dashboard.open(`#/audit?subject=${queue}&open=${first.audit_id}`);
  const entry = page.getByRole("region", { name: "One entry" });
  await entry.getByText(`It cannot be undone here. ${name} has changed it since.`).waitFor();
  assert.equal(await entry.getByRole("button", { name: "Undo" }).count(), 0);
  await caller.call("POST", `queues/${queue}/resume`);
});

dashboardTest("the id of a token, and of what is kept no more, leads to its trail from the box in the top line", night, { mayLog: [/404/] }, async (dashboard) => {
  const { page } = dashboard;
  const { token_id: id } = await admin.call("POST", "tokens", { name: `trail ${Date.now().toString(36)}`, role: "reader" });
  await dashboard.open();
  await page.locator("#jump").fill(id);
  await page.locator("#jump").press("Enter");
  await page.waitForURL(new RegExp(`#/audit\\?subject=${id}$`));
  await page.getByRole("row").filter({ hasText: "made the reader token trail" }).waitFor();
});
