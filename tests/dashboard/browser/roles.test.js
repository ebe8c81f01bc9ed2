// What each role sees and may do: the page shows it as help, and the server holds to it.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { makeDeadLetter } from "../installations/dead-letter.js";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const { facts } = night;

const job = await waitingJob();
const cancelled = await cancelledRun();
const group = "#/dead-letter-group?engine_type=dialogue&error_type=Timeout";

/** Buttons of each screen, with who may press them; some come after another (`of`). The last is the call that it makes, for those who try it by force. */
const actions = /** @type {const} */ ([
  { place: "#/queues/vision", button: /^Pause/, may: ["operator"], call: ["POST", "queues/vision/pause"] },
  { place: `#/events/${facts["delayed"]}`, button: "Run now", may: ["operator", "orchestrator"], call: ["PATCH", `events/${facts["delayed"]}`] },
  { place: `#/events/${facts["waiting"]}`, button: "Cancel …", may: ["operator", "orchestrator"], call: ["POST", `events/${facts["waiting"]}/cancel`] },
  { place: `#/events/${facts["dead_letter"]}`, button: "Redrive", may: ["operator"], call: ["POST", `dead-letters/${facts["dead_letter"]}/redrive`] },
  { place: `#/events/${facts["dead_letter"]}`, button: "Discard …", may: ["operator"], call: ["DELETE", `dead-letters/${facts["dead_letter"]}`] },
  { place: group, button: /^Try 10$/, may: ["operator"], call: ["POST", `dead-letters/${facts["dead_letter"]}/redrive`] },
  { place: group, button: /^Redrive all/, may: ["operator"], call: ["POST", "redrive-jobs"] },
  { place: group, button: /^Discard all/, may: ["operator"], call: ["POST", "dead-letters/purge"] },
  { place: group, button: "Export as JSON lines", may: ["reader", "operator"], call: ["GET", "dead-letters?include=payload"] },
  { place: `#/redrive-jobs/${job}`, button: "Pause", may: ["operator"], call: ["POST", `redrive-jobs/${job}/pause`] },
  { place: `#/redrive-jobs/${job}`, button: "Cancel", may: ["operator"], call: ["POST", `redrive-jobs/${job}/cancel`] },
  { place: `#/runs/${facts["open_run"]}`, button: "Cancel the run …", may: ["operator", "orchestrator"], call: ["POST", `scenario-runs/${facts["open_run"]}/cancel`] },
  { place: `#/runs/${cancelled}`, button: "Reopen", may: ["operator", "orchestrator"], call: ["POST", `scenario-runs/${cancelled}/reopen`] },
  { place: "#/policies/invoice.sent", button: "Change", may: ["operator"], call: ["PUT", "event-types/invoice.sent/retry-policy"] },
  { place: "#/policies/invoice.sent", button: "Remove …", may: ["operator"], call: ["DELETE", "event-types/invoice.sent/retry-policy"] },
  { place: "#/events?engine_type=vision&status=queued", button: "Run now …", of: "choose all that match", may: ["operator", "orchestrator"], call: ["POST", "events/reschedule"] },
  { place: "#/events?engine_type=vision&status=queued", button: "Cancel …", of: "choose all that match", may: ["operator", "orchestrator"], call: ["POST", "events/cancel"] },
]);

for (const role of /** @type {const} */ (["reader", "orchestrator", "operator"])) {
  dashboardTest(`a token of the role ${role} may press what it may do`, night, { role }, async (dashboard) => {
    const { page } = dashboard;
    for (const action of actions) {
      const { place, button, may, call } = action;
      await dashboard.open(place);
      const [method, path] = call;
      const isAllowed = /** @type {readonly string[]} */ (may).includes(role);
      if ("of" in action && isAllowed) await choose(page, action.of);
      const room = "of" in action ? page.locator(".chosen") : page;
      const shown = room.getByRole("button", { name: button, exact: typeof button === "string" }).first();
      if (isAllowed) {
        await shown.waitFor();
        assert.equal(await shown.isEnabled(), true, `${role}: ${button}`);
        continue;
      }
      if ((await shown.count()) > 0) {
        assert.equal(await shown.isDisabled(), true, `${role}: ${button}`);
        assert.match((await shown.getAttribute("title")) ?? "", /may not do this/);
        await shown.click({ force: true });
        assert.equal(await page.getByRole("dialog").count(), 0, "a button that is disabled asks nothing");
        assert.match(await shown.locator(".note").innerText(), /may not do this/, "pressed, it says why");
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

/** A redrive job that waits for the first that it tries: their queue is paused. */
async function waitingJob() {
  const operator = new Caller(night.url, night.tokens.operator ?? null);
  await makeDeadLetter(night, "waits-for-its-canary");
  await operator.call("POST", "queues/waits-for-its-canary/pause", { reason: "its job waits" });
  const filter = { engine_type: "waits-for-its-canary" };
  return (await operator.call("POST", "redrive-jobs", { filter, canary: { count: 1, continue_at_success_ratio: 0.9, wait_seconds: 3600 } })).job.job_id;
}

/** A run that takes no events. */
async function cancelledRun() {
  const operator = new Caller(night.url, night.tokens.operator ?? null);
  await operator.call("POST", "scenario-runs/cancelled-for-good/cancel");
  return "cancelled-for-good";
}

/** Chooses what a bulk call is about, unless it is chosen yet. @param {import("playwright-core").Page} page @param {string} of */
async function choose(page, of) {
  if (!(await page.getByRole("button", { name: "choose none" }).isVisible())) await page.getByRole("button", { name: of }).click();
}

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
      return (await fetch(`../api/v1/${path}`, { method, headers, ...(method === "DELETE" || method === "GET" ? {} : { body: "{}" }) })).status;
    },
    /** @type {const} */ ([method, path]),
  );
}
