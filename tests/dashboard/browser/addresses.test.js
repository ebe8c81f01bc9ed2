// Where the page and its files stand. That it works below any path is tested behind nginx.
import assert from "node:assert/strict";
import { dashboardTest, installations, proxiedTest } from "./dashboard.js";

const { calm } = installations;

dashboardTest("browsers are led to the page from the bare address", calm, {}, async ({ page, url }) => {
  await page.goto(`${url}/`);
  assert.equal(page.url(), `${url}/dashboard/`);
  await page.goto(`${url}/dashboard#/help`);
  assert.equal(page.url(), `${url}/dashboard/#/help`);
});

proxiedTest("a page of another version of the server says so and mixes no files", calm, {}, async ({ page, url, faults }) => {
  await page.goto(`${url}/dashboard/`);
  const file = await page.locator("script[src]").getAttribute("src");
  const answer = await page.request.get(`${url}/dashboard/${file?.replace(/a\/[0-9a-f]+\//, "a/0000000000000000/")}`);
  assert.equal(answer.status(), 404);
  assert.equal(answer.headers()["cache-control"], "no-store");
  assert.deepEqual(faults, []);
});
