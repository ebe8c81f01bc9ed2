// A rolling upgrade: two replicas of two versions answer at the same time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../../../clients/typescript/dist/testing/index.js";
import { installations, longest, withDashboard } from "./dashboard.js";
import { Replicas } from "./replicas.js";

const { night } = installations;
const offer = "A newer version of this page is served.";
// Files that the other replica has none of are missed on purpose.
const missed = /404 for the file|Refused to apply style/;

/** @param {string} name @param {import("./dashboard.js").Options} options @param {(dashboard: import("./dashboard.js").Dashboard, replicas: Replicas) => Promise<void>} run */
function replicasTest(name, options, run) {
  test(name, { timeout: longest }, async () => {
    const binary = process.env["EVENTLEASE_BINARY"];
    const second = await startServer({ ...(binary ? { binary } : {}), flags: ["--database-url", night.databaseUrl, "--auth", "required"] });
    const replicas = await new Replicas({ old: night.url, new: second.url }).start();
    try {
      await withDashboard(name, night, { ...options, url: replicas.url }, (dashboard) => run(dashboard, replicas));
    } finally {
      await replicas.close();
      await second.close();
    }
  });
}

replicasTest("replicas of two versions: the page goes on with what it has, offers the newer one, and does not reload by itself", { clock: new Date(), mayLog: [missed] }, async (dashboard, replicas) => {
  const { page, url } = dashboard;
  const loaded = page.waitForResponse(/\/screens\/help\.js$/); // the last of all screens
  await dashboard.open("#/queues");
  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));
  await loaded;
  // From now on every second request meets the other version, as a balancer does it.
  let requests = 0;
  replicas.lead = (path) => (path.endsWith("/session") || (requests += 1) % 2 === 0 ? "new" : "old");
  const asked = page.waitForResponse(/\/api\/v1\/session$/);
  // Not at once: what is under way would be given up after a minute.
  await page.clock.runFor(31_000);
  await page.locator("main .panel-loading").first().waitFor({ state: "detached" });
  await page.clock.runFor(31_000);
  await asked;
  await page.getByText(offer).waitFor();
  for (const [place, title] of [["#/events?engine_type=dialogue", "Events"], ["#/dead-letters", "Dead letters"], ["#/queues/vision", "Queue: vision"], ["#/suspects", "Suspects"], ["#/runs", "Runs"], ["#/health", "Health"], ["#/", "Overview"]]) {
    await dashboard.open(place);
    await page.getByRole("heading", { level: 1, name: title ?? "" }).waitFor({ state: "attached" });
    assert.equal(await page.locator("main [role=alert]").count(), 0, `${place} has trouble`);
  }
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).isTheSamePage), true);
  await page.getByText(offer).waitFor();
  replicas.lead = () => "new";
  const old = await page.request.get(`${url}/dashboard/a/${replicas.hash}/main.js`);
  assert.deepEqual([old.status(), old.headers()["cache-control"]], [404, "no-store"]);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.waitForFunction(() => /** @type {any} */ (window).isTheSamePage === undefined);
  await dashboard.settled();
  assert.equal(await page.getByText(offer).count(), 0);
  assert.match((await page.locator("script[src]").getAttribute("src")) ?? "", /fedcba9876543210/);
});

replicasTest("a page whose files are of the other version says what to do, and is whole after another reload", { mayLog: [missed] }, async (dashboard, replicas) => {
  const { page, url } = dashboard;
  replicas.lead = (path) => (path.includes("/a/") ? "new" : "old");
  const lost = page.waitForResponse(/\/main\.js$/);
  await page.goto(`${url}/dashboard/`);
  const answer = await lost;
  assert.equal(answer.status(), 404);
  assert.equal(answer.headers()["cache-control"], "no-store");
  assert.match(await page.locator("#page").innerText(), /the server is being upgraded.*Reload in a moment/);
  replicas.lead = () => "new";
  await page.reload();
  await dashboard.settled();
  await page.getByText("Needs attention").waitFor();
  assert.match((await page.locator("script[src]").getAttribute("src")) ?? "", /fedcba9876543210/);
});
