// Retry policies of event types: what follows is seen before it is done, and a colleague's change is not overwritten in silence.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations } from "./dashboard.js";

const { calm, night } = installations;
const anyone = new Caller(calm.url, null);
const operator = new Caller(night.url, night.tokens.operator ?? null);
const run = Date.now().toString(36);
const policyAt = (/** @type {string} */ type) => `event-types/${type}/retry-policy`;
/** That a type has no policy of its own is an answer with status 404, which the browser writes down. */
const mayLog = [/404 \(Not Found\)/];

dashboardTest("a policy is set with what follows from it, taken back, and removed", night, { mayLog }, async (dashboard) => {
  const { page } = dashboard;
  const type = `set-${run}`;
  await dashboard.open("#/policies");
  await page.getByText(/^The server: 3 retries\. Tried again after 30 s, .* Silent losses that make a dead letter: 3\.$/).waitFor();
  await page.getByLabel("Open an event type by its name").fill("not a name");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByText("An event type is made of letters, digits and . _ : -.").waitFor();
  await page.getByLabel("Open an event type by its name").fill(type);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByText("has no policy of its own: all parts are inherited.").waitFor();
  await page.getByText("Tried again after 30 s, 1 min, 2 min, ±10 %: the last try about 3 min 30 s after the first.").waitFor();
  await page.getByRole("button", { name: "Set a policy" }).click();
  await page.getByLabel(/max_retries/).fill("2");
  await page.getByLabel(/retry_delay\.initial/).fill("1");
  const changes = page.locator(".settings-changes");
  await changes.getByText("inherited (30 s)").waitFor();
  await changes.getByText("An outage longer than about 3 s makes dead letters; until now it takes one longer than about 3 min 30 s.").waitFor();
  await changes.getByText("Tried again after 1 s, 2 s, ±10 %: the last try about 3 s after the first.").waitFor();
  await changes.getByText(new RegExp(`eventlease policies set --max-retries 2 --retry-delay-initial 1 ${type}`)).waitFor();
  await page.getByRole("button", { name: "Set it" }).click();
  await page.getByText("has a policy of its own, which says 2 of 6 parts: the others are inherited.").waitFor();
  const read = async () => (await operator.call("GET", policyAt(type), undefined, [404])).retry_policy;
  assert.deepEqual(await read(), { max_retries: 2, retry_delay: { initial: 1 } });
  await page.locator(".notice", { hasText: "is changed: max_retries 2, retry_delay.initial 1 s." }).getByRole("button", { name: "Undo" }).click();
  await page.locator(".notice", { hasText: `${type} has no policy of its own again.` }).waitFor();
  assert.equal(await read(), undefined);
  await operator.call("PUT", policyAt(type), { jitter: 0.5 });
  await dashboard.open(`#/policies?event_type=${type}`);
  const row = page.getByRole("row").filter({ hasText: type });
  await row.getByText("1 of 6 its own").waitFor();
  await row.getByRole("button", { name: "Remove …" }).click();
  await page.getByRole("dialog").getByText("Tried again after 30 s, 1 min, 2 min, ±50 %: the last try about 3 min 30 s after the first.").waitFor();
  await page.getByRole("button", { name: "Remove the policy" }).click();
  await row.waitFor({ state: "detached" });
  await page.locator(".notice", { hasText: "is removed" }).getByRole("button", { name: "Undo" }).click();
  await row.getByText("1 of 6 its own").waitFor();
  assert.deepEqual(await read(), { jitter: 0.5 });
  await operator.call("DELETE", policyAt(type));
});

dashboardTest("a type that no event has says so before a policy is set for it, and offers those that it may be a typing error of", night, { mayLog }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/policies/invoice.sentt");
  await page.getByText("No event of this type is known.").waitFor();
  await page.getByText("Similar types that are known:").getByRole("link", { name: "invoice.sent", exact: true }).click();
  await page.getByText("Event type invoice.sent").waitFor();
  await page.getByText("No event of this type is known.").waitFor({ state: "detached" });
});

dashboardTest("what a colleague has changed meanwhile is asked about before it is overwritten; their other parts stay", calm, { mayLog }, async (dashboard) => {
  const { page } = dashboard;
  const type = `both-${run}`;
  await anyone.call("PUT", policyAt(type), { max_retries: 5 });
  await dashboard.open(`#/policies/${type}`);
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await page.getByLabel(/max_retries/).fill("7");
  await anyone.call("PUT", policyAt(type), { max_retries: 9, jitter: 0.5 });
  await page.getByRole("button", { name: "Change", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Somebody has changed this meanwhile: max_retries: 5 → 9. Overwrite it?").waitFor();
  await dialog.getByRole("button", { name: "Change anyway" }).click();
  await page.locator(".notice", { hasText: "is changed: max_retries 7." }).waitFor();
  const read = async () => (await anyone.call("GET", policyAt(type))).retry_policy;
  assert.deepEqual(await read(), { max_retries: 7, jitter: 0.5 });
  await anyone.call("PUT", policyAt(type), { max_retries: 8 });
  await page.locator(".notice", { hasText: "is changed" }).getByRole("button", { name: "Undo" }).click();
  await dialog.getByText(/has changed max_retries to 8 meanwhile/).waitFor();
  await dialog.getByRole("button", { name: "Leave it as it is" }).click();
  assert.deepEqual(await read(), { max_retries: 8 });
  await anyone.call("DELETE", policyAt(type));
});

dashboardTest("a token that is limited to some queues is told why it sees no policies", night, { role: "limited" }, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/policies");
  await page.getByText("may not look at this: it is about all queues, and this token is limited to dialogue.").waitFor();
  assert.equal(await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Policies" }).count(), 0);
});
