/** Turns the page's clock on by more than the pause between two polls, and leaves time for what they ask. @param {import("playwright-core").Page} page */
export async function polls(page) {
  await page.clock.runFor(7000);
  await page.waitForTimeout(300);
}

/**
 * Minutes on an open page, in steps: each timer that is due fires once a step, and what is asked for then is answered.
 * @param {import("playwright-core").Page} page @param {number} minutes @param {{ stepSeconds?: number }} [options]
 */
export async function passMinutes(page, minutes, { stepSeconds = 20 } = {}) {
  for (let n = 0; n < (minutes * 60) / stepSeconds; n += 1) {
    const answered = page.waitForResponse(/\/api\/v1\/overview/, { timeout: 2000 }).catch(() => null);
    await page.clock.fastForward(stepSeconds * 1000);
    await answered;
  }
}
