// Where the system chooses the colours, what the page says by colours is said otherwise, or keeps them.
import assert from "node:assert/strict";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const { facts } = night;

for (const theme of /** @type {const} */ (["light", "dark"])) {
  dashboardTest(`forced colours on a ${theme} ground: states, what is pressed and focused, bars and plots can be seen`, night, { theme, hasForcedColours: true, height: 1200 }, async (dashboard) => {
    const { page } = dashboard;
    await dashboard.open();
    assert.equal(await page.evaluate(() => matchMedia("(forced-colors: active)").matches), true);
    await page.locator(".attention .status").first().waitFor();
    assert.deepEqual(await hardToRead(page, ".status, .attention-message, .button, main a"), []);
    // Cells have no room for words: their colours are the page's own.
    const cells = await page.locator(".heat-cell").evaluateAll((all) => all.map((each) => [each.className, getComputedStyle(each).backgroundColor].join(": ")));
    assert.equal(new Set(cells.map((each) => each.split(": ")[1])).size, new Set(cells.map((each) => each.split(": ")[0])).size, cells.join("\n"));
    await page.locator(".plot-canvas canvas").first().waitFor();
    await page.waitForFunction(contrasting, { selector: ".plot-canvas canvas", least: 300 });

    await page.locator("main .button").first().focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    const focus = await page.evaluate(() => {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(/** @type {Element} */ (document.activeElement));
      return { outlineStyle, outlineWidth, isGround: outlineColor === getComputedStyle(document.body).backgroundColor };
    });
    assert.deepEqual(focus, { outlineStyle: "solid", outlineWidth: "2px", isGround: false });

    await dashboard.open("#/queues?state=paused");
    const [pressed, plain] = await Promise.all([true, false].map((is) => look(page.locator(`.queues-states .button[aria-pressed=${is}]`).first())));
    assert.notDeepEqual(pressed, plain, "what is pressed looks like what is not");

    await dashboard.open("#/dead-letters");
    await page.locator(".version-bars-bar").first().waitFor();
    assert.deepEqual(await unseen(page, ".version-bars-bar", ["backgroundColor"]), []);

    await dashboard.open(`#/events/${facts["twice"]}`);
    await page.locator(".gantt-bar").first().waitFor();
    assert.deepEqual(await unseen(page, ".gantt-marks .gantt-bar, .gantt-marks .gantt-double, .gantt-marks .gantt-lease", ["fill", "stroke"]), []);
    assert.deepEqual(await hardToRead(page, ".status, .gantt-label"), []);
  });
}

/** @param {import("playwright-core").Locator} button */
function look(button) {
  return button.evaluate((element) => {
    const { borderColor, borderWidth, backgroundColor, color, outlineStyle } = getComputedStyle(element);
    return { borderColor, borderWidth, backgroundColor, color, outlineStyle };
  });
}

/** Texts that are not told from their ground. @param {import("playwright-core").Page} page @param {string} selector */
function hardToRead(page, selector) {
  return page.evaluate((selector) => {
    const transparent = "rgba(0, 0, 0, 0)";
    const groundOf = (/** @type {Element} */ element) => {
      for (let each = /** @type {Element | null} */ (element); each; each = each.parentElement) {
        const { backgroundColor } = getComputedStyle(each);
        if (backgroundColor !== transparent) return backgroundColor;
      }
      return "rgb(255, 255, 255)";
    };
    const all = [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility() && each.textContent);
    if (all.length === 0) return [`there is no ${selector}`];
    return all.filter((each) => getComputedStyle(each).color === groundOf(each)).map((each) => `${each.className}: ${each.textContent}`);
  }, selector);
}

/** Shapes whose every colour is about that of the ground. @param {import("playwright-core").Page} page @param {string} selector @param {("fill" | "stroke" | "backgroundColor")[]} by */
function unseen(page, selector, by) {
  return page.evaluate(
    ({ selector, by }) => {
      const brightness = (/** @type {string} */ colour) => {
        const [red = 0, green = 0, blue = 0, opacity = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
        return colour === "none" || opacity === 0 ? null : 0.299 * red + 0.587 * green + 0.114 * blue;
      };
      const ground = brightness(getComputedStyle(document.body).backgroundColor) ?? 255;
      const all = [...document.querySelectorAll(selector)];
      if (all.length === 0) return [`there is no ${selector}`];
      const isSeen = (/** @type {Element} */ each) => by.some((name) => Math.abs((brightness(getComputedStyle(each)[name]) ?? ground) - ground) > 60);
      return all.filter((each) => !isSeen(each)).map((each) => each.outerHTML.slice(0, 120));
    },
    { selector, by },
  );
}

/** Runs in the page: whether so many pixels of the drawing differ from the ground. @param {{ selector: string, least: number }} wanted */
function contrasting({ selector, least }) {
  const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector(selector));
  const ground = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
  const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  let found = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const far = [0, 1, 2].some((n) => Math.abs((pixels[at + n] ?? 0) - (ground[n] ?? 255)) > 100);
    if ((pixels[at + 3] ?? 0) > 200 && far) found += 1;
  }
  return found >= least;
}
