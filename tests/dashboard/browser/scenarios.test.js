// What the page is for: each scenario of an operator, with its clicks and keys counted.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations } from "./dashboard.js";

const { calm, night } = installations;
const { facts } = night;
const operator = new Caller(night.url, night.tokens.operator ?? null);

dashboardTest("S1: the page names the worst problem, and since when", night, {}, async (dashboard) => {
  const look = async () => (await operator.call("GET", "overview")).attention;
  let attention = await look();
  // The worst of that night is noticed after some seconds.
  while (attention[0]?.severity !== "critical") attention = await look();
  const began = performance.now();
  await dashboard.open();
  const worst = dashboard.page.locator(".attention-item, .attention li, [data-attention]").first();
  await worst.waitFor();
  assert.ok(performance.now() - began < 10_000 * slowness(), "within ten seconds");
  const text = await worst.innerText();
  assert.match(text, /critical/);
  assert.match(text, /since|began/);
  // Another may have become the worst since.
  const critical = [...attention, ...(await look())].filter(({ severity }) => severity === "critical");
  assert.ok(critical.some(({ subject }) => text.includes(subject.engine_type ?? "no queue")), text);
  assert.equal(dashboard.clicks + dashboard.keys, 0);
});

dashboardTest("S2: an event's id pasted anywhere leads to why it does not run", night, {}, async (dashboard) => {
  const { page } = dashboard;
  // A queue of its own: other tests resume that of the night meanwhile.
  const [paused] = await operator.enqueue([{ engine_type: "archive", event_type: "archive.requested", payload: 1 }]);
  await operator.call("POST", "queues/archive/pause", { reason: "the disk is exchanged" });
  for (const [id, code] of [[facts["waiting"], "none_active"], [paused, "queue_paused"], [facts["delayed"], "not_due_yet"]]) {
    await dashboard.open("#/queues");
    // A browser without a window has no menu, and so no paste where nothing is edited.
    await page.evaluate((id) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", ` ${id}\n`);
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, id);
    await page.getByText("Why it does not run").waitFor();
    await page.locator(".explain-verdict").filter({ hasText: code ?? "" }).waitFor();
  }
  assert.equal(dashboard.clicks + dashboard.keys, 0);
});

dashboardTest("an id pasted into the jump box is looked for without Enter", night, { clipboard: true }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open();
  await page.evaluate((id) => navigator.clipboard.writeText(id), facts["dead_letter"]);
  await dashboard.press("/");
  await dashboard.press("ControlOrMeta+v");
  await page.waitForURL(new RegExp(`#/events/${facts["dead_letter"]}`));
});

dashboardTest("S5: a queue is paused for 30 minutes, with a reason, on a phone", night, { width: 360, height: 740 }, async (dashboard) => {
  const { page } = dashboard;
  await operator.call("POST", "queues/transcribe/resume");
  await dashboard.open("#/queues/transcribe");
  await dashboard.click(page.getByRole("button", { name: /^Pause/ }).first());
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/Reason/).fill("the model is exchanged");
  const half = dialog.getByLabel(/30 min/);
  if (!(await half.isChecked())) await dashboard.click(half);
  await dashboard.click(dialog.getByRole("button", { name: /^Pause/ }));
  await page.getByText("the model is exchanged").first().waitFor();
  assert.ok(dashboard.clicks <= 3, `${dashboard.clicks} taps`);
  const { pause } = await operator.call("GET", "queues/transcribe");
  assert.equal(pause.reason, "the model is exchanged");
  const left = (Date.parse(pause.resume_at) - Date.now()) / 1000;
  assert.ok(left > 1500 && left <= 1800, `${left} s are left`);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("the model is exchanged").first().waitFor({ state: "detached" });
  assert.equal((await operator.call("GET", "queues/transcribe")).pause, null);
});

dashboardTest("S6: work that was done twice shows both attempts and the late report", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open(`#/events/${facts["twice"]}`);
  await mark(page, /^Two engines worked on it at once/).waitFor();
  await mark(page, /^Attempt 1, engine .* lost silently/).waitFor();
  await mark(page, /^Attempt 2, engine .*; completed/).waitFor();
  await mark(page, /^Attempt 1: its engine went on .* after the lease had ended, and reported completed .* refused$/).waitFor();
  assert.match(await dashboard.text(), /done twice\./);
  assert.equal(dashboard.clicks + dashboard.keys, 0);
});

dashboardTest("a report that came after the end of its lease is told of", night, {}, async (dashboard) => {
  await dashboard.open(`#/events/${facts["late"]}`);
  await mark(dashboard.page, /after the lease had ended, and reported .*; the report was taken$/).waitFor();
});

dashboardTest("S11: the address is what a colleague needs to see the same", night, {}, async (dashboard) => {
  const { page, context } = dashboard;
  await dashboard.open("#/queues");
  await page.locator("main input[type=search]").first().fill("bill");
  await page.waitForURL(/q=bill/);
  await page.getByRole("link", { name: "vision" }).waitFor({ state: "detached" });
  const colleague = await context.newPage();
  await colleague.goto(page.url());
  await colleague.getByRole("link", { name: "billing" }).first().waitFor();
  assert.equal(await colleague.getByRole("link", { name: "vision" }).count(), 0);
  await page.goBack();
  await page.getByRole("link", { name: "vision" }).first().waitFor();
});

dashboardTest("an address that cannot be read names the part, and drops no filter in silence", night, {}, async (dashboard) => {
  await dashboard.open("#/queues?state=purple&q=bill");
  const trouble = dashboard.page.getByRole("alert");
  assert.match(await trouble.innerText(), /state=purple/);
  await trouble.getByRole("link").click();
  await dashboard.page.getByRole("link", { name: "billing" }).first().waitFor();
  assert.match(dashboard.page.url(), /#\/queues\?q=bill$/);
  await dashboard.open("#/moon");
  await dashboard.page.getByText("There is no such screen").waitFor();
});

dashboardTest("on a calm day nothing asks for attention", calm, {}, async (dashboard) => {
  await dashboard.open();
  await dashboard.page.getByText(/All is well/).waitFor();
  const { attention } = await new Caller(calm.url, null).call("GET", "overview");
  assert.deepEqual(attention, []);
  assert.equal(await dashboard.page.getByText(/critical|warning/).count(), 0);
});

/** A budget of seconds is for a machine that does nothing else. */
function slowness() {
  return Number(process.env["EVENTLEASE_SLOWNESS"] ?? 3);
}

/** A mark of the gantt, by what it says. @param {import("playwright-core").Page} page @param {RegExp} words */
function mark(page, words) {
  return page.locator(".gantt-marks").getByLabel(words).first();
}
