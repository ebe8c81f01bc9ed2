// The server is away for a while, as it is while somebody restarts it.
import assert from "node:assert/strict";
import { installations, proxiedTest } from "./dashboard.js";
import { polls } from "./polls.js";

const { night } = installations;

proxiedTest("a server that is gone is told of once, asked for again and again, and everything is new when it is back", night, { clock: new Date() }, async (dashboard, proxy) => {
  const { page } = dashboard;
  await dashboard.open("#/queues/vision");
  proxy.treat(/\/api\/v1\//, { fault: "reset" });
  await polls(page);
  const banner = page.getByText(/The server cannot be reached since .* What is shown is what was known before\./);
  await banner.waitFor({ timeout: 30_000 });
  await page.getByText(/^no answer for /).waitFor();
  assert.equal(await page.getByText("cannot be reached").count(), 1, "each panel says it again");
  assert.equal(await page.getByText(/^live$/).count(), 0, "what is old is called live");

  // It looks whether the server is there, with one small question, however long that takes.
  const since = performance.now();
  const looks = () => proxy.count(/^GET \/api\/v1\/session/, since);
  while (looks() < 3) await polls(page);
  assert.equal(proxy.count(/^GET \/api\/v1\/(?!session)/, since), 0, "all panels ask a server that is away");

  const back = performance.now();
  proxy.clear();
  await polls(page);
  await banner.waitFor({ state: "detached" });
  for (const asked of [/^GET \/api\/v1\/queues\/vision$/, /^GET \/api\/v1\/queues\/vision\/explain/, /^GET \/api\/v1\/overview/]) {
    while (proxy.count(asked, back) === 0) await page.waitForTimeout(100);
  }
  await page.getByText(/^live$/).waitFor();
});

proxiedTest("one call that is cut off, while others are answered, is the trouble of its panel alone", night, {}, async (dashboard, proxy) => {
  const { page } = dashboard;
  proxy.treat(/^GET \/api\/v1\/queues\/vision\/explain/, { fault: "reset" });
  await dashboard.open("#/queues/vision");
  await page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
  assert.equal(await page.getByText(/cannot be reached since/).count(), 0);
  assert.ok(proxy.count(/^GET \/api\/v1\/queues\/vision\/explain/) < 5, "it is asked again without a pause");
});
