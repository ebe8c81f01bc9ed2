// Dead letters on queues of their own: one is redriven with another payload, and a choice of all follows its filter.
import assert from "node:assert/strict";
import { makeDeadLetter } from "../installations/dead-letter.js";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const payload = `{"npc":{"name":"Mira","mood":3},"line":12345678901234567890}`;

dashboardTest("redriving with another payload: what differs is shown by lines, bad JSON is refused, and both events keep a link", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = "edited";
  const { id, worker } = await makeDeadLetter(night, queue, payload);
  await dashboard.open(`#/dead-letter-group?engine_type=${queue}`);
  await page.getByRole("button", { name: "Edit the payload of one" }).click();
  const dialog = page.getByRole("dialog");
  const [field, verb] = [dialog.getByLabel("Payload"), dialog.getByRole("button", { name: "Redrive as a new event" })];
  assert.equal(await verb.getAttribute("aria-disabled"), "true", "nothing is changed yet");
  const before = await field.inputValue();
  await field.fill(before.replace(`"mood": 3`, `"mood": 4,`));
  await dialog.getByRole("status").filter({ hasText: /This is no JSON: .* in line \d+, column \d+/ }).waitFor();
  assert.equal(await verb.getAttribute("aria-disabled"), "true", "what is no JSON is not sent");
  await verb.click({ force: true });
  await field.fill(before.replace(`"mood": 3`, `"mood": 4`));
  await dialog.getByText(/It is JSON of/).waitFor();
  const lines = (/** @type {string} */ kind) => dialog.locator(`.difference-${kind}`).allInnerTexts();
  assert.match((await lines("gone")).join(), /^−[\s\S]*"mood": 3$/);
  assert.match((await lines("new")).join(), /^\+[\s\S]*"mood": 4$/);
  assert.ok((await lines("same")).some((line) => line.includes(`"name": "Mira"`)));
  await verb.click();
  await dialog.waitFor({ state: "detached" });
  await page.waitForURL((url) => /#\/events\//.test(url.hash) && !url.hash.includes(id));
  const made = decodeURIComponent(new URL(page.url()).hash.slice("#/events/".length));
  const related = page.getByRole("region", { name: "Related" });
  await related.getByText("redriven from").waitFor();
  await related.getByRole("link", { name: id }).click();
  await page.waitForURL(new RegExp(id));
  await related.getByText("redriven as").waitFor();
  await related.getByRole("link", { name: made }).waitFor();
  // Nothing but the edited member has changed, not even digits that JavaScript cannot count.
  const { events } = await worker.call("POST", `events/queue/${queue}/lease`, { limit: 1 });
  assert.equal(events[0].event_id, made);
  const sent = await fetch(`${night.url}/api/v1/events/${made}/payload`, { headers: { authorization: `Bearer ${night.tokens.operator}` } });
  assert.equal((await sent.text()).replace(/\s/g, ""), payload.replace(`"mood":3`, `"mood":4`));
  await worker.call("PUT", "events/status", { settlements: [{ event_id: made, lease_token: events[0].lease.lease_token, status: "completed" }] });
});

dashboardTest("a choice of all dead letters that match is dropped when the filter changes, and that is said", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = "chosen-by-filter";
  await makeDeadLetter(night, queue);
  await dashboard.open(`#/dead-letters?view=list&engine_type=${queue}`);
  await page.getByRole("button", { name: "choose all that match" }).click();
  await page.getByText(/all that match are chosen/).waitFor();
  await page.getByLabel("Filters").getByRole("button").first().click();
  await page.locator(".notice").getByText("Nothing is chosen any more").waitFor();
  assert.equal(await page.getByText(/all that match are chosen/).count(), 0);
});
