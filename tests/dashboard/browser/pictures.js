// Takes a picture of every screen, light and dark, wide and narrow: node pictures.js FOLDER [FOLDER_OF_THE_FEW_IN_THE_GUIDES]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { installations, openDashboard } from "./dashboard.js";
import { places } from "./places.js";

const [folder = "pictures", guides] = process.argv.slice(2);
const { night, calm, crowd } = installations;
const more = {
  "calm overview": /** @type {const} */ ([calm, "#/"]),
  "event of many attempts": /** @type {const} */ ([crowd, `#/events/${crowd.facts["tried_often"]}`]),
  "hostile event": /** @type {const} */ ([crowd, `#/events/${crowd.facts["hostile"]["texts"]}`]),
  "1000 queues": /** @type {const} */ ([crowd, "#/queues"]),
};
/** Those that the guides show, from 1280 pixels of width. */
const shown = ["overview", "queue", "event done twice", "cause"];

mkdirSync(folder, { recursive: true });
if (guides) mkdirSync(guides, { recursive: true });
for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1280, 360]) {
    const all = [...Object.entries(places).map(([name, place]) => /** @type {const} */ ([name, night, place])), ...Object.entries(more).map(([name, [on, place]]) => /** @type {const} */ ([name, on, place]))];
    for (const on of [night, calm, crowd]) {
      const dashboard = await openDashboard(on, { theme, width, height: width < 500 ? 740 : 800, zone: "UTC" });
      for (const [name, of, place] of all) {
        if (of !== on) continue;
        await dashboard.open(place);
        await dashboard.page.waitForTimeout(400); // plots draw in their own time
        const file = `${name.replaceAll(" ", "-")}-${width}-${theme}.png`;
        await dashboard.page.screenshot({ path: join(folder, file), fullPage: true });
        if (guides && theme === "light" && width === 1280 && shown.includes(name)) {
          await dashboard.page.screenshot({ path: join(guides, `dashboard-${name.replaceAll(" ", "-")}.png`), clip: { x: 0, y: 0, width: 1280, height: 800 } });
        }
      }
      await dashboard.context.close();
    }
  }
}
console.log(`pictures are in ${folder}`);
process.exit(0);
