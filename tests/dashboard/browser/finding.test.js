// Finding things: what is pasted into the jump box, filters that want more, and lists that say what they are.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations } from "./dashboard.js";

const { calm, night } = installations;
const anyone = new Caller(calm.url, null);
const nothing = { mayLog: [/404/] };
let made = 0;

/** Events of a queue of their own, for later, so that the day stays calm. @param {number} count @param {Record<string, unknown>} [more] */
async function later(count, more = {}) {
  made += 1;
  const queue = `found-${Date.now().toString(36)}-${made}`;
  const ids = [];
  for (let index = 0; index < count; index += 1) {
    const event = await anyone.call("POST", "events", { engine_type: queue, event_type: "later.wanted", payload: {}, delay_seconds: 86_400, ...more });
    ids.push(/** @type {string} */ (event.event_id));
  }
  return { queue, ids };
}

/** @param {import("./dashboard.js").Dashboard} dashboard @param {string} text */
async function jump({ page }, text) {
  await page.locator("#jump").fill(text);
  await page.locator("#jump").press("Enter");
}

const short = (/** @type {string} */ id) => `${id.slice(0, 8)}…${id.slice(-6)}`;

dashboardTest("the jump box finds an event by what the page leaves of its id, and by JSON that names it", calm, nothing, async (dashboard) => {
  const { page } = dashboard;
  const { ids: [id = "", other = ""] } = await later(2);
  await dashboard.open();
  await jump(dashboard, short(id));
  await page.waitForURL(new RegExp(`#/events/${id}`));
  await dashboard.open("#/queues");
  await jump(dashboard, `{"event_id":"${id}","caused_by":"${other}"}`);
  const offers = page.locator(".jump-found a");
  await offers.nth(1).waitFor();
  assert.deepEqual(await offers.allInnerTexts(), [`event_id ${id}`, `caused_by ${other}`]);
  await dashboard.press("ArrowDown");
  await dashboard.press("ArrowDown");
  await dashboard.press("ArrowUp");
  await dashboard.press("ArrowDown");
  await dashboard.press("Enter");
  await page.waitForURL(new RegExp(`#/events/${other}`));
});

dashboardTest("a piece that fits nothing is told from a name", calm, nothing, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open();
  await jump(dashboard, "00000001-1896");
  await page.getByText("This is a piece of an id").waitFor();
  assert.equal(await page.locator(".jump-found a").count(), 0);
});

dashboardTest("a run that exists stands first, with its count, and leads to its page", calm, nothing, async (dashboard) => {
  const { page } = dashboard;
  const run = `run-${Date.now().toString(36)}`;
  await later(3, { scenario_run_id: run });
  await dashboard.open();
  await jump(dashboard, run);
  const first = page.locator(".jump-found a").first();
  await first.waitFor();
  assert.equal(await first.innerText(), `Run “${run}”: 3 events`);
  await dashboard.press("Enter");
  await dashboard.press("Enter");
  await page.waitForURL(new RegExp(`#/runs/${run}$`));
  await page.getByRole("region", { name: "How far it is" }).getByText("0 of 3 events have ended").waitFor();
  await page.getByRole("region", { name: "How far it is" }).getByRole("link", { name: "3", exact: true }).click();
  await page.waitForURL(/status=queued/);
});

dashboardTest("an engine's id leads to its page, from there to its queue and to what it holds", night, nothing, async (dashboard) => {
  const { page } = dashboard;
  const id = night.facts["busy_engine"];
  await dashboard.open();
  await jump(dashboard, id);
  await page.waitForURL(new RegExp(`#/engines/${id}`));
  await page.getByRole("heading", { name: "Engine of roster" }).waitFor();
  await page.getByRole("link", { name: "the events that it holds" }).click();
  await page.getByRole("region", { name: "The engine" }).getByText("roster").waitFor();
  await page.getByRole("link", { name: "to its queue" }).click();
  await page.getByRole("region", { name: "The engine" }).getByText(/seen .*it holds/).waitFor();
});

dashboardTest("a cause is found by its fingerprint; without it, the page says of how many causes they are", night, nothing, async (dashboard) => {
  const { page } = dashboard;
  const operator = new Caller(night.url, night.tokens.operator ?? null);
  const { items } = await operator.call("GET", "dead-letters/groups?by=error_fingerprint");
  const made = items.find((/** @type {{ error_fingerprint: string }} */ { error_fingerprint }) => /^[0-9a-f]{16}$/.test(error_fingerprint));
  await dashboard.open();
  await jump(dashboard, made.error_fingerprint);
  await page.waitForURL(new RegExp(`#/dead-letter-group\\?error_fingerprint=${made.error_fingerprint}`));
  await page.getByRole("heading", { name: "The cause" }).waitFor();
  await page.getByRole("button", { name: /^Without cause/ }).click();
  await page.getByRole("heading", { name: /dead letters of \d+ causes/ }).waitFor();
  assert.match(await page.title(), /Dead letters that match/);
  await page.getByRole("button", { name: /^Discard all \(.*of \d+ causes/ }).click();
  await page.getByRole("dialog").getByRole("heading", { name: /Discard .* dead letters of \d+ causes/ }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Leave it" }).click();
});

dashboardTest("a key asks for its queue, and an error type for what mends it: nothing is asked that must be refused", calm, nothing, async (dashboard) => {
  const { page } = dashboard;
  const { queue } = await later(1, { idempotency_key: "nightly-2026-11-29" });
  const asked = /** @type {string[]} */ ([]);
  page.on("response", (answer) => answer.status() === 422 && asked.push(answer.url()));
  await dashboard.open("#/events?idempotency_key=nightly-2026-11-29");
  await page.getByText("Choose the queue of this idempotency key, too.").waitFor();
  await page.locator(".missing").getByRole("button", { name: `queue ${queue}` }).or(page.locator(".missing select")).first().waitFor();
  await dashboard.open("#/events?error_type=Timeout");
  await page.locator(".missing").getByRole("button", { name: "failing now" }).click();
  await page.waitForURL(/failing=true/);
  await dashboard.settled();
  await dashboard.open("#/events");
  await page.getByLabel("Filter by").selectOption({ label: "status" });
  await page.getByLabel("status", { exact: true }).selectOption("completed");
  await page.waitForURL(/(status=completed.*created_after=-1d)|(created_after=-1d.*status=completed)/);
  await dashboard.settled();
  assert.deepEqual(asked, []);
});

dashboardTest("half an id is answered in words, by the field, the address and a screen", calm, nothing, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/events/01a229b5-1896-72a7-8000-739e4d1a78a");
  await page.getByText("35 of 36 characters").waitFor();
  await dashboard.open("#/redrive-jobs/123");
  await page.getByText("3 of 36 characters").waitFor();
  await dashboard.open("#/events?leased_by=7733ae17");
  await page.getByText("8 of 36 characters").waitFor();
  assert.equal(await page.getByRole("button", { name: "Try now" }).count(), 0);
  await dashboard.open("#/events");
  await page.getByLabel("Filter by").selectOption({ label: "held by engine" });
  await page.locator(".filter-bar-more input").fill("7733ae17");
  await page.locator(".filter-bar-more").getByRole("button", { name: "Add" }).click();
  await page.locator(".filter-bar-wrong").getByText("8 of 36 characters").waitFor();
  assert.doesNotMatch(page.url(), /leased_by/);
});

dashboardTest("the loaded rows are not taken for all that match", calm, nothing, async (dashboard) => {
  const { page } = dashboard;
  const { queue } = await later(51);
  await dashboard.open(`#/events?engine_type=${queue}`);
  await page.getByLabel("Choose all rows that are loaded").check();
  await page.getByText("50 chosen of those loaded; more match").waitFor();
  await page.getByRole("button", { name: "choose all that match instead" }).click();
  await page.getByText(`all 51 queued that match: queue ${queue}`).waitFor();
  await page.locator(".chosen").getByRole("button", { name: "Cancel …" }).click();
  await page.getByRole("heading", { name: "Cancel 51 events?" }).waitFor();
});

dashboardTest("the first Tab offers to skip to the content, and going back finds the row again", calm, { ...nothing, isLoaded: true }, async (dashboard) => {
  const { page } = dashboard;
  const { queue } = await later(3);
  await dashboard.open(`#/events?engine_type=${queue}`);
  await dashboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
  await page.locator("tr.table-row").first().waitFor();
  await dashboard.press("j");
  await dashboard.press("j");
  const row = await page.evaluate(() => document.activeElement?.closest("tr")?.getAttribute("data-key"));
  await dashboard.press("Enter");
  await page.waitForURL(new RegExp(`#/events/${row}`));
  await dashboard.settled();
  await page.goBack();
  await page.waitForFunction((key) => document.activeElement?.closest("tr")?.getAttribute("data-key") === key, row);
});
