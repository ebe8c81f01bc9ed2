// What the page advises, it has a button for: a version is quarantined, an engine drained, a paused queue resumed, where one reads of it.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { Engine } from "../installations/engine.js";
import { dashboardTest, installations } from "./dashboard.js";
import { dieOf } from "./letters.js";

const { night } = installations;
const operator = new Caller(night.url, night.tokens.operator ?? null);
/** For engines of their own. @type {any} */
const own = { url: night.url, tokens: night.tokens, as: (/** @type {"orchestrator" | null} */ role) => new Caller(night.url, role === null ? null : (night.tokens[role] ?? null)) };

dashboardTest("a version is quarantined from the cause of its dead letters, once it is said whom that hits, and lifted again", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dieOf(night, "bad-version", [{ type: "Timeout", message: "no answer" }], "2.4.1");
  const engine = await Engine.register(own, "bad-version", { version: "2.4.1" });
  await dashboard.open("#/dead-letter-group?engine_type=bad-version");
  await page.getByRole("button", { name: "Quarantine 2.4.1 …" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Engines of version 2.4.1 get nothing of bad-version any more, also those that register later: now 1 is there. No other engine of the queue is active: it stands still then.").waitFor();
  const verb = dialog.getByRole("button", { name: /^Quarantine/ });
  assert.equal(await verb.getAttribute("aria-disabled"), "true", "without a reason");
  await dialog.getByLabel(/Reason/).fill("it answers nothing");
  await verb.click();
  const notice = page.locator(".notice", { hasText: "Version 2.4.1 is quarantined in bad-version." });
  await notice.waitFor();
  const quarantines = async () => (await operator.call("GET", "queues/bad-version")).quarantines;
  assert.equal((await quarantines())[0].reason, "it answers nothing");
  await notice.getByRole("button", { name: "Undo" }).click();
  await page.locator(".notice", { hasText: "The quarantine in bad-version is lifted." }).waitFor();
  assert.deepEqual(await quarantines(), []);
  await engine.caller.call("DELETE", `engines/${engine.id}`);
});

dashboardTest("an engine is drained from its queue, and goes on again", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const engine = await Engine.register(own, "one-drains", { version: "1.0.0" });
  await dashboard.open("#/queues/one-drains");
  const status = async () => (await operator.call("GET", `engines/${engine.id}`)).status;
  await page.getByRole("button", { name: "Drain", exact: true }).click();
  const notice = page.locator(".notice", { hasText: /drains: it finishes what it holds, gets nothing more, and stays/ });
  await notice.waitFor();
  assert.equal(await status(), "draining");
  await notice.getByRole("button", { name: "Undo" }).click();
  await page.locator(".notice", { hasText: "gets events again." }).waitFor();
  assert.equal(await status(), "active");
  await engine.caller.call("DELETE", `engines/${engine.id}`);
});

dashboardTest("a queue is resumed where an event says that it waits for that", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const [id] = await operator.enqueue([{ engine_type: "resumed-there", event_type: "resumed.requested", payload: 1 }]);
  await operator.call("POST", "queues/resumed-there/pause", { reason: "the disk is exchanged" });
  await dashboard.open(`#/events/${id}`);
  await page.getByRole("button", { name: "Resume resumed-there" }).click();
  await page.locator(".notice", { hasText: "resumed-there goes on." }).waitFor();
  assert.equal((await operator.call("GET", "queues/resumed-there")).pause, null);
});

dashboardTest("who may not, has read what is to be done and is offered nothing", night, { role: "reader" }, async (dashboard) => {
  const { page } = dashboard;
  const [id] = await operator.enqueue([{ engine_type: "read-there", event_type: "read.requested", payload: 1 }]);
  await operator.call("POST", "queues/read-there/pause", {});
  await dashboard.open(`#/events/${id}`);
  await page.locator(".explain-verdict").filter({ hasText: "queue_paused" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Resume read-there" }).count(), 0);
});

dashboardTest("an error with another message each time is folded to one row, and all that match are redriven together", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const words = ["after", "before", "beneath", "beyond", "despite", "during", "except", "inside", "outside", "toward", "under", "within"];
  await dieOf(night, "weather", words.map((word) => ({ type: "ParseError", message: `unexpected ${word} in ${word} of ${word}` })));
  await dashboard.open("#/dead-letters?engine_type=weather");
  await page.getByText("12 causes are of one letter each, all ParseError of weather.requested").waitFor();
  await page.getByRole("button", { name: "Show one row for each type of error" }).click();
  await page.getByText("12 dead letters of 1 type of error").waitFor();
  await page.getByRole("button", { name: "Redrive all that match (12)" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("dead letters go back.").waitFor();
  await dialog.getByRole("button", { name: "Leave it" }).click();
  await page.getByRole("button", { name: "Discard all that match (12)" }).click();
  await dialog.getByRole("heading", { name: "Discard 12 dead letters?" }).waitFor();
  await dialog.getByRole("button", { name: "Leave it" }).click();
  // The row leads to all of that type, whatever their messages.
  await page.getByRole("table", { name: "Causes of dead letters" }).getByRole("link").first().click();
  await page.waitForURL(/dead-letter-group\?.*error_type=ParseError/);
  await page.getByRole("button", { name: /^Redrive all \(12/ }).waitFor();
});

dashboardTest("letters that a producer has sent as escapes can be read; raw is what was sent", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const { event_id: id } = await operator.call("POST", "events", '{"engine_type":"escaped","event_type":"escaped.requested","payload":{"name":"\\u4f60\\u597d \\u2026 \\u202e","card":"\\u20264242"}}');
  await dashboard.open(`#/events/${id}`);
  const payload = page.getByRole("tree", { name: "payload" });
  await payload.getByText('"你好 … \\u202e"').waitFor();
  await payload.getByText('"…4242"').waitFor();
  await page.getByRole("button", { name: "raw", exact: true }).first().click();
  await page.locator(".json-raw", { hasText: "\\u20264242" }).waitFor();
});

dashboardTest("an event that engines fell silent with is not redriven without a question", night, {}, async (dashboard) => {
  const { page } = dashboard;
  const queue = "kills-engines";
  const policy = { dead_letter_threshold: 2, retry_delay: { initial: 0, max: 0 } };
  const [id] = await operator.enqueue([{ engine_type: queue, event_type: "killing.requested", payload: 1, retry_policy: policy }]);
  for (const _ of [1, 2]) {
    const engine = await Engine.register(own, queue);
    assert.equal((await engine.exchange({ wait: 20, lease: 1 })).length, 1);
  }
  while ((await operator.call("GET", `events/${id}`)).dead_letter_reason === null) await page.waitForTimeout(300);
  await dashboard.open(`#/events/${id}`);
  await page.getByRole("button", { name: "Redrive", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("2 engines were lost while they worked on it.").waitFor();
  await dialog.getByRole("button", { name: "Leave it" }).click();
  assert.equal((await operator.call("GET", `events/${id}`)).status, "failed");
  await page.getByRole("button", { name: "Redrive", exact: true }).click();
  await dialog.getByRole("button", { name: "Redrive it anyway" }).click();
  await page.locator(".notice", { hasText: "is queued again" }).waitFor();
});
