// A page between two tests, where the next one can go on in it: loading its files anew, more than a hundred, takes more of the processor than most tests do.
// It rests on the screen that asks for nothing, held, so that it does not poll, and with nothing left of what was done in it.

/** @typedef {import("playwright-core").Page} Page */

/** Whether it rests now. Something that lasts may have been done in it, like a choice that the page keeps: then it has to be loaded anew. @param {Page} page */
export async function rest(page) {
  return page.evaluate(async () => {
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector));
    const until = async (/** @type {() => boolean} */ isSo) => {
      for (let frame = 0; frame < 120 && !isSo(); frame += 1) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return isSo();
    };
    const isHeld = () => find(".live-held") !== null;
    if (localStorage.length > 0 || find("dialog[open]") || !find(".live-good")) return false;
    location.hash = "#/help";
    while (find(".notices button[aria-label=close]")) {
      find(".notices button[aria-label=close]")?.click();
      await new Promise((resolve) => setTimeout(resolve));
    }
    find(".deeds summary")?.click();
    if (find(".deeds") && !(await until(() => find(".deeds .menu-body > div > button") !== null))) return false;
    find(".deeds .menu-body > div > button")?.click();
    find(".live button")?.click();
    return until(() => isHeld() && find("h1")?.textContent === "Help" && !find(".deeds") && !find(".notice"));
  });
}

/** It asks again, and for everything at once. False where it does not: then it has to be loaded anew. @param {Page} page */
export async function wake(page) {
  const overview = page.waitForResponse(/\/api\/v1\/overview/, { timeout: 10_000 }).catch(() => null);
  await page.locator(".live button").dispatchEvent("click");
  const answer = await overview;
  return answer !== null && [200, 304].includes(answer.status());
}
