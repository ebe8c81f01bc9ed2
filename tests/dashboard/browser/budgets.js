// How long the page takes for what a person waits for, beside what it may take: a table, and no test. Times are medians of five, and
// say something on a machine that has nothing else to do. `make dashboard-budgets` runs it.
import { installations, openDashboard } from "./dashboard.js";
import { dayOpen, sizesOfFirstLoad, viewers } from "./budgets-counted.js";
import { firstSight, PlainBrowser } from "./plain-browser.js";
import { giveBack } from "./stages.js";

/** @typedef {import("./dashboard.js").Dashboard} Dashboard */
/** @typedef {{ what: string, measured: number, budget: number, unit: string }} Row */

const RUNS = 5;
const { crowd } = installations;

/** @type {Row[]} */
const rows = [];

/** @param {string} what @param {number} budget @param {string} unit @param {number} measured */
function note(what, budget, unit, measured) {
  rows.push({ what, measured, budget, unit });
  console.log(`${measured <= budget ? "  " : "! "}${what.padEnd(58)} ${String(Math.round(measured)).padStart(9)} of ${String(budget).padStart(7)} ${unit}`);
}

/** @param {readonly number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Five times, each in a browser's profile of its own. @template {string} K @param {(dashboard: Dashboard) => Promise<Record<K, number>>} measure @returns {Promise<Record<K, number>>} */
async function five(measure) {
  /** @type {Record<string, number[]>} */
  const found = {};
  for (let run = 0; run < RUNS; run += 1) {
    const dashboard = await openDashboard(crowd, { isFresh: true });
    await dashboard.page.addInitScript(watchTasks);
    for (const [name, value] of Object.entries(await measure(dashboard))) (found[name] ??= []).push(/** @type {number} */ (value));
    await giveBack(dashboard.stage, false);
  }
  return /** @type {any} */ (Object.fromEntries(Object.entries(found).map(([name, values]) => [name, median(values)])));
}

/** In the page: keeps how long tasks of more than 50 milliseconds took. */
function watchTasks() {
  performance.setResourceTimingBufferSize(2000);
  /** @type {any} */ (globalThis).tasks = [];
  new PerformanceObserver((list) => /** @type {any} */ (globalThis).tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
}

/** @param {Dashboard} dashboard since it was asked before */
async function longestTask({ page }) {
  await page.waitForTimeout(500);
  return page.evaluate(() => Math.max(0, .../** @type {any} */ (globalThis).tasks.splice(0)));
}

/** Goes to a place in the page that is open, until something stands there and is painted. @param {Dashboard} dashboard @param {string} place @param {string} selector */
async function goTo({ page }, place, selector) {
  return page.evaluate(
    ([place, selector]) =>
      new Promise((resolve) => {
        const began = performance.now();
        location.hash = place ?? "";
        const look = () => (document.querySelector(selector ?? "") ? setTimeout(() => resolve(performance.now() - began)) : requestAnimationFrame(look));
        requestAnimationFrame(look);
      }),
    [place, selector],
  );
}

/** Until all screens are loaded, and nothing else happens. @param {Dashboard} dashboard */
async function rest({ page }) {
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("screens/help.js")));
  await page.waitForLoadState("networkidle");
}

const plain = new PlainBrowser();
for (const [what, installation] of /** @type {const} */ ([["a calm server", installations.calm], ["1,000 queues", crowd]])) {
  const times = [];
  for (let run = 0; run < RUNS; run += 1) times.push(await firstSight(plain, installation, ".total-value"));
  note(`${what}: first numbers on screen, nothing cached`, 500, "ms", median(times));
}
await plain.close();

const thousand = await five(async (dashboard) => {
  await dashboard.open("#/help");
  await rest(dashboard);
  const render = await goTo(dashboard, "#/queues", "tr.table-row");
  const { page, context } = dashboard;
  await page.waitForTimeout(1000);
  const devtools = await context.newCDPSession(page);
  // What the page's own thread computes: not what it waits for, for others on this machine.
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  const updates = [];
  for (let n = 0; n < 3; n += 1) {
    const before = await busy();
    await page.waitForResponse((answer) => answer.url().endsWith("/overview") && answer.status() === 200);
    await page.waitForTimeout(500);
    updates.push(((await busy()) - before) * 1000);
  }
  return { render, update: median(updates), longest: await longestTask(dashboard) };
});
note("1,000 queues: from click to rows", 200, "ms", thousand.render);
note("1,000 queues: all computing for one update", 50, "ms", thousand.update);

const swarm = await five(async (dashboard) => {
  const { page, context } = dashboard;
  await dashboard.open("#/help");
  await rest(dashboard);
  await longestTask(dashboard);
  const render = await goTo(dashboard, "#/engines", "[aria-label=Engines] tr.table-row");
  const answered = await page.evaluate(() => performance.getEntriesByType("resource").find(({ name }) => name.includes("/engines?"))?.duration ?? NaN);
  await page.getByText(/^10,\d\d\d engines/).first().waitFor();
  await page.getByText(/being read/).waitFor({ state: "detached" });
  const first = await longestTask(dashboard);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  let pages = 0;
  page.on("response", (answer) => void (pages += answer.url().includes("/engines?") ? 1 : 0));
  // Held and let go: it asks at once.
  const before = await busy();
  await page.keyboard.press("p");
  await page.keyboard.press("p");
  while (pages < 50) await page.waitForTimeout(50);
  const update = await longestTask(dashboard);
  return { render, answered, first, update, all: ((await busy()) - before) * 1000 };
});
note("10,000 engines: from click to rows", 150, "ms", swarm.render);
note("10,000 engines: longest task until all are read", 50, "ms", swarm.first);
note("10,000 engines: longest task while all are read again", 50, "ms", swarm.update);
console.log(`  (10,000 engines: ${Math.round(swarm.answered)} ms until the server answered with the first of 50 pages; all computing while they are read again: ${Math.round(swarm.all)} ms)`);

const large = await five(async (dashboard) => {
  await dashboard.open("#/help");
  await rest(dashboard);
  await longestTask(dashboard);
  const text = await goTo(dashboard, `#/events/${crowd.facts["large"]}`, ".json-note ~ *");
  const longest = await longestTask(dashboard);
  await dashboard.page.getByRole("button", { name: /open all/i }).first().click();
  await dashboard.page.getByText("record 1", { exact: false }).first().waitFor();
  return { text, longest, opening: await longestTask(dashboard), after: (await dashboard.page.waitForTimeout(3000), await longestTask(dashboard)) };
});
note("payload of 1 MiB: from click to its first text", 300, "ms", large.text);
note("payload of 1 MiB: longest task until then", 200, "ms", large.longest);
note("payload of 1 MiB: longest task of opening all of it", 200, "ms", large.opening);
note("payload of 1 MiB: longest task after that", 50, "ms", large.after);

const attempts = await five(async (dashboard) => {
  await dashboard.open("#/help");
  await rest(dashboard);
  const { page, context } = dashboard;
  const devtools = await context.newCDPSession(page);
  const heap = async () => (await devtools.send("HeapProfiler.collectGarbage"), (await devtools.send("Runtime.getHeapUsage")).usedSize);
  const place = `#/events/${crowd.facts["tried_20000_times"]}`;
  const shown = await goTo(dashboard, place, ".gantt-mark");
  await dashboard.settled();
  const lookTenTimes = async () => {
    for (let n = 0; n < 10; n += 1) {
      await goTo(dashboard, "#/help", "main");
      await page.waitForTimeout(100);
      await goTo(dashboard, place, ".gantt-mark");
    }
    return heap();
  };
  const [ten, twenty] = [await lookTenTimes(), await lookTenTimes()];
  return { shown, grown: (100 * twenty) / ten };
});
note("20,000 attempts: from click to the time line", 500, "ms", attempts.shown);
note("20,000 attempts: heap after twenty looks, of that after ten", 110, "%", attempts.grown);

for (const [place, size] of Object.entries(await sizesOfFirstLoad())) note(`first load of ${place}: files as they are`, size.budget, "bytes", size.raw);
const day = await dayOpen();
note("8 hours open: heap after collection, of that after one", 110, "%", day.heap);
note("8 hours open: sockets", 6, "", day.sockets);
const { added, noise } = await viewers();
// What they share may run with each poll, as for one of them.
note("overview polled by 50, 8 times: runs a statement gains", 8 + noise, "", added);
console.log(`  (of which 8 are what one viewer may ask for, and ${noise} what differs without viewers)`);
console.log(`${rows.filter(({ measured, budget }) => measured > budget).length} of ${rows.length} beyond their budget`);
process.exit(0);
