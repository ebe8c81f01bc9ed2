// What each role sees and may do: the page shows it as help, and the server holds to it.
import assert from "node:assert/strict";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const { facts } = night;

/** Buttons of each screen, with who may press them. The last is the call that it makes, for those who try it by force. */
const actions = /** @type {const} */ ([
  { place: "#/queues/vision", button: /^Pause/, may: ["operator"], call: ["POST", "queues/vision/pause"] },
  { place: `#/events/${facts["delayed"]}`, button: "Run now", may: ["operator", "orchestrator"], call: ["PATCH", `events/${facts["delayed"]}`] },
  { place: `#/events/${facts["waiting"]}`, button: "Cancel …", may: ["operator", "orchestrator"], call: ["POST", `events/${facts["waiting"]}/cancel`] },
  { place: `#/events/${facts["dead_letter"]}`, button: "Redrive", may: ["operator"], call: ["POST", `dead-letters/${facts["dead_letter"]}/redrive`] },
  { place: `#/events/${facts["dead_letter"]}`, button: "Discard …", may: ["operator"], call: ["DELETE", `dead-letters/${facts["dead_letter"]}`] },
]);

for (const role of /** @type {const} */ (["reader", "orchestrator", "operator"])) {
  dashboardTest(`a token of the role ${role} may press what it may do`, night, { role }, async (dashboard) => {
    const { page } = dashboard;
    for (const { place, button, may, call } of actions) {
      await dashboard.open(place);
      const [method, path] = call;
      const shown = page.getByRole("button", { name: button, exact: typeof button === "string" }).first();
      if (/** @type {readonly string[]} */ (may).includes(role)) {
        await shown.waitFor();
        assert.equal(await shown.isEnabled(), true, `${role}: ${button}`);
        continue;
      }
      if ((await shown.count()) > 0) {
        assert.equal(await shown.isDisabled(), true, `${role}: ${button}`);
        assert.match((await shown.getAttribute("title")) ?? "", /may not do this/);
        await shown.click({ force: true });
        assert.equal(await page.getByRole("dialog").count(), 0, "a button that is disabled asks nothing");
      }
      const status = await force(page, method, path);
      assert.equal(status, 403, `${role}: ${method} ${path}`);
    }
  });
}

dashboardTest("an admin is told what is not for admins", night, { role: "admin" }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues/vision");
  await page.getByText(/may not look at this/).waitFor();
  const menu = await page.getByRole("navigation", { name: "Screens" }).innerText();
  assert.doesNotMatch(menu, /Dead letters/);
  assert.equal(await force(page, "POST", "queues/vision/pause"), 403);
});

dashboardTest("a token that is limited to one queue sees that one, and is told", night, { role: "limited" }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/queues");
  await page.getByRole("link", { name: "dialogue" }).first().waitFor();
  assert.equal(await page.getByRole("link", { name: "vision" }).count(), 0);
  await page.locator(".who summary").click();
  await page.getByText(/for dialogue/).waitFor();
  await dashboard.open("#/queues/vision");
  await page.locator("main [role=alert]").first().waitFor();
  for (const place of ["#/", "#/events?engine_type=dialogue", "#/dead-letters", "#/redrive-jobs"]) {
    await dashboard.open(place);
    assert.doesNotMatch(await page.locator("main").innerText(), /vision|billing/, place);
  }
});

/**
 * The call that the button makes, past the page.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} method
 * @param {string} path
 */
function force(page, method, path) {
  return page.evaluate(
    async ([method, path]) => {
      const headers = { "x-eventlease-dashboard": "1", "content-type": "application/json" };
      return (await fetch(`../api/v1/${path}`, { method, headers, ...(method === "DELETE" ? {} : { body: "{}" }) })).status;
    },
    /** @type {const} */ ([method, path]),
  );
}
