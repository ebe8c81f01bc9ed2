// The page behind nginx: TLS ends there, the page is below a prefix, and the server sees another Host than the browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../installations/caller.js";
import { installations, longest, withDashboard } from "./dashboard.js";
import { findNginx, Nginx } from "./nginx.js";

const { night } = installations;
const { facts } = night;
const orchestrator = new Caller(night.url, night.tokens.orchestrator ?? null);
const operator = new Caller(night.url, night.tokens.operator ?? null);
// In CI it is installed; elsewhere not everybody has it.
const skip = findNginx() === undefined && !process.env["CI"] ? "nginx is not installed" : false;

for (const isStripped of [true, false]) {
  const name = `behind nginx that ${isStripped ? "takes the prefix off" : "leaves the prefix"}: signing in, looking, and a change`;
  test(name, { timeout: longest, skip }, async () => {
    const nginx = await Nginx.start(night.url, { host: "queue.example.test", isStripped });
    try {
      await withDashboard(name, night, { url: nginx.url, role: null, trustsAll: true }, (dashboard) => use(dashboard, `proxied-${isStripped}`));
    } finally {
      await nginx.close();
    }
  });
}

/** @param {import("./dashboard.js").Dashboard} dashboard @param {string} queue of this test alone */
async function use(dashboard, queue) {
  const { page, url, context } = dashboard;
  await orchestrator.call("POST", "engines", { engine_type: queue, heartbeat_timeout_seconds: null });
  await page.goto(`${url}/dashboard`); // without the stroke at its end
  assert.equal(page.url(), `${url}/dashboard/`);
  await page.getByLabel("Token").fill(night.tokens.operator ?? "");
  assert.equal(await page.getByText("The connection is not encrypted").count(), 0);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByText("Needs attention").waitFor();
  const [cookie] = await context.cookies(`${url}/api/v1/session`);
  assert.deepEqual([cookie?.secure, cookie?.httpOnly, cookie?.sameSite, cookie?.path], [true, true, "Strict", "/eventlease/api/v1"]);
  await page.reload();
  await dashboard.settled();
  await page.getByText("Needs attention").waitFor();
  await dashboard.open(`#/events/${facts["twice"]}`);
  await page.getByText("What happened to it").waitFor();
  await dashboard.open(`#/queues/${queue}`);
  await page.getByRole("button", { name: /^Pause/ }).first().click();
  await page.getByRole("dialog").getByLabel(/Reason/).fill("tried behind nginx");
  await page.getByRole("dialog").getByRole("button", { name: /^Pause/ }).click();
  await page.getByText("tried behind nginx").first().waitFor();
  assert.equal((await operator.call("GET", `queues/${queue}`)).pause.reason, "tried behind nginx");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("tried behind nginx").first().waitFor({ state: "detached" });
  assert.equal((await operator.call("GET", `queues/${queue}`)).pause, null);
}
