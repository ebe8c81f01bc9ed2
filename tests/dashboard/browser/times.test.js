// Times of day in two zones, and in the night in which an hour comes twice.
import assert from "node:assert/strict";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const place = `#/events/${night.facts["waiting"]}`;

for (const [zone, first, second] of /** @type {const} */ ([
  ["Europe/Berlin", /2026-10-25 02:30:00 UTC\+2/, /2026-10-25 02:30:00 UTC\+1/],
  ["America/New_York", /2026-10-24 20:30:00 UTC[-−]4/, /2026-10-24 21:30:00 UTC[-−]4/],
])) {
  dashboardTest(`both times of the hour that comes twice are told apart in ${zone}, and t shows UTC`, night, { zone }, async (dashboard) => {
    const { page } = dashboard;
    // The night is in the past of no test: its times are put into the answer.
    await page.route(`**/api/v1/events/${night.facts["waiting"]}`, async (route) => {
      const answer = await route.fetch();
      const text = (await answer.text())
        .replace(/"created_at":"[^"]*"/, '"created_at":"2026-10-25T00:30:00Z"')
        .replace(/"available_at":"[^"]*"/, '"available_at":"2026-10-25T01:30:00Z"');
      await route.fulfill({ response: answer, body: text });
    });
    await dashboard.open(place);
    const facts = page.locator("main");
    await facts.getByText(first).first().waitFor();
    await facts.getByText(second).first().waitFor();
    await dashboard.press("t");
    await facts.getByText(/2026-10-25 00:30:00 UTC$/).first().waitFor();
    await facts.getByText(/2026-10-25 01:30:00 UTC$/).first().waitFor();
    // The choice outlives a reload, and an address may say otherwise.
    await page.reload();
    await facts.getByText(/2026-10-25 00:30:00 UTC$/).first().waitFor();
  });
}

dashboardTest("a plot over the hour that comes twice shows both, with their offsets", night, { isFresh: true }, async (dashboard) => {
  const { page } = dashboard;
  // What is drawn is no text of the document: it is noted when it is drawn. The script stays on the page, which so is for this test alone.
  await page.addInitScript(() => {
    const drawn = /** @type {string[]} */ ([]);
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (/** @type {Parameters<typeof fillText>} */ ...words) {
      drawn.push(words[0]);
      fillText.apply(this, words);
    };
    Object.assign(window, { drawn });
  });
  const [from, to, step] = ["2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z", 600];
  await page.route("**/api/v1/queues/dialogue/history?*", async (route) => {
    const answer = await route.fetch();
    const history = await answer.json();
    const steps = (Date.parse(to) - Date.parse(from)) / 1000 / step;
    const columns = Object.entries(history).map(([name, value]) => [name, Array.isArray(value) ? Array.from({ length: steps }, (_, n) => n + 1) : value]);
    await route.fulfill({ response: answer, json: { ...Object.fromEntries(columns), from, to, step_seconds: step } });
  });
  await dashboard.open(`#/queues/dialogue?from=${from}&to=${to}`);
  const drawn = () => page.evaluate(() => /** @type {any} */ (window).drawn.join("\n"));
  await page.waitForFunction(() => /** @type {any} */ (window).drawn.includes("02:00 +2"));
  const before = await drawn();
  for (const hour of ["02:00 +2", "02:30 +2", "02:00 +1", "02:30 +1"]) assert.ok(before.includes(hour), `${hour} is missing:\n${before}`);
  assert.ok(before.lastIndexOf("02:30 +2") < before.lastIndexOf("02:00 +1"), "the first of the two hours stands first");
  await page.locator(".plot-table summary").first().click();
  await page.locator(".plot-table tbody th").first().waitFor();
  const rows = await page.locator(".plot-table tbody th").allInnerTexts();
  for (const time of [/2026-10-25 02:30(:00)? UTC\+2/, /2026-10-25 02:30(:00)? UTC\+1/]) assert.ok(rows.some((row) => time.test(row)), rows.join("\n"));
});

dashboardTest("a clock that is wrong is told of, and times go by the server's", night, { clock: new Date(Date.now() + 20 * 60_000) }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open();
  await page.getByText(/clock is 1\d min.* fast|clock is 20 min fast/).waitFor();
  assert.match(await page.locator("main").innerText(), /began \d+ (s|min)/);
  assert.doesNotMatch(await page.locator(".attention").innerText(), /began in/);
});
