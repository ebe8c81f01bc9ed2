// What holds for every screen: it can be read by everybody, in both themes, and on every width.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dashboardTest, installations } from "./dashboard.js";
import { views } from "./places.js";

const { night } = installations;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// 640 is also what a desk of 1280 pixels has at 200 % zoom, and 320 what it has at 400 %.
const WIDTHS = [1440, 1280, 768, 640, 360, 320];
const DESK = 1280;
const HEIGHT = 700;

for (const { what, options, places } of views) {
  // The policy of the page keeps axe from working, too.
  dashboardTest(`${what} speaks of what it shows, on every width, and is accessible in both themes`, night, { ...options, height: HEIGHT, bypassesPolicy: true }, async (dashboard) => {
    const { page } = dashboard;
    /** @type {string[]} */
    const found = [];
    for (const [name, place] of Object.entries(places)) {
      await dashboard.open(place);
      const faults = [...(await unclear(dashboard)), ...(await inaccessible(dashboard, {}))];
      await page.emulateMedia({ colorScheme: "dark" });
      // What is in the document is the same in both: in the second only the colours are looked at.
      faults.push(...(await inaccessible(dashboard, { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } })));
      await page.emulateMedia({ colorScheme: "light" });
      for (const width of WIDTHS) faults.push(...(await wide(dashboard, width)));
      await page.setViewportSize({ width: DESK, height: HEIGHT });
      found.push(...faults.map((fault) => `${name}: ${fault}`));
    }
    assert.deepEqual(found, []);
  });
}

/** @typedef {import("./dashboard.js").Dashboard} Dashboard */

/** @param {Dashboard} dashboard */
async function unclear(dashboard) {
  const headings = await dashboard.page.locator("h1").count();
  const nonsense = /undefined|\bNaN\b|\[object |Infinity|It is being built/.exec(await dashboard.text());
  const title = await dashboard.page.title();
  return [
    ...(headings === 1 ? [] : [`it has ${headings} headings of the first level`]),
    ...(nonsense ? [`it says ${nonsense[0]}`] : []),
    ...(title.endsWith(" – EventLease") ? [] : [`its title is ${title}`]),
  ];
}

/** @param {Dashboard} dashboard @param {object} rules @returns {Promise<string[]>} */
async function inaccessible({ page }, rules) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return page.evaluate(async (rules) => {
    const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ["violations"], ...rules });
    const theme = document.documentElement.dataset["theme"];
    return violations.map((/** @type {any} */ { id, nodes }) => `${id}, ${theme}: ${nodes.slice(0, 3).map((/** @type {any} */ node) => `${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.all[0]?.message ?? ""})`).join("; ")}`);
  }, rules);
}

/** @param {Dashboard} dashboard @param {number} width */
async function wide(dashboard, width) {
  await dashboard.page.setViewportSize({ width, height: HEIGHT });
  await dashboard.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))); // what measures its room has done so
  const pixels = await dashboard.tooWide();
  return pixels > 0 ? [`on ${width} pixels it is ${pixels} too wide: ${await widest(dashboard)}`] : [];
}

/** @param {Dashboard} dashboard */
function widest(dashboard) {
  return dashboard.page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const isClipped = (/** @type {Element | null} */ element) => {
      for (let parent = element?.parentElement; parent; parent = parent.parentElement) {
        if (getComputedStyle(parent).overflowX !== "visible") return true;
      }
      return false;
    };
    const out = [...document.querySelectorAll("main *, header *, nav *")].filter((each) => each.getBoundingClientRect().right > width + 1 && !isClipped(each));
    return out.slice(0, 3).map((each) => `${each.tagName}.${each.getAttribute("class")} "${(each.textContent ?? "").slice(0, 40)}"`).join(", ");
  });
}
