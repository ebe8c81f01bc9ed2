// Events by themselves and in numbers: put off, run now, cancelled, with what is said before and after.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations } from "./dashboard.js";

const { calm } = installations;
const anyone = new Caller(calm.url, null);
let made = 0;

/** A queue with events that are for later, so that the day stays calm. @param {number} count */
async function laterEvents(count) {
  made += 1;
  const queue = `later-${Date.now().toString(36)}-${made}`;
  const ids = [];
  for (let index = 0; index < count; index += 1) ids.push(await oneMore(queue));
  return { queue, ids };
}

/** @param {string} queue */
async function oneMore(queue) {
  const event = await anyone.call("POST", "events", { engine_type: queue, event_type: "later.wanted", payload: {}, delay_seconds: 86_400 });
  return event.event_id;
}

/** @param {string} id */
const stored = (id) => anyone.call("GET", `events/${id}`);

dashboardTest("all events that match are cancelled: counted first, and the number typed", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const { queue, ids } = await laterEvents(3);
  await dashboard.open(`#/events?engine_type=${queue}&status=queued`);
  await page.getByRole("button", { name: "choose all that match" }).click();
  await page.locator(".chosen").getByRole("button", { name: "Cancel …" }).click();
  await page.getByRole("heading", { name: "Cancel 3 events?" }).waitFor();
  const verb = page.getByRole("button", { name: "Cancel 3 events" });
  assert.equal(await verb.getAttribute("aria-disabled"), "true");
  await page.locator("dialog input").fill("3");
  const late = await oneMore(queue); // the number that was shown does not hold any more
  await verb.click();
  await page.getByText("It was 3 when you looked, and is 4 now").waitFor();
  assert.equal((await stored(ids[0])).status, "queued");
  await page.locator("dialog input").fill("4");
  await page.getByRole("button", { name: "Cancel 4 events" }).click();
  await page.getByText("4 events are cancelled.").waitFor();
  for (const id of [...ids, late]) assert.equal((await stored(id)).status, "cancelled");
});

dashboardTest("those that were chosen one by one are put off, and no others", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const { queue, ids } = await laterEvents(3);
  await dashboard.open(`#/events?engine_type=${queue}`);
  for (const id of ids.slice(0, 2)) await page.getByRole("checkbox", { name: `Choose ${id}` }).check();
  await page.getByRole("button", { name: "Put off …" }).click();
  await page.locator("dialog select").selectOption({ label: "a week" });
  await page.getByRole("button", { name: "Put 2 events off" }).click();
  await page.getByText("2 events are put off.").waitFor();
  const due = await Promise.all(ids.map(async (id) => (Date.parse((await stored(id)).available_at) - Date.now()) / 86_400_000));
  assert.deepEqual(due.map(Math.round), [7, 7, 1]);
});

dashboardTest("a choice of all that match is dropped when the filter changes, and that is said", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const { queue } = await laterEvents(2);
  await dashboard.open(`#/events?engine_type=${queue}&status=queued`);
  await page.getByRole("button", { name: "choose all that match" }).click();
  await page.getByRole("button", { name: "running" }).click();
  await page.getByText("Nothing is chosen any more").waitFor();
});

dashboardTest("an event runs now, and later again by undoing it; its cancellation says that it is for good", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const { ids: [id = ""] } = await laterEvents(1);
  const before = (await stored(id)).available_at;
  await dashboard.open(`#/events/${id}`);
  await page.getByText("It was enqueued for later").waitFor();
  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByText(/^Due for .*; no engine has had it yet\.$/).waitFor();
  await page.getByRole("region", { name: "What was done to it" }).getByText("by dashboard").first().waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("It was enqueued for later").waitFor();
  assert.equal((await stored(id)).available_at, before);
  await page.getByRole("button", { name: "Cancel …" }).click();
  await page.getByText("there is no undo").waitFor();
  await page.getByRole("button", { name: "Cancel the event" }).click();
  await page.getByText(/^Cancelled .*, before any engine had it\.$/).waitFor();
  assert.equal((await stored(id)).status, "cancelled");
});

dashboardTest("an id that nobody knows says how long events are kept", calm, { mayLog: [/404/] }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/events/01a00000-0000-7000-8000-000000000000");
  await page.getByRole("heading", { name: "No event has this id" }).waitFor();
  assert.match(await dashboard.text(), /kept for \d+ days/);
});

dashboardTest("chosen events get another priority: those that have it are not counted", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const { queue, ids } = await laterEvents(3);
  await anyone.call("PATCH", `events/${ids[0]}`, { priority: 9 });
  await dashboard.open(`#/events?engine_type=${queue}&status=queued`);
  await page.getByRole("button", { name: "choose all that match" }).click();
  await page.getByRole("button", { name: "Priority …" }).click();
  await page.getByRole("button", { name: "Count them" }).click();
  await page.getByRole("heading", { name: "Give 2 events priority 9?" }).waitFor();
  await page.getByText("The same from a terminal").click();
  await page.locator("dialog pre", { hasText: /events reschedule .*--priority 9/ }).waitFor();
  await page.getByRole("button", { name: "Give 2 events priority 9" }).click();
  await page.getByText("2 events are of priority 9 now.").waitFor();
  for (const id of ids) assert.equal((await stored(id)).priority, 9);
});
