/** Turns the page's clock on by more than the pause between two polls, and leaves time for what they ask. @param {import("playwright-core").Page} page */
export async function polls(page) {
  await page.clock.runFor(7000);
  await page.waitForTimeout(300);
}
