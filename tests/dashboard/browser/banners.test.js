// What is said above every screen.
import assert from "node:assert/strict";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;

/** Puts another session into the answers. @param {import("playwright-core").Page} page @param {(session: any) => void} change */
async function changeSession(page, change) {
  await page.route("**/api/v1/session", async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const answer = await route.fetch();
    const session = await answer.json();
    change(session);
    await route.fulfill({ response: answer, json: session });
  });
}

dashboardTest("a session that ends soon says so, and is begun anew in place", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await changeSession(page, (session) => (session.expires_at = new Date(Date.now() + 5 * 60_000).toISOString()));
  await dashboard.open("#/queues");
  await page.getByText(/Your session ends in [45] min/).waitFor();
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByRole("dialog").getByLabel("Token").waitFor();
  assert.match(page.url(), /#\/queues$/);
});

dashboardTest("a newer version that is served is an offer: the page does not reload by itself", night, { clock: new Date() }, async (dashboard) => {
  const { page } = dashboard;
  let version = "1.0.0";
  await changeSession(page, (session) => (session.server.version = version));
  await dashboard.open("#/queues");
  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));
  version = "1.0.1";
  const asked = page.waitForResponse(/\/api\/v1\/session/);
  await page.clock.runFor(61_000);
  await asked;
  await page.getByText("A newer version of this page is served.").waitFor();
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).isTheSamePage), true);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.waitForFunction(() => /** @type {any} */ (window).isTheSamePage === undefined);
});

dashboardTest("the theme, the zone and the pace that were chosen are kept, and nothing else is", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open();
  await page.getByRole("button", { name: /^Theme/ }).click();
  await page.waitForFunction(() => document.documentElement.dataset["theme"] === "dark");
  await page.reload();
  await dashboard.settled();
  assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");
  const kept = await page.evaluate(() => Object.entries(localStorage).map(([name, value]) => `${name}=${value}`));
  assert.ok(kept.every((each) => each.length < 100), kept.join("\n"));
});
