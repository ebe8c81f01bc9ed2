// What of the page's budgets is counted, not timed.
import { runSql } from "../installations/installation.js";
import { installations, openDashboard } from "./dashboard.js";
import { passMinutes } from "./polls.js";
import { giveBack } from "./stages.js";

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

/** An hour on the overview, by a clock that is turned on. */
export async function hourOpen() {
  const dashboard = await openDashboard(calm, { clock: new Date(), proxy: {} });
  const { page, context, stage } = dashboard;
  await dashboard.open();
  const devtools = await context.newCDPSession(page);
  const heap = async () => (await devtools.send("HeapProfiler.collectGarbage"), (await devtools.send("Runtime.getHeapUsage")).usedSize);
  await passMinutes(page, 10);
  const before = await heap();
  await passMinutes(page, 50);
  const found = { heap: (100 * (await heap())) / before, sockets: stage.proxy?.sockets.size ?? NaN };
  await giveBack(stage, false);
  return found;
}

/** What 50 viewers add to the work of the database, as they poll eight times. */
export async function viewers() {
  const headers = { authorization: `Bearer ${crowd.tokens.reader}` };
  const look = async () => void (await (await fetch(`${crowd.url}/api/v1/overview`, { headers })).arrayBuffer());
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5000));
  const quiet = await transactionsWhile(async () => {
    for (let n = 0; n < 8; n += 1) await pause();
  });
  const watched = await transactionsWhile(async () => {
    for (let n = 0; n < 8; n += 1) await Promise.all([pause(), ...Array.from({ length: 50 }, look)]);
  });
  return { added: watched - quiet };
}

/** Of the whole server of PostgreSQL. @param {() => Promise<unknown>} work */
async function transactionsWhile(work) {
  const count = async () => {
    const rows = await runSql(crowd.databaseUrl, "select pg_stat_clear_snapshot(); select sum(xact_commit + xact_rollback) from pg_stat_database");
    return Number(rows.split("\n").at(-1));
  };
  const before = await count();
  await work();
  return (await count()) - before;
}
