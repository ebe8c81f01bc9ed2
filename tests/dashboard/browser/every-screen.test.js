// What holds for every screen: it can be read by everybody, in both themes, and on every width.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dashboardTest, installations } from "./dashboard.js";
import { views } from "./places.js";

const { night } = installations;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const { theme, what, options, places } of /** @type {const} */ (["light", "dark"]).flatMap((theme) => views.map((view) => ({ theme, ...view })))) {
  // The policy of the page keeps axe from working, too.
  dashboardTest(`${what} is accessible in the ${theme} theme`, night, { ...options, theme, bypassesPolicy: true }, async (dashboard) => {
    const found = [];
    // What is in the document is the same in both: in the second only the colours are looked at.
    const rules = theme === "light" ? {} : { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };
    for (const [name, place] of Object.entries(places)) {
      await dashboard.open(place);
      if (!(await dashboard.page.evaluate(() => "axe" in window))) await dashboard.page.evaluate(axe);
      const violations = await dashboard.page.evaluate(async (rules) => {
        const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ["violations"], ...rules });
        return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.slice(0, 3).map((/** @type {any} */ node) => `${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.all[0]?.message ?? ""})`).join("; ")}`);
      }, rules);
      found.push(...violations.map((/** @type {string} */ violation) => `${name}: ${violation}`));
    }
    assert.deepEqual(found, []);
  });
}

// Zoom of 200 % on a screen of 1280 × 800 is half as many pixels of the page, each of two of the device.
for (const [what, options, widths, { places }] of /** @type {const} */ ([
  ["a phone", { width: 360, height: 700 }, [360, 320], views[0]],
  ["a desk", { width: 1280, height: 700 }, [1440, 1280, 768], views[0]],
  ["a desk at 200 % zoom", { width: 640, height: 400, pixelRatio: 2 }, [640], views[0]],
  ["the desk and the phone of an admin", { ...views[1].options, height: 700 }, [1280, 768, 360, 320], views[1]],
])) {
  dashboardTest(`no screen scrolls sideways on ${what}: ${widths.join(", ")} pixels`, night, options, async (dashboard) => {
    const { page } = dashboard;
    const wide = [];
    for (const [name, place] of Object.entries(places)) {
      await dashboard.open(place);
      for (const width of widths) {
        await page.setViewportSize({ width, height: options.height });
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))); // what measures its room has done so
        const pixels = await dashboard.tooWide();
        if (pixels > 0) wide.push(`${name}, ${width} pixels: ${pixels} too wide: ${await widest(dashboard)}`);
      }
    }
    assert.deepEqual(wide, []);
  });
}

for (const { what, options, places } of views) {
  dashboardTest(`${what} speaks of what it shows, and has one heading`, night, options, async (dashboard) => {
    for (const place of Object.values(places)) {
      await dashboard.open(place);
      assert.equal(await dashboard.page.locator("h1").count(), 1, place);
      const text = await dashboard.text();
      assert.doesNotMatch(text, /undefined|\bNaN\b|\[object |Infinity|It is being built/, place);
      assert.match(await dashboard.page.title(), / – EventLease$/);
    }
  });
}

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
