// What of the page's budgets is counted, not timed.
import { setTimeout } from "node:timers/promises";
import { installations, openDashboard } from "./dashboard.js";
import { passMinutes } from "./polls.js";
import { giveBack } from "./stages.js";
import { mostRuns, statementsWhile } from "./statements.js";
import { startViewers } from "./viewers.js";

const { calm, crowd } = installations;
const FIRST = { "#/": 335_000, [`#/events/${crowd.facts["tried_often"]}`]: 440_000 };

/** All files that are asked for until a screen is whole, its plots too, and not those that are loaded for later. */
export async function sizesOfFirstLoad() {
  /** @type {Record<string, { raw: number, budget: number }>} */
  const sizes = {};
  for (const [place, budget] of Object.entries(FIRST)) {
    const dashboard = await openDashboard(crowd, { isFresh: true });
    const { page } = dashboard;
    await page.addInitScript(() => {
      performance.setResourceTimingBufferSize(2000);
      globalThis.requestIdleCallback = () => 0;
    });
    await dashboard.open(place);
    await page.waitForLoadState("networkidle");
    const [raw, sent, count] = await page.evaluate(() => {
      const entries = /** @type {PerformanceResourceTiming[]} */ (performance.getEntries()).filter(({ name }) => name.includes("/dashboard/"));
      const sum = (/** @type {"decodedBodySize" | "encodedBodySize"} */ size) => entries.reduce((bytes, entry) => bytes + entry[size], 0);
      return [sum("decodedBodySize"), sum("encodedBodySize"), entries.length];
    });
    console.log(`  (${place}: ${count} requests, ${sent} bytes compressed)`);
    sizes[place] = { raw: raw ?? NaN, budget };
    await giveBack(dashboard.stage, false);
  }
  return sizes;
}

/** A working day on the overview, played by the page's clock: its memory at the end beside that after the first hour. */
export async function dayOpen() {
  const dashboard = await openDashboard(calm, { clock: new Date(), proxy: {} });
  const { page, context, stage } = dashboard;
  await dashboard.open();
  const devtools = await context.newCDPSession(page);
  const heap = async () => (await devtools.send("HeapProfiler.collectGarbage"), (await devtools.send("Runtime.getHeapUsage")).usedSize);
  await passMinutes(page, 60);
  const before = await heap();
  await passMinutes(page, 7 * 60, { stepSeconds: 60 });
  const found = { heap: (100 * (await heap())) / before, sockets: stage.proxy?.sockets.size ?? NaN };
  await giveBack(stage, false);
  return found;
}

/** How often more a statement runs as 50 viewers poll the overview eight times, and how often more without them: by chance. */
export async function viewers() {
  const look = await startViewers(crowd, 50);
  /** @param {boolean} isWatched */
  const eightPolls = (isWatched) =>
    statementsWhile(crowd.databaseUrl, async () => {
      for (let n = 0; n < 8; n += 1) await Promise.all([setTimeout(5000), ...(isWatched ? [look()] : [])]);
    });
  const [without, beside, withoutAgain] = [await eightPolls(false), await eightPolls(true), await eightPolls(false)];
  return { added: mostRuns(beside, without), noise: mostRuns(withoutAgain, without) };
}
