// Dead letters by cause, on an installation of its own, as no dead letter is left behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Installation } from "../installations/installation.js";
import { versionsThatDie } from "../installations/night.js";
import { longest, withDashboard } from "./dashboard.js";

test("S3: all Timeouts died of one cause: ten are tried and watched, the rest is redriven over ten minutes, in 5 clicks", { timeout: longest }, async () => {
  const night = await Installation.start();
  const worker = await versionsThatDie(night);
  try {
    await withDashboard("S3", night.told(), {}, async (dashboard) => {
      const { page } = dashboard;
      await dashboard.open();
      await dashboard.click(page.getByRole("link", { name: "show causes" }).first());
      await dashboard.click(page.locator("tr.table-row", { hasText: "Timeout" }).getByRole("link").first());
      await page.getByText(/40/).first().waitFor();
      await dashboard.click(page.getByRole("button", { name: "Try 10", exact: true }));
      const tried = page.getByRole("table", { name: "Those that were tried" });
      await tried.waitFor();
      assert.equal(await tried.getByRole("row").count(), 10);
      await page.locator(".verdict", { hasText: "go on" }).waitFor(); // the judgement, once they are done
      // A reload shows the same, and so does the address to a colleague.
      await page.reload();
      await dashboard.settled();
      assert.equal(await tried.getByRole("row").count(), 10);
      await dashboard.click(page.getByRole("button", { name: /^Redrive the rest/ }));
      const dialog = page.getByRole("dialog");
      await dialog.getByText(/30/).first().waitFor(); // it was counted
      await dashboard.click(dialog.getByRole("button", { name: "Redrive the rest" }));
      await dialog.waitFor({ state: "detached" });
      await page.waitForURL(/job=/);
      assert.ok(dashboard.clicks <= 5, `${dashboard.clicks} clicks`);
    });
    const { items } = await night.as("operator").call("GET", "redrive-jobs");
    const job = items.find((/** @type {any} */ each) => each.filter.error_type === "Timeout" || each.matched === 30);
    assert.equal(job.matched, 30);
    const minutes = job.matched / job.events_per_second / 60;
    assert.ok(minutes > 8 && minutes < 12, `over ${minutes} minutes`);
    await withDashboard("a count that changed", night.told(), {}, (dashboard) => countChanges(dashboard, night.as("operator")));
  } finally {
    await worker.stop();
    await night.close();
  }
});

/** @param {import("./dashboard.js").Dashboard} dashboard @param {import("../installations/caller.js").Caller} operator */
async function countChanges(dashboard, operator) {
  const { page } = dashboard;
  const query = "engine_type=dialogue&error_type=SchemaError&engine_software_version=2.4.1";
  const letters = async () => (await operator.call("GET", `dead-letters?${query}`)).items;
  const [one, ...others] = await letters();
  await dashboard.open(`#/dead-letter-group?${query}`);
  await page.getByRole("button", { name: /^Discard all/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: `Discard ${others.length + 1} dead letters?` }).waitFor();
  // A colleague is faster.
  await operator.call("DELETE", `dead-letters/${one.event_id}`);
  await dialog.getByLabel(/^Type/).fill(String(others.length + 1));
  await dialog.getByRole("button", { name: `Discard ${others.length + 1}` }).click();
  await dialog.getByText(`It was ${others.length + 1} when you looked, and is ${others.length} now.`).waitFor();
  assert.equal((await letters()).length, others.length, "nothing was discarded");
  const verb = dialog.getByRole("button", { name: `Discard ${others.length}` });
  assert.equal(await verb.getAttribute("aria-disabled"), "true", "the new number has to be typed");
  await dialog.getByLabel(/^Type/).fill(String(others.length));
  await verb.click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText(`${others.length} dead letters are discarded.`).waitFor();
  assert.deepEqual(await letters(), []);
}
