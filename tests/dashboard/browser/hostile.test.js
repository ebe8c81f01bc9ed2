// What strangers send is text: it runs nothing, hides nothing, and loses no digit.
import assert from "node:assert/strict";
import { dashboardTest, installations } from "./dashboard.js";

const { crowd } = installations;
const ids = /** @type {Record<string, string>} */ (crowd.facts["hostile"]);
// Characters that control terminals, break lines unseen, or turn the order of letters around.
const invisible = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

const places = {
  ...Object.fromEntries(Object.entries(ids).map(([name, id]) => [`payload: ${name}`, `#/events/${id}`])),
  "dead letters by cause": "#/dead-letters?engine_type=hostile",
  "dead letters": "#/dead-letters?view=list&engine_type=hostile",
  events: "#/events?engine_type=hostile",
  engines: "#/engines?engine_type=hostile",
  engine: `#/engines/${crowd.facts["hostile_engine"]}`,
  run: `#/runs/${encodeURIComponent(crowd.facts["hostile_run"])}`,
  runs: "#/runs",
  queue: "#/queues/hostile",
  queues: "#/queues?q=hostile",
  audit: "#/audit?subject=hostile",
};

dashboardTest("hostile data are text on every screen, wide and narrow", crowd, {}, async (dashboard) => {
  const { page } = dashboard;
  for (const [name, place] of Object.entries(places)) {
    await dashboard.open(place);
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      const what = `${name}, ${width} pixels wide`;
      await openAll(page);
      assert.equal(await page.evaluate(() => /** @type {any} */ (window)["hurt"]), undefined, what);
      assert.equal(await page.locator("main img, main script, main iframe, main object, #page svg[onload]").count(), 0, what);
      const links = await page.locator("main a").evaluateAll((all) => all.map((each) => each.getAttribute("href") ?? ""));
      assert.deepEqual(links.filter((link) => !link.startsWith("#/")), [], what);
      const text = await page.locator("main").innerText();
      assert.equal(invisible.exec(text)?.[0].codePointAt(0)?.toString(16), undefined, what);
      assert.equal(await dashboard.tooWide(), 0, `${what}, is too wide`);
    }
  }
});

dashboardTest("numbers keep their digits, doubled names are shown twice, and secrets are covered", crowd, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open(`#/events/${ids["numbers"]}`);
  for (const number of ["12345678901234567890", "1.10", "1e-400", "1e400", "-0"]) await page.getByText(number, { exact: true }).first().waitFor();
  await dashboard.open(`#/events/${ids["doubled"]}`);
  await openAll(page);
  for (const value of ["first", "second", "third"]) await page.getByText(value).first().waitFor();
  await dashboard.open(`#/events/${ids["secrets"]}`);
  await openAll(page);
  assert.doesNotMatch(await dashboard.text(), /hunter2|k-123|Bearer abc/);
});

dashboardTest("payloads of nothing are told apart", crowd, {}, async (dashboard) => {
  for (const [name, shown] of [["null", "null"], ["zero", "0"], ["empty_text", '""'], ["empty_object", "{}"]]) {
    await dashboard.open(`#/events/${ids[name ?? ""]}`);
    const payload = dashboard.page.locator("section").filter({ has: dashboard.page.getByRole("heading", { name: /Payload/i }) }).first();
    await payload.waitFor();
    assert.ok((await payload.innerText()).includes(shown ?? ""), `${name}: ${await payload.innerText()}`);
  }
});

/** Opens all that can be opened, as a curious person does. @param {import("playwright-core").Page} page */
async function openAll(page) {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("main details")) /** @type {HTMLDetailsElement} */ (details).open = true;
  });
  await page.waitForTimeout(100);
}
