// What holds for every screen: it can be read by everybody, in both themes, and on every width.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dashboardTest, installations } from "./dashboard.js";
import { places } from "./places.js";

const { night } = installations;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const theme of /** @type {const} */ (["light", "dark"])) {
  // The policy of the page keeps axe from working, too.
  dashboardTest(`every screen is accessible in the ${theme} theme`, night, { theme, bypassesPolicy: true }, async (dashboard) => {
    const found = [];
    for (const [name, place] of Object.entries(places)) {
      await dashboard.open(place);
      await dashboard.page.evaluate(axe);
      const violations = await dashboard.page.evaluate(async () => {
        const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ["violations"] });
        return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.slice(0, 3).map((/** @type {any} */ node) => `${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.all[0]?.message ?? ""})`).join("; ")}`);
      });
      found.push(...violations.map((/** @type {string} */ violation) => `${name}: ${violation}`));
    }
    assert.deepEqual(found, []);
  });
}

for (const width of [320, 360, 1280]) {
  dashboardTest(`no screen scrolls sideways at ${width} pixels`, night, { width, height: 700 }, async (dashboard) => {
    const wide = [];
    for (const [name, place] of Object.entries(places)) {
      await dashboard.open(place);
      const pixels = await dashboard.tooWide();
      if (pixels > 0) wide.push(`${name}: ${pixels} pixels too wide: ${await widest(dashboard)}`);
    }
    assert.deepEqual(wide, []);
  });
}

dashboardTest("the screens speak of what they show, and each has one heading", night, {}, async (dashboard) => {
  for (const place of Object.values(places)) {
    await dashboard.open(place);
    assert.equal(await dashboard.page.locator("h1").count(), 1, place);
    const text = await dashboard.text();
    assert.doesNotMatch(text, /undefined|\bNaN\b|\[object |Infinity|It is being built/, place);
    assert.match(await dashboard.page.title(), / – EventLease$/);
  }
});

/** @param {import("./dashboard.js").Dashboard} dashboard */
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
