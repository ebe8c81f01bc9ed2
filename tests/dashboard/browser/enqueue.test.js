// Events that a person enqueues: checked while they are typed, taken in once, and copied from others.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations, proxiedTest } from "./dashboard.js";

const { calm, night } = installations;
const anyone = new Caller(calm.url, null);
const EXACT = '{"big": 12345678901234567890, "price": 1.10, "text": "<b>x</b> \\u202e"}';
let made = 0;

/** A queue of one event that is for later, so that the day stays calm. @param {string} [payload] */
async function queueOfOne(payload = "{}") {
  made += 1;
  const name = `typed-${Date.now().toString(36)}-${made}`;
  const headers = { "content-type": "application/json" };
  const body = `{"engine_type":"${name}","event_type":"line.requested","priority":7,"delay_seconds":86400,"scenario_run_id":"night-42","unique_key":"${name}","payload":${payload}}`;
  const { event_id } = /** @type {any} */ (await (await fetch(`${calm.url}/api/v1/events`, { method: "POST", headers, body })).json());
  return { name, event_id };
}

/** The form of such a queue. @param {import("./dashboard.js").Dashboard} dashboard */
async function openForm(dashboard) {
  const { page } = dashboard;
  const { name } = await queueOfOne();
  await dashboard.open(`#/queues/${name}`);
  await page.getByRole("button", { name: "Enqueue …" }).click();
  return { name, dialog: page.getByRole("dialog") };
}

/** @param {string} queue */
const eventsOf = async (queue) => (await anyone.call("GET", `events?engine_type=${queue}&limit=20`)).items;
/** @param {string} id */
const payloadOf = async (id) => (await fetch(`${calm.url}/api/v1/events/${id}/payload`)).text();

dashboardTest("an event is enqueued: its JSON is checked while it is typed, and the notice leads to it", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const { name, dialog } = await openForm(dashboard);
  const verb = dialog.getByRole("button", { name: "Enqueue" });
  assert.match((await verb.getAttribute("title")) ?? "", /needs an event type/);
  await dialog.getByLabel("Event type").fill("two words");
  await dialog.locator(".field-fault", { hasText: "is made of letters, digits" }).waitFor();
  await dialog.getByLabel("Event type").fill("line.requested");
  await dialog.getByLabel("Payload").fill('{"a": 1,\n "b" 2}');
  await dialog.locator(".field-fault", { hasText: "a colon must stand here, in line 2, column 6" }).waitFor();
  assert.equal(await verb.getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Payload").fill(EXACT);
  await dialog.getByText(/It is JSON of \d+ B of 1 MiB at most/).waitFor();
  await dialog.getByLabel(/Priority/).selectOption("8");
  await dialog.getByLabel("Due").selectOption({ label: "in a day" });
  await dialog.getByText("The same from a terminal").click();
  await dialog.locator("pre", { hasText: /EVENTLEASE_TOKEN.*12345678901234567890/s }).waitFor();
  await verb.click();
  await page.getByRole("link", { name: "open it" }).click();
  await page.waitForURL(/#\/events\/[0-9a-f-]{36}/);
  const id = page.url().slice(-36);
  const event = await anyone.call("GET", `events/${id}`);
  assert.deepEqual([event.engine_type, event.event_type, event.priority], [name, "line.requested", 8]);
  assert.equal(await payloadOf(id), EXACT);
});

proxiedTest("an answer that is lost does no harm: what was typed is kept, and it is taken in once", calm, {}, async (dashboard, proxy) => {
  const { page } = dashboard;
  const { name, dialog } = await openForm(dashboard);
  await dialog.getByLabel("Event type").fill("line.requested");
  await dialog.getByLabel("Payload").fill('{"typed": "with care"}');
  await dialog.getByLabel("Due").selectOption({ label: "in a day" });
  proxy.treat(/^POST \/api\/v1\/events$/, { fault: "cut" });
  await dialog.getByRole("button", { name: "Enqueue" }).click();
  await dialog.getByText(/Whether the event was taken in is not known/).waitFor();
  assert.equal(await dialog.getByLabel("Payload").inputValue(), '{"typed": "with care"}');
  proxy.clear();
  await dialog.getByRole("button", { name: "Enqueue" }).click();
  await page.getByText("nothing was enqueued twice").waitFor();
  assert.equal((await eventsOf(name)).length, 2); // the one that was there, and this one
  assert.equal(proxy.count(/^POST \/api\/v1\/events$/), 2);
});

proxiedTest("what is too large is said beforehand, and what the server refuses beside what was typed", calm, {}, async (dashboard, proxy) => {
  const { name, dialog } = await openForm(dashboard);
  await dialog.getByLabel("Event type").fill("line.requested");
  await dialog.getByLabel("Payload").fill(`"${"x".repeat(1_048_576)}"`);
  await dialog.locator(".field-fault", { hasText: "It has 1,048,578 bytes, and the server takes 1,048,576 at most" }).waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Enqueue" }).getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Payload").fill('{"typed": 1}');
  proxy.treat(/^POST \/api\/v1\/events$/, { status: 422, code: "invalid_input" });
  await dialog.getByRole("button", { name: "Enqueue" }).click();
  await dialog.getByRole("alert").getByText("the test answers 422").waitFor();
  assert.equal(await dialog.getByLabel("Payload").inputValue(), '{"typed": 1}');
  assert.equal((await eventsOf(name)).length, 1);
});

dashboardTest("a copy of an event is a new event with its payload, type and priority, and without its run and keys", calm, {}, async (dashboard) => {
  const { page } = dashboard;
  const { name, event_id } = await queueOfOne(EXACT);
  await dashboard.open(`#/events/${event_id}`);
  await page.getByRole("button", { name: "Enqueue a copy …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("nothing links the two").waitFor();
  assert.equal(await dialog.getByLabel("Event type").inputValue(), "line.requested");
  assert.equal(await dialog.getByLabel(/Priority/).inputValue(), "7");
  await dialog.getByLabel("Due").selectOption({ label: "in a day" });
  await dialog.getByRole("button", { name: "Enqueue" }).click();
  await page.getByRole("link", { name: "open it" }).click();
  await page.waitForURL((url) => !url.href.endsWith(event_id));
  const id = page.url().slice(-36);
  const copy = await anyone.call("GET", `events/${id}`);
  assert.deepEqual([copy.engine_type, copy.event_type, copy.priority, copy.scenario_run_id, copy.unique_key], [name, "line.requested", 7, null, null]);
  assert.equal((await payloadOf(id)).replace(/\s/g, ""), EXACT.replace(/\s/g, ""));
});

dashboardTest("a reader is told that they may not enqueue", night, { role: "reader" }, async (dashboard) => {
  const { page } = dashboard;
  for (const [place, name] of /** @type {const} */ ([["#/queues/vision", "Enqueue …"], [`#/events/${night.facts["waiting"]}`, "Enqueue a copy …"]])) {
    await dashboard.open(place);
    const button = page.getByRole("button", { name });
    assert.match((await button.getAttribute("title")) ?? "", /may not do this/);
    await button.click({ force: true });
    assert.equal(await page.getByRole("dialog").count(), 0);
  }
  const status = await page.evaluate(async () => {
    const headers = { "x-eventlease-dashboard": "1", "content-type": "application/json" };
    return (await fetch("../api/v1/events", { method: "POST", headers, body: '{"engine_type":"vision","event_type":"x","payload":{}}' })).status;
  });
  assert.equal(status, 403);
});

dashboardTest("the form fits a phone, in both themes", calm, { width: 360, height: 740, theme: "dark" }, async (dashboard) => {
  const { page } = dashboard;
  const { name } = await queueOfOne();
  await dashboard.open(`#/queues/${name}`);
  await page.getByRole("button", { name: "Enqueue …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Payload").fill(`{"long": "${"x".repeat(2000)}"}`);
  assert.ok((await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)) <= 0);
  assert.ok((await dashboard.tooWide()) <= 0);
});
