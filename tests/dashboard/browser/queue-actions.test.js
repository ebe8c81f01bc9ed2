// What is done about a whole queue: its events are cancelled, a version of its engines is drained; and what was done from this tab.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { Engine, failed } from "../installations/engine.js";
import { dashboardTest, installations } from "./dashboard.js";

const { calm } = installations;
const anyone = new Caller(calm.url, null);
/** For engines of their own, in queues of their own. @type {any} */
const open = { url: calm.url, tokens: {}, as: () => anyone };
let made = 0;

function newQueue() {
  made += 1;
  return `whole-${Date.now().toString(36)}-${made}`;
}

dashboardTest("all queued events of a queue are cancelled from its page; what was done stays to be seen", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = newQueue();
  const events = [0, 1].map((n) => ({ engine_type: queue, event_type: "x", payload: { n }, delay_seconds: 86_400 }));
  const ids = await anyone.enqueue(events);
  await dashboard.open(`#/queues/${queue}`);
  await page.getByRole("button", { name: "Cancel all queued …" }).click();
  await page.getByRole("heading", { name: "Cancel 2 events?" }).waitFor();
  await page.getByRole("dialog").getByLabel("Type 2 to go on").fill("2");
  await page.getByRole("button", { name: "Cancel 2 events" }).click();
  await page.getByText("2 events are cancelled.").first().waitFor();
  for (const id of ids) assert.equal((await anyone.call("GET", `events/${id}`)).status, "cancelled");
  await page.locator(".deeds summary").click();
  await page.locator(".deeds").getByText("2 events are cancelled.").waitFor();
  await page.locator(".deeds").getByRole("button", { name: "forget them" }).click();
  await page.locator(".deeds").waitFor({ state: "detached" });
});

dashboardTest("a light change can be taken back from the list of what was done, after its notice is gone", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = newQueue();
  await anyone.enqueue([{ engine_type: queue, event_type: "x", payload: {}, delay_seconds: 86_400 }]);
  await dashboard.open(`#/queues/${queue}`);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause", exact: true }).click();
  const resume = page.getByRole("button", { name: "Resume" });
  await resume.waitFor();
  const notice = page.locator(".notice", { hasText: "is paused" });
  await notice.getByRole("button", { name: "close" }).click();
  await page.locator(".deeds summary").click();
  await page.locator(".deeds").getByRole("button", { name: "Undo" }).click();
  await resume.waitFor({ state: "detached" });
  assert.equal((await anyone.call("GET", `queues/${queue}`)).pause, null);
});

dashboardTest("the payload of an event that is next is shown on request, as it is stored", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = newQueue();
  await anyone.call("POST", "events", `{"engine_type":"${queue}","event_type":"x","payload":{"big":12345678901234567890}}`);
  await anyone.call("POST", `queues/${queue}/pause`, {}); // so that the day stays calm
  await dashboard.open(`#/queues/${queue}`);
  await page.getByRole("button", { name: "payload" }).click();
  await page.getByText("12345678901234567890").waitFor();
  const [{ event_id }] = (await anyone.call("GET", `events?engine_type=${queue}&limit=1`)).items;
  await anyone.call("POST", `events/${event_id}/cancel`);
});

dashboardTest("a version is drained from the cause of its dead letters: said beforehand who remains, and taken back", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = newQueue();
  const engine = await Engine.register(open, queue, { version: "2.4.1" });
  await anyone.enqueue([{ engine_type: queue, event_type: "x", payload: {}, retry_policy: { max_retries: 0 } }]);
  await engine.settle((await engine.exchange({ limit: 1 })).map((event) => failed(event, "Timeout", "no answer")));
  await dashboard.open(`#/dead-letter-group?engine_type=${queue}`);
  await page.getByRole("button", { name: "Drain version 2.4.1 …" }).click();
  await page.getByText(`1 of 1 active engine of ${queue} would get no more events; no other is active, so the queue stands still then`).waitFor();
  await page.getByRole("button", { name: "Drain 1 engine" }).click();
  await page.locator(".notice", { hasText: "1 engine of version 2.4.1 is draining." }).getByRole("button", { name: "Undo" }).click();
  await page.getByText("The engine works again.").first().waitFor();
  assert.equal((await anyone.call("GET", `engines/${engine.id}`)).status, "active");
  await anyone.call("DELETE", `engines/${engine.id}`);
  await anyone.call("POST", "dead-letters/purge", { filter: { engine_type: queue }, expected_count: 1 });
});

dashboardTest("a time without events says when the last one before it was", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = newQueue();
  const [id] = await anyone.enqueue([{ engine_type: queue, event_type: "x", payload: {}, delay_seconds: 86_400 }]);
  const later = new Date(Date.now() + 60_000).toISOString();
  await dashboard.open(`#/events?engine_type=${queue}&created_after=${later}`);
  await page.getByText("The newest before that is from").getByRole("link", { name: "open it" }).click();
  await page.waitForURL(new RegExp(`#/events/${id}`));
});
