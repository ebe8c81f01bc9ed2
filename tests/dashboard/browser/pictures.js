// Takes a picture of every screen and of every state of `picture-states.js`, light and dark, wide and narrow:
// node pictures.js FOLDER [FOLDER_OF_THE_FEW_IN_THE_GUIDES]. `PICTURES=dialog` takes those alone whose name has that in it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { installations, openDashboard } from "./dashboard.js";
import { states } from "./picture-states.js";
import { views } from "./places.js";
import { Proxy } from "./proxy.js";

const [folder = "pictures", guides] = process.argv.slice(2);
const { PICTURES: wantedNames = "", THEMES = "light dark", WIDTHS = "1280 360" } = process.env;
const wanted = new RegExp(wantedNames);
const themes = /** @type {("light" | "dark")[]} */ (THEMES.split(" "));
const widths = WIDTHS.split(" ").map(Number);
const { crowd } = installations;
/** @typedef {import("./dashboard.js").Dashboard} Dashboard */
/** @type {Record<string, import("./picture-states.js").State>} */
const all = {
  ...Object.fromEntries(views.flatMap(({ options, places }) => Object.entries(places).map(([name, place]) => [name, { on: /** @type {const} */ ("night"), place, ...options }]))),
  "calm overview": { on: "calm", place: "#/" },
  "event of many attempts": { on: "crowd", place: `#/events/${crowd.facts["tried_often"]}` },
  "hostile event": { on: "crowd", place: `#/events/${crowd.facts["hostile"]["texts"]}` },
  "1000 queues": { on: "crowd", place: "#/queues" },
  ...states,
};
/** Those that the guides show, from 1280 pixels of width. */
const shown = ["overview", "queue", "engines", "event done twice", "cause", "suspects", "health"];

mkdirSync(folder, { recursive: true });
if (guides) mkdirSync(guides, { recursive: true });
for (const theme of themes) {
  for (const width of widths) {
    /** Those of one installation and role share a page, whose files the browser has then. @type {Map<string, Dashboard>} */
    const open = new Map();
    for (const [name, state] of Object.entries(all)) {
      if (!wanted.test(name)) continue;
      await take(name, state, theme, width, open).catch((error) => {
        console.error(`${name}, ${width}, ${theme}: ${error instanceof Error ? error.message : error}`);
        process.exitCode = 1;
      });
    }
    for (const dashboard of open.values()) await dashboard.context.close();
  }
}
console.log(`pictures are in ${folder}`);
process.exit();

/**
 * @param {string} name
 * @param {import("./picture-states.js").State} state
 * @param {"light" | "dark"} theme
 * @param {number} width
 * @param {Map<string, Dashboard>} open
 */
async function take(name, { on, role = "operator", place, before, act, after, isWindow, isProxied }, theme, width, open) {
  const options = { role, theme, width, height: width < 500 ? 740 : 800, zone: "UTC" };
  const proxy = isProxied ? await new Proxy(installations[on].url).start() : null;
  const key = `${on} ${role}`;
  const dashboard = (proxy ? null : open.get(key)) ?? await openDashboard(installations[on], proxy ? { ...options, url: proxy.url } : options);
  if (!proxy) open.set(key, dashboard);
  const { page } = dashboard;
  page.setDefaultTimeout(15_000);
  try {
    if (proxy) await before?.(dashboard, proxy);
    else await page.goto("about:blank"); // nothing is left of the picture before
    await page.goto(`${dashboard.url}/dashboard/${place}`);
    await page.locator("h1, h2").first().waitFor({ state: "attached" });
    if (!before && role !== null) await dashboard.settled();
    await act?.(dashboard, /** @type {Proxy} */ (proxy));
    await page.waitForTimeout(400); // plots draw in their own time
    const file = `${name.replaceAll(/[^a-z0-9]+/gi, "-")}-${width}-${theme}.png`;
    await page.screenshot({ path: join(folder, file), fullPage: !isWindow });
    if (guides && theme === "light" && width === 1280 && shown.includes(name)) {
      await page.screenshot({ path: join(guides, `dashboard-${name.replaceAll(" ", "-")}.png`), clip: { x: 0, y: 0, width: 1280, height: 800 } });
    }
    await after?.(dashboard);
  } finally {
    await dashboard.context.setOffline(false);
    if (proxy) {
      await dashboard.context.close();
      await proxy.close();
    }
  }
}
