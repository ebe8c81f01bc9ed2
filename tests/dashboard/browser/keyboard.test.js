// The whole page without a pointer.
import assert from "node:assert/strict";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const { facts } = night;

dashboardTest("keys lead from screen to screen, to a row, into it and back", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open();
  for (const [keys, title] of [["gq", "Queues"], ["ge", "Events"], ["gn", "Engines"], ["gd", "Dead letters"], ["gj", "Redrive jobs"], ["go", "Overview"], ["?", "Help"]]) {
    for (const key of keys ?? "") await dashboard.press(key);
    await page.getByRole("heading", { level: 1, name: title ?? "" }).waitFor({ state: "attached" });
  }
  await dashboard.press("g");
  await dashboard.press("q");
  await page.locator("tr.table-row").first().waitFor();
  await dashboard.press("j");
  await dashboard.press("j");
  const second = await page.locator("tr.table-row").nth(1).getAttribute("data-key");
  assert.equal(await page.evaluate(() => document.activeElement?.closest("tr")?.getAttribute("data-key")), second);
  await dashboard.press("x");
  assert.equal(await page.locator("tr.table-row").nth(1).getByRole("checkbox").isChecked(), true);
  await dashboard.press("x");
  await dashboard.press(".");
  assert.match((await page.evaluate(() => document.activeElement?.textContent)) ?? "", /Pause|Resume/);
  await dashboard.press("k");
  await dashboard.press("Enter");
  await page.waitForURL(/#\/queues\/./);
  assert.equal(dashboard.clicks, 0);
});

dashboardTest("the jump box takes names and ids", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open();
  await dashboard.press("/");
  await page.keyboard.type("visi");
  await dashboard.press("Enter");
  await page.waitForURL(/#\/queues\/vision/);
  await dashboard.press("ControlOrMeta+k");
  await page.keyboard.type(facts["job"]);
  await dashboard.press("Enter");
  await page.waitForURL(new RegExp(`#/redrive-jobs/${facts["job"]}`));
  await dashboard.press("/");
  await page.keyboard.type("01890000-0000-7000-8000-000000000000");
  await dashboard.press("Enter");
  await page.getByText(/Nothing has this id/).waitFor();
  await dashboard.press("Escape");
});

dashboardTest("single keys type in fields, and Escape leaves them", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  await dashboard.press("f");
  await page.keyboard.type("gqp");
  assert.equal(await page.locator("main input").first().inputValue(), "gqp");
  assert.match(page.url(), /#\/queues/);
  await dashboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement === document.body), true);
});

dashboardTest("Tab comes to the content at once, and a dialog keeps the focus", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  await page.evaluate(() => /** @type {HTMLElement | null} */ (document.activeElement)?.blur());
  await page.locator(".skip").focus();
  await dashboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await dashboard.press("j");
  await dashboard.press(".");
  await dashboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  for (let n = 0; n < 12; n += 1) {
    await dashboard.press("Tab");
    const isInside = await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null);
    assert.equal(isInside, true, "the focus left the dialog");
  }
  await dashboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});
