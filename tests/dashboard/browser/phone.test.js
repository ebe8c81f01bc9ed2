// What a thumb finds on a phone without looking for it.
import assert from "node:assert/strict";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const phone = { width: 360, height: 740 };

dashboardTest("on a phone every screen stands in the bar or one touch above it, and nothing has to be swiped for", night, phone, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  const bar = page.getByRole("navigation", { name: "Screens" });
  const room = await bar.evaluate((nav) => ({ within: nav.clientWidth, needs: nav.scrollWidth }));
  assert.ok(room.needs <= room.within, `${room.needs} px in ${room.within} px`);
  await bar.getByText("More").click();
  await bar.getByRole("link", { name: "Help" }).waitFor();
  const links = await bar.getByRole("link").all();
  assert.ok(links.length >= 6);
  for (const link of links) {
    const [box, words] = [await link.boundingBox(), await link.innerText()];
    assert.ok(box && box.x >= 0 && box.x + box.width <= 360 && box.height >= 44, `${words}: ${JSON.stringify(box)}`);
    assert.ok(await link.evaluate((a) => a.scrollWidth <= a.clientWidth), `${words} is cut`);
  }
});

dashboardTest("on a phone what is done to a queue stands above what is copied of it", night, phone, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues/dialogue");
  const pause = await page.getByRole("button", { name: "Pause", exact: true }).first().boundingBox();
  const copy = await page.locator(".panel-actions .copy-as").first().boundingBox();
  assert.ok(pause && copy && pause.y + pause.height <= copy.y, `${JSON.stringify(pause)} ${JSON.stringify(copy)}`);
});
