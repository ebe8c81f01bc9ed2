// Is it the database? The screen of its health, with a session that really holds it up, and with each warning there is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Installation, runSql } from "../installations/installation.js";
import { holdSnapshot } from "../installations/old-snapshot.js";
import { dashboardTest, installations, longest, withDashboard } from "./dashboard.js";

const { calm, night } = installations;
const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));
const { schemas } = document.components;
/** The report of the document, in which something is wrong. */
const example = document.paths["/api/v1/health/database"].get.responses["200"].content["application/json"].example;

// The server warns of a snapshot that is older than a minute: meanwhile the other tests run.
const held = beginHolding();
held.catch(() => undefined); // it fails where it is waited for

async function beginHolding() {
  const installation = await Installation.start();
  const session = await holdSnapshot(installation.told().databaseUrl, "nightly report");
  return { installation, session };
}

dashboardTest("a database that is well is said to be so, and how it stands", calm, { role: null }, async (dashboard) => {
  await dashboard.open("#/health");
  await dashboard.page.getByText(/^✓ The database is well/).waitFor();
  const text = await dashboard.text();
  for (const words of [/running for/, /in use, \d+ idle; \d+ at most/, /event_queue/, /today's, and \d+ days ahead/, /What is acknowledged is on the disk first|A power cut may lose/, /No standby is connected/]) assert.match(text, words);
});

dashboardTest("every role that may read the report finds it in the menu", night, { role: "admin" }, async (dashboard) => {
  await dashboard.open("#/help");
  await dashboard.page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Health" }).click();
  await dashboard.page.getByRole("heading", { name: "Is it the database?" }).waitFor();
});

dashboardTest("each warning says what it means, what it leads to here, and what to do", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const codes = /** @type {string[]} */ (schemas.DatabaseWarningCode.enum);
  const message = (/** @type {string} */ code) => (code === "old_snapshot" ? example.warnings[0].message : `the words of the server for ${code}`);
  await answer(dashboard, { ...example, warnings: [...codes, "a_code_of_a_later_version"].map((code) => ({ code, message: message(code) })) });
  await page.getByText(/^✕ It is the database: 8 things stop the queue/).waitFor();
  assert.equal(await page.locator(".health-warnings > li").count(), codes.length + 1);
  assert.equal(await page.getByText("What it leads to here").count(), codes.length);
  const shown = await dashboard.text();
  for (const words of ["standby_1", "select pg_terminate_backend(4711);", 'grant pg_monitor to "eventlease";', "a code of a later version", "nightly report"]) assert.ok(shown.includes(words), words);
  assert.equal(await dashboard.tooWide(), 0);
});

dashboardTest("what the service's role may not see is said, with the grant that would show it", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const [snapshot] = example.database.snapshots;
  const blind = { ...snapshot, state: null, since: null, age_seconds: null };
  const database = { ...example.database, sees_other_users: false, snapshots: [blind] };
  await answer(dashboard, { ...example, database, warnings: [{ code: "limited_view", message: "the role does not see what others do" }] });
  await page.getByText("The database is well, as far as it can be seen").waitFor();
  await page.getByText('grant pg_monitor to "eventlease";').waitFor();
  await page.getByText(/Of other users' sessions/).waitFor();
});

dashboardTest("names that sessions chose are text, and lead to no other session", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const [snapshot] = example.database.snapshots;
  const application_name = "<img src=x onerror=alert(1)>\u202e; or: select pg_terminate_backend(1);";
  const snapshots = [{ ...snapshot, pid: 1, application_name: "the postmaster" }, { ...snapshot, application_name }];
  const message = example.warnings[0].message.replace('"nightly report"', JSON.stringify(application_name));
  await answer(dashboard, { ...example, database: { ...example.database, snapshots }, warnings: [{ code: "old_snapshot", message }] });
  const item = page.locator(".health-warnings > li");
  await item.getByText("select pg_terminate_backend(4711);", { exact: true }).waitFor();
  assert.equal(await item.getByText("select pg_terminate_backend(1);", { exact: true }).count(), 0);
  assert.equal(await page.locator("main img").count(), 0);
  assert.ok(!(await dashboard.text()).includes("\u202e"));
});

test("S10: is it the database, which session, and what do I type? One click, and the statement is ready", { timeout: longest }, async () => {
  const { installation, session } = await held;
  try {
    await withDashboard("S10", installation.told(), { clipboard: true }, async (dashboard) => {
      const { page } = dashboard;
      await dashboard.open();
      const item = page.locator(".attention-item", { hasText: "old_snapshot" }).or(page.locator(".attention-item", { hasText: "nightly report" })).first();
      await item.waitFor({ timeout: 300_000 });
      await dashboard.click(item.getByRole("link", { name: "What to do" }));
      const warning = page.locator(".health-warnings > li", { hasText: "old_snapshot" });
      await warning.getByText("nightly report").first().waitFor();
      assert.equal(dashboard.clicks + dashboard.keys, 1);
      const text = await warning.innerText();
      for (const words of ["idle in transaction", "Transactions behind", "It ends the session at once", `session ${session.pid}`]) assert.ok(text.includes(words), `${words} in ${text}`);
      const statement = `select pg_terminate_backend(${session.pid});`;
      await warning.locator(".health-statement", { hasText: statement }).getByRole("button", { name: "copy" }).click();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(copied, statement);
      await runSql(installation.told().databaseUrl, copied);
      // It ends a moment after it is told to; if it did not, the test would run out of its time.
      while ((await runSql(installation.told().databaseUrl, `select count(*) from pg_stat_activity where pid = ${session.pid}`)) !== "0") await page.waitForTimeout(500);
      await page.reload();
      await page.getByText(/^✓ The database is well/).waitFor();
    });
  } finally {
    session.close();
    await installation.close();
  }
});

/** Opens the screen with this report. @param {import("./dashboard.js").Dashboard} dashboard @param {unknown} report */
async function answer(dashboard, report) {
  await dashboard.page.route("**/api/v1/health/database", (route) => route.fulfill({ json: report }));
  await dashboard.open("#/health");
}
