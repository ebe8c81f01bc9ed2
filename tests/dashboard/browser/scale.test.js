// As much as there may be, and for as long: what is drawn, asked for and kept stays bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../installations/caller.js";
import { Installation } from "../installations/installation.js";
import { dashboardTest, installations, longest, proxiedTest } from "./dashboard.js";
import { passMinutes } from "./polls.js";
import { mostRuns, statementsWhile } from "./statements.js";
import { startViewers } from "./viewers.js";

const { calm, crowd } = installations;

dashboardTest("1,000 queues: what is in view is drawn, and all can be found", crowd, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  await page.locator("tr.table-row").first().waitFor();
  const { queues } = await new Caller(crowd.url, crowd.tokens.operator ?? null).call("GET", "overview");
  assert.ok(queues.length > 1000);
  assert.ok((await page.locator("tr.table-row").count()) < 200, "rows beyond the window are in the document");
  // Another test may have made a queue meanwhile, which comes with the next poll.
  await page.locator(`table[aria-rowcount="${queues.length + 1}"]`).first().waitFor();
  await page.mouse.wheel(0, 20_000);
  await page.locator("tr.table-row[data-key^='queue-05']").first().waitFor();
  await page.locator("main input[type=search]").first().fill("queue-0999");
  await page.getByRole("link", { name: "queue-0999" }).waitFor();
  assert.equal(await page.locator("tr.table-row").count(), 1);
  await dashboard.open();
  await page.locator("main").getByText("queue-0999").first().waitFor({ state: "attached" });
});

proxiedTest("a payload of 1 MiB is shown by its beginning, and opens on request", crowd, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open(`#/events/${crowd.facts["large"]}`);
  await page.getByText(/1,?01\d KiB|0\.99 MiB|1\.0 MiB|1,0\d\d/).first().waitFor();
  const open = page.getByRole("button", { name: /open all/i }).first();
  await open.click();
  await page.getByText("record 1", { exact: false }).first().waitFor();
  assert.ok((await elements(page)) < 5000, `${await elements(page)} elements`);
});

for (const [fact, count] of /** @type {const} */ ([["tried_often", 240], ["tried_20000_times", 20_000]])) {
  proxiedTest(`${count} attempts of an event: the newest are shown, and no more are asked for`, crowd, {}, async (dashboard, proxy) => {
    const { page } = dashboard;
    await dashboard.open(`#/events/${crowd.facts[fact]}`);
    await page.getByText("What happened to it").waitFor();
    await page.waitForTimeout(1000);
    assert.ok(proxy.count(/^GET \/api\/v1\/events\/[^/]*\/attempts/) <= 2, "more pages of attempts than the gantt shows");
    assert.ok((await elements(page)) < 5000, `${await elements(page)} elements`);
    assert.equal(await dashboard.tooWide(), 0);
  });
}

proxiedTest("an hour open: neither memory, nor sockets, nor what is asked for grows", calm, { clock: new Date() }, async (dashboard, proxy) => {
  const { page, context } = dashboard;
  await dashboard.open();
  const devtools = await context.newCDPSession(page);
  const heap = async () => {
    await devtools.send("HeapProfiler.collectGarbage");
    return (await devtools.send("Runtime.getHeapUsage")).usedSize;
  };
  await passMinutes(page, 5);
  const before = { heap: await heap(), elements: await elements(page), seen: proxy.seen.length };
  await passMinutes(page, 55);
  const after = { heap: await heap(), elements: await elements(page), seen: proxy.seen.length };
  const asked = proxy.count(/^GET \/api\/v1\/overview/);
  assert.ok(asked > 120, `${asked} polls in an hour: the clock did not run`);
  assert.ok(after.heap < before.heap * 1.25 + 2_000_000, `heap from ${before.heap} to ${after.heap}`);
  assert.ok(after.elements < before.elements * 1.2 + 100, `elements from ${before.elements} to ${after.elements}`);
  assert.ok(proxy.sockets.size <= 6, `${proxy.sockets.size} connections`);
  // Plots and the audit trail cost the database something: each is asked for four times a minute at most.
  for (const costly of [/^GET \/api\/v1\/history/, /^GET \/api\/v1\/audit/]) {
    assert.ok(proxy.count(costly) <= 4 * 62, `${proxy.count(costly)} calls of ${costly} in an hour`);
  }
});

test("50 viewers of the overview add no statement to the database", { timeout: longest }, async () => {
  // Nobody else uses it.
  const installation = await Installation.start();
  try {
    const [viewers, told] = [50, installation.told()];
    const look = await startViewers(told, viewers);
    const ofOverview = await statementsWhile(told.databaseUrl, async () => {
      for (let round = 0; round < 4; round += 1) await look();
    });
    assert.ok(mostRuns(ofOverview) < viewers, `a statement ran ${mostRuns(ofOverview)} times beside ${4 * viewers} looks at the overview`);
    const ofEvents = await statementsWhile(told.databaseUrl, () => look("events?limit=1"));
    assert.ok(mostRuns(ofEvents) >= viewers, `of what ${viewers} looks at events cost, ${mostRuns(ofEvents)} were counted`);
  } finally {
    await installation.close();
  }
});

/** @param {import("playwright-core").Page} page */
function elements(page) {
  return page.evaluate(() => document.querySelectorAll("*").length);
}
