// The page's own files: what is asked for when, and what is said when some of them are not there.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { installations, proxiedTest } from "./dashboard.js";

const { calm } = installations;

/** @param {string} name */
const file = (name) => new RegExp(`^GET /dashboard/a/[0-9a-f]+/${name.replaceAll(".", "\\.")}$`);
const fresh = { isFresh: true };
const missing = { ...fresh, mayLog: [/404 for the file/] };

/** Opens a place, and waits until this file is there. @param {import("./dashboard.js").Dashboard} dashboard @param {string} place @param {string} name */
async function openUntil({ page, ...dashboard }, place, name) {
  // Chromium keeps 250 otherwise, with those of calls.
  await page.addInitScript(() => performance.setResourceTimingBufferSize(2000));
  await page.goto(`${dashboard.url}/dashboard/${place}`);
  await page.waitForFunction((end) => performance.getEntriesByType("resource").some((entry) => entry.name.endsWith(end)), name, { timeout: 120_000 });
}

proxiedTest("a screen is loaded when it is opened, and the others once it shows something: they open while the server is away", calm, fresh, async (dashboard, proxy) => {
  const { page } = dashboard;
  await openUntil(dashboard, "#/", "screens/help.js");
  const asked = proxy.seen.map(({ method, path }) => `${method} ${path}`);
  const at = (/** @type {RegExp} */ pattern) => asked.findIndex((each) => pattern.test(each));
  const overview = at(/^GET \/api\/v1\/overview/);
  assert.ok(at(file("screens/overview.js")) < overview, "the screen waits for what it will ask");
  for (const other of ["screens/event.js", "screens/queue.js", "vendor/uplot.js"]) {
    assert.ok(at(file(other)) > overview, `${other} is asked for before the first numbers`);
  }
  const files = asked.filter((each) => each.startsWith("GET /dashboard/a/"));
  assert.equal(new Set(files).size, files.length, "a file is asked for twice");
  proxy.treat(/./, { fault: "reset" });
  for (const [name, heading] of [["Queues", "Queues"], ["Dead letters", "Dead letters"], ["Redrive jobs", "Redrive jobs"]]) {
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: name ?? "" }).click();
    await page.getByRole("heading", { level: 1, name: heading ?? "", exact: true }).waitFor({ state: "attached" });
    assert.equal(await page.getByText("could not be loaded").count(), 0, name);
  }
});

proxiedTest("a screen whose files are those of another version says so, and is there once it has them", calm, missing, async (dashboard, proxy) => {
  const { page } = dashboard;
  // A module that the screen itself needs is as good as the screen.
  proxy.treat(file("screens/queues/columns.js"), { status: 404 });
  await dashboard.open();
  await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Queues" }).click();
  await page.getByRole("alert").getByText("Queues could not be loaded").waitFor();
  // The others are there.
  await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Events" }).click();
  await page.getByRole("heading", { level: 1, name: "Events" }).waitFor({ state: "attached" });
  await page.goBack();
  await page.getByRole("alert").getByText("Queues could not be loaded").waitFor();
  await page.evaluate(() => document.body.setAttribute("data-before", ""));
  await page.getByRole("button", { name: "Reload" }).click();
  await page.locator("body:not([data-before])").getByText("Queues could not be loaded").waitFor();
  assert.match(page.url(), /#\/queues$/);
  // It is tried again now and then: a server that was away for a while needs nobody.
  proxy.clear();
  await page.locator("tr.table-row").first().waitFor();
});

proxiedTest("a plot that cannot be drawn says so, and its numbers are there", calm, missing, async (dashboard, proxy) => {
  const { page } = dashboard;
  proxy.treat(file("vendor/uplot.js"), { status: 404 });
  await dashboard.open();
  await page.getByText("What draws this plot could not be loaded").first().waitFor();
  await page.locator("figure.plot details summary").first().click();
  await page.locator("figure.plot table tr").nth(1).waitFor();
});

proxiedTest("what a button does is loaded when it is pressed: it shows that it waits, and what cannot be loaded can be tried again", calm, missing, async (dashboard, proxy) => {
  const { page } = dashboard;
  const { event_id: id } = await new Caller(calm.url, null).call("POST", "events", { engine_type: "loaded-late", event_type: "later.wanted", payload: {}, delay_seconds: 86_400 });
  const actions = file("parts/event-actions.js");
  proxy.treat(actions, { fault: "hang" });
  await dashboard.open(`#/events/${id}`);
  const button = page.getByRole("button", { name: "Run later …" });
  await button.click();
  await page.locator(".button-running", { hasText: "Run later …" }).waitFor();
  while (proxy.count(actions) === 0) await page.waitForTimeout(100);
  proxy.treat(actions, { status: 404 });
  proxy.answerHanging({ status: 404 });
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "A part of this page could not be loaded" }).waitFor();
  await dialog.getByRole("button", { name: "Leave it" }).click();
  await page.locator(".button-running").waitFor({ state: "detached" });
  await button.click();
  await dialog.getByRole("heading", { name: "A part of this page could not be loaded" }).waitFor();
  proxy.clear();
  await dialog.getByRole("button", { name: "Try again" }).click();
  await dialog.getByRole("heading", { name: "Run it later" }).waitFor();
  await dialog.getByRole("button", { name: "Leave it" }).click();
});

proxiedTest("a command is copied as soon as what writes commands is loaded", calm, { ...missing, clipboard: true }, async (dashboard, proxy) => {
  const { page } = dashboard;
  proxy.treat(file("rules/cli.js"), { status: 404 });
  await dashboard.open("#/queues");
  await page.getByRole("button", { name: "copy as CLI" }).click();
  await page.getByRole("button", { name: "it could not be loaded" }).waitFor();
  proxy.clear();
  await page.getByRole("button", { name: "copy as CLI" }).click();
  await page.getByRole("button", { name: "copied" }).waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^eventlease queues --url http/);
});
