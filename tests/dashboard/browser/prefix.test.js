// The page works below any address, with no setting.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations, proxiedTest } from "./dashboard.js";

const { night, calm } = installations;
const operator = new Caller(night.url, night.tokens.operator ?? null);

for (const isStripped of [true, false]) {
  const proxy = { prefix: "/tools/queue", isStripped, host: "inner.example.com" };
  proxiedTest(`below a prefix that a proxy ${isStripped ? "strips" : "keeps"}, and with another Host`, night, { role: null, proxy }, async (dashboard, between) => {
    const { page, url } = dashboard;
    await page.goto(`${url}/dashboard`); // without the stroke at its end
    assert.match(page.url(), /\/tools\/queue\/dashboard\/$/);
    await page.getByLabel("Token").fill(night.tokens.operator ?? "");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.reload();
    await dashboard.settled();
    await page.getByText("Needs attention").waitFor();
    // Unsafe calls are the page's own, though the server sees another host.
    const queue = `below-a-prefix-${isStripped}`;
    await operator.call("POST", "events", { engine_type: queue, event_type: "thing.wanted", payload: {}, delay_seconds: 86_400 });
    await operator.call("POST", `queues/${queue}/pause`, { reason: "model upgrade" });
    await dashboard.open(`#/queues/${queue}`);
    await page.getByRole("button", { name: "Resume", exact: true }).first().click();
    await page.getByText(/resumed|goes on/i).first().waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("model upgrade").first().waitFor();
    const [cookie] = await dashboard.context.cookies(`${url}/api/v1/session`);
    assert.equal(cookie?.path, "/tools/queue/api/v1");
    assert.equal(between.count(/^GET \/dashboard\/a\/[0-9a-f]+\/main\.js/) > 0, true);
  });
}

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
