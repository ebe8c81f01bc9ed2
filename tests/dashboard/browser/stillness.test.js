// Nothing moves under the pointer: what comes in waits while a person points, chooses, types or answers a dialog.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations, proxiedTest } from "./dashboard.js";
import { polls } from "./polls.js";

const { calm } = installations;
/** Polls come when the test turns the page's clock on. */
const clock = { clock: new Date() };
const anyone = new Caller(calm.url, null);
let made = 0;

/** A queue that stands before all others by its name, once the page has heard of it: those of other tests are new as well. It has an engine and no events: the day stays calm. @param {import("playwright-core").Page} page */
async function newQueue(page) {
  made += 1;
  const name = `a-new-queue-${Date.now().toString(36)}-${made}`;
  const heard = page.waitForResponse(async (answer) => answer.url().endsWith("/overview") && answer.status() === 200 && (await answer.text()).includes(name));
  await anyone.call("POST", "engines", { engine_type: name, heartbeat_timeout_seconds: null });
  await heard;
  return name;
}

dashboardTest("pointing at a row: the same row stays under the pointer until new rows are taken in", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues?sort=name");
  const row = page.locator("tr.table-row", { hasText: "dialogue" });
  await row.hover();
  const before = await underPointer(row);
  const name = await newQueue(page);
  await page.getByRole("button", { name: /new.* – show/ }).waitFor();
  assert.deepEqual(await underPointer(row), before);
  assert.equal(await page.getByRole("link", { name }).count(), 0);
  await page.keyboard.press("r");
  await page.getByRole("link", { name }).waitFor();
});

dashboardTest("rows that are chosen keep their places, and stay chosen", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues?sort=name");
  const row = page.locator("tr.table-row", { hasText: "vision" });
  await row.getByRole("checkbox").check();
  await page.mouse.move(2, 300);
  const before = await row.boundingBox();
  const name = await newQueue(page);
  await page.getByRole("button", { name: /new.* – show/ }).waitFor();
  assert.equal((await row.boundingBox())?.y, before?.y);
  assert.equal(await row.getByRole("checkbox").isChecked(), true);
  assert.equal(await page.getByRole("link", { name }).count(), 0);
});

dashboardTest("typing in a filter goes on over refreshes", calm, clock, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  const field = page.locator("main input[type=search]").first();
  await field.focus();
  for (const letter of "dialo") {
    await page.keyboard.type(letter);
    await nextPoll(page, "overview");
  }
  assert.equal(await field.inputValue(), "dialo");
  assert.equal(await field.evaluate((element) => element === document.activeElement), true);
  assert.match(page.url(), /q=dialo$/);
});

proxiedTest("nothing is asked while a dialog is open, and what was typed there stays", calm, clock, async (dashboard, proxy) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  await page.locator("tr.table-row", { hasText: "vision" }).getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByLabel(/Reason/).fill("half a rea");
  await page.waitForTimeout(300); // what was under way comes in
  const since = performance.now();
  await polls(page);
  assert.equal(proxy.count(/^GET \/api/, since), 0);
  assert.equal(await page.getByRole("dialog").getByLabel(/Reason/).inputValue(), "half a rea");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.textContent === "Pause"); // the focus is back where it was
  assert.equal(proxy.count(/^POST \/api\/v1\/queues/), 0);
});

proxiedTest("p holds: nothing is asked until it is pressed again", calm, clock, async (dashboard, proxy) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  await page.keyboard.press("p");
  await page.getByRole("button", { name: /Held/ }).waitFor();
  await page.waitForTimeout(300);
  const since = performance.now();
  await polls(page);
  assert.equal(proxy.count(/^GET \/api/, since), 0);
  const answered = nextAnswer(page, "overview");
  await page.keyboard.press("p");
  await answered;
});

proxiedTest("a double click sends one request", calm, {}, async (dashboard, proxy) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  await anyone.call("POST", "queues/billing/pause", { reason: "twice" });
  await page.locator("tr.table-row", { hasText: "billing" }).getByRole("button", { name: "Resume" }).dblclick();
  await page.getByText(/billing goes on/).first().waitFor();
  await page.waitForTimeout(500);
  assert.equal(proxy.count(/^POST \/api\/v1\/queues\/billing\/resume/), 1);
});

dashboardTest("scroll and opened parts are kept over refreshes", calm, { height: 500, ...clock }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues/dialogue");
  const details = page.locator("main details").first();
  await details.locator("summary").first().click();
  await page.evaluate(() => scrollTo(0, 200));
  const before = await page.evaluate(() => scrollY);
  await nextPoll(page, "queues/dialogue");
  await nextPoll(page, "queues/dialogue");
  assert.equal(await page.evaluate(() => scrollY), before);
  assert.equal(await details.evaluate((element) => /** @type {HTMLDetailsElement} */ (element).open), true);
});

/** @param {import("playwright-core").Locator} row */
async function underPointer(row) {
  const box = await row.boundingBox();
  return { y: box?.y, key: await row.getAttribute("data-key") };
}

/** @param {import("playwright-core").Page} page @param {string} path */
function nextAnswer(page, path) {
  return page.waitForResponse((answer) => answer.url().includes(`/api/v1/${path}`));
}

/** The next poll, before its time. @param {import("playwright-core").Page} page @param {string} path */
async function nextPoll(page, path) {
  const answered = nextAnswer(page, path);
  await polls(page);
  await answered;
}
