// Two people at once, and what one of them takes back.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations } from "./dashboard.js";
import { dieOf } from "./letters.js";

const { night } = installations;
const operator = new Caller(night.url, night.tokens.operator ?? null);

/** A queue that no other test changes. @param {string} name */
async function queueOfItsOwn(name) {
  await operator.enqueue([{ engine_type: name, event_type: `${name}.requested`, payload: 1 }]);
  return (/** @type {Record<string, unknown>} */ settings) => operator.call("PATCH", `queues/${name}`, settings);
}

const most = async (/** @type {string} */ name) => (await operator.call("GET", `queues/${name}`)).settings.max_processing.value;

dashboardTest("undoing a setting asks before it overwrites what a colleague has set since", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const set = await queueOfItsOwn("undo-settings");
  await set({ max_processing: 7 });
  await dashboard.open("#/queues/undo-settings");
  const change = async (/** @type {string} */ value) => {
    await page.getByRole("button", { name: "Change", exact: true }).first().click();
    await page.getByLabel(/Processed at a time/).fill(value);
    await page.locator(".settings-buttons").getByRole("button", { name: "Change" }).click();
    await page.locator(".notices").getByText(/undo-settings is changed/).first().waitFor();
  };
  await change("9");
  await set({ max_processing: 8 });
  await page.locator(".notices").getByRole("button", { name: "Undo" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/has changed max_processing to 8 meanwhile\. Set it back to 7 anyway\?/).waitFor();
  await dialog.getByRole("button", { name: "Leave it as it is" }).click();
  assert.equal(await most("undo-settings"), 8);
  // What was left is still offered where the tab keeps what was done.
  await page.locator(".deeds summary").click();
  await page.locator(".deeds").getByRole("button", { name: "Undo" }).click();
  await dialog.getByRole("button", { name: "Undo anyway" }).click();
  await page.locator(".notices").getByText("undo-settings has its old settings again.").first().waitFor();
  assert.equal(await most("undo-settings"), 7);
});

dashboardTest("undoing a setting that nobody has touched asks nothing", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const set = await queueOfItsOwn("undo-plain");
  await set({ max_processing: 7 });
  await dashboard.open("#/queues/undo-plain");
  await page.getByRole("button", { name: "Change", exact: true }).first().click();
  await page.getByLabel(/Processed at a time/).fill("9");
  await page.locator(".settings-buttons").getByRole("button", { name: "Change" }).click();
  await page.locator(".notices").getByRole("button", { name: "Undo" }).click();
  await page.locator(".notices").getByText("undo-plain has its old settings again.").first().waitFor();
  assert.equal(await most("undo-plain"), 7);
});

dashboardTest("undoing a pause asks before it ends another one, and says so where it is over already", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await queueOfItsOwn("undo-pause");
  await dashboard.open("#/queues/undo-pause");
  const dialog = page.getByRole("dialog");
  const pause = async () => {
    await page.getByRole("button", { name: "Pause" }).first().click();
    await dialog.getByRole("button", { name: "Pause", exact: true }).click();
    await page.locator(".notices").getByText(/undo-pause is paused for 30 min/).last().waitFor();
  };
  await pause();
  await operator.call("POST", "queues/undo-pause/pause", { reason: "the disk is full" });
  await page.locator(".notices").getByRole("button", { name: "Undo" }).last().click();
  await dialog.getByText(/has paused undo-pause in another way meanwhile: the disk is full\. Let it go on anyway\?/).waitFor();
  await dialog.getByRole("button", { name: "Leave it as it is" }).click();
  assert.equal((await operator.call("GET", "queues/undo-pause")).pause.reason, "the disk is full");
  await operator.call("POST", "queues/undo-pause/resume");
  await page.locator(".deeds summary").click();
  await page.locator(".deeds").getByRole("button", { name: "Undo" }).click();
  await page.locator(".notices").getByText("undo-pause goes on already.").first().waitFor();
});

dashboardTest("undoing a pause of several queues names the one that a colleague has changed", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await queueOfItsOwn("undo-many-a");
  await queueOfItsOwn("undo-many-b");
  await dashboard.open("#/queues?q=undo-many");
  for (const name of ["undo-many-a", "undo-many-b"]) await page.getByLabel(`Choose ${name}`).check();
  await page.locator(".queues-chosen").getByRole("button", { name: "Pause", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Pause", exact: true }).click();
  await page.locator(".notices").getByText("2 of 2 queues are paused.").first().waitFor();
  await operator.call("POST", "queues/undo-many-b/pause", { reason: "the disk is full" });
  await page.locator(".notices").getByRole("button", { name: "Undo" }).click();
  await dialog.getByText(/undo-many-b in another way meanwhile: the disk is full\. Bring all 2 back anyway\?/).waitFor();
  await dialog.getByRole("button", { name: "Undo anyway" }).click();
  await page.locator(".notices").getByText("2 of 2 queues are as before.").first().waitFor();
  assert.equal((await operator.call("GET", "queues/undo-many-a")).pause, null);
});

dashboardTest("a job that is at the dead letters of a cause is named before somebody redrives or discards the same", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dieOf(night, "at-work", Array.from({ length: 12 }, (_, n) => ({ type: "Timeout", message: `no answer within ${n} s` })));
  await dieOf(night, "at-rest", [{ type: "Timeout", message: "no answer within 7 s" }]);
  const { job } = await operator.call("POST", "redrive-jobs", { filter: { engine_type: "at-work", error_type: "Timeout" }, events_per_second: 0.001 });
  const banner = (/** @type {import("playwright-core").Locator | import("playwright-core").Page} */ within) => within.locator(".jobs-at-work", { hasText: /^Job .* is redriving these, \d+ to go/ });
  await dashboard.open("#/dead-letter-group?engine_type=at-work");
  await banner(page).waitFor();
  const dialog = page.getByRole("dialog");
  for (const verb of [/^Redrive all/, /^Discard all/, /^Try 10$/]) {
    await page.getByRole("button", { name: verb }).click();
    await banner(dialog).waitFor();
    await dialog.getByRole("button", { name: "Leave it" }).click();
  }
  // Another queue's are none of its business.
  await dashboard.open("#/dead-letter-group?engine_type=at-rest");
  await page.getByRole("button", { name: /^Redrive all/ }).click();
  await dialog.getByText("1 dead letter goes back").waitFor();
  assert.equal(await page.locator(".jobs-at-work").count(), 0);
  await operator.call("POST", `redrive-jobs/${job.job_id}/cancel`);
});

dashboardTest("a form that is open says what a colleague has changed meanwhile, and asks before it overwrites that", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const set = await queueOfItsOwn("open-form");
  await set({ max_processing: 7 });
  await dashboard.open("#/queues/open-form");
  await page.locator(".panel", { has: page.getByRole("heading", { name: "Settings" }) }).getByRole("button", { name: "Change", exact: true }).click();
  await page.getByLabel(/Processed at a time/).fill("8");
  await set({ max_processing: 9 });
  await page.locator(".settings-news", { hasText: /^changed by .* since you opened this: 7 → 9$/ }).waitFor();
  await set({ max_processing: 11 });
  await page.locator(".settings-buttons").getByRole("button", { name: "Change" }).click();
  const dialog = page.getByRole("dialog");
  const isAsked = await Promise.race([
    dialog.getByText(/has changed this meanwhile: max_processing: 9 → 11\. Overwrite it\?/).waitFor().then(() => true),
    // The page may have heard of it just before: then the form itself has said so.
    page.locator(".notice", { hasText: "open-form is changed" }).waitFor().then(() => false),
  ]);
  if (isAsked) await dialog.getByRole("button", { name: "Leave it as it is" }).click();
  assert.equal(await most("open-form"), isAsked ? 11 : 8);
});

dashboardTest("a pause that a colleague has made while the question stood is not replaced in silence", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await queueOfItsOwn("paused-twice");
  await dashboard.open("#/queues/paused-twice");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await operator.call("POST", "queues/paused-twice/pause", { reason: "first" });
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Pause", exact: true }).click();
  await dialog.getByText(/has paused paused-twice meanwhile: first\. Put your pause in the place of that one\?/).waitFor();
  await dialog.getByRole("button", { name: "Leave it as it is" }).click();
  assert.equal((await operator.call("GET", "queues/paused-twice")).pause.reason, "first");
});
