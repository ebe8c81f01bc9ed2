import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetsOf, policyInWords, sentenceOf, stateOf } from "../../../assets/dashboard/rules/event-words.js";

const NOW = Date.parse("2026-11-29T02:00:00Z");
const at = (seconds) => new Date(NOW + seconds * 1000).toISOString();
const ENGINE = "38b30214-8d89-4027-9ac5-c3440293955d";

const event = (more) => ({
  status: "queued", attempt: 0, failures: 0, lease_losses: 0, redrives: 0, created_at: at(-100), available_at: at(-40), finished_at: null,
  leased_at: null, leased_by: null, lease_expires_at: null, lease_deadline_at: null, cancel_requested: false, discard_at: null,
  dead_letter_reason: null, redriven_as: null, error_type: null, error_message: null, retries_left: 3, losses_left: 3, retry_policy: null, ...more,
});
const held = { status: "processing", attempt: 4, leased_by: ENGINE, leased_at: at(-192), lease_expires_at: at(108), lease_deadline_at: at(40_000) };
const ended = { available_at: null, finished_at: at(-300) };

const TABLE = [
  [{}, "waits", "Due for 40 s; no engine has had it yet."],
  [{ available_at: at(3600) }, "for later", "It was enqueued for later, and is due in 1 h."],
  [{ attempt: 2, failures: 1, available_at: at(12), error_type: "Timeout", error_message: "no answer" }, "waits for its next try",
    "Attempt 2 did not bring it to an end (Timeout: no answer); the next try is due in 12 s."],
  [{ attempt: 1, available_at: at(-5) }, "waits again", "Attempt 1 gave it back; it has been due again for 5 s."],
  [{ attempt: 3, redrives: 1, available_at: at(-5) }, "waits again", "It was redriven, and attempt 3 was its last so far; it has been due again for 5 s."],
  [{ discard_at: at(60) }, "waits", "Due for 40 s; no engine has had it yet. If no engine has it by then, it is given up in 1 min."],
  [held, "running", "Attempt 4, held by engine 38b30214…93955d for 3 min 12 s; the lease ends in 1 min 48 s unless its engine reports."],
  [{ ...held, leased_by: null, lease_expires_at: at(-3) }, "lease over",
    "Attempt 4, held by an anonymous engine for 3 min 12 s; the lease ran out 3 s ago, and the event comes back with the next sweep."],
  [{ ...held, lease_deadline_at: at(120) }, "running", /No renewal goes beyond 2 min from now\.$/],
  [{ ...held, cancel_requested: true }, "being cancelled", /cancelled when this lease ends, unless it is completed first\.$/],
  [{ ...ended, status: "completed", attempt: 2, finished_at: at(-60) }, "completed", "Completed 1 min ago, in attempt 2, 40 s after it was enqueued."],
  [{ ...ended, status: "cancelled" }, "cancelled", "Cancelled 5 min ago, before any engine had it."],
  [{ ...ended, status: "cancelled", error_type: "too_old" }, "cancelled", "Given up 5 min ago: no engine had leased it in time."],
  [{ ...ended, status: "failed", attempt: 4, dead_letter_reason: "retries_exhausted", error_type: "a\u202eb" }, "dead letter",
    "Became a dead letter 5 min ago, after attempt 4: ran out of tries (a\\u{202e}b)."],
  [{ ...ended, status: "failed", redriven_as: ENGINE }, "failed", "Failed 5 min ago; it was redriven as another event, with another payload."],
  [{ ...ended, status: "failed" }, "failed", "Failed 5 min ago; it is no dead letter any more."],
];

for (const [more, word, sentence] of TABLE) {
  test(`says of an event that is ${word}: ${sentence}`, () => {
    assert.equal(stateOf(event(more), NOW).word, word);
    if (typeof sentence === "string") assert.equal(sentenceOf(event(more), NOW), sentence);
    else assert.match(sentenceOf(event(more), NOW), sentence);
  });
}

test("budgets say how much is spent, and which policy gives them", () => {
  const part = (value, source) => ({ value, source });
  const policy = { max_retries: part(3, "event"), dead_letter_threshold: part(3, "server"), retry_delay: {}, jitter: part(0.1, "server") };
  const [failures, losses, redrives] = budgetsOf(event({ failures: 2, retries_left: 1, redrives: 1, retry_policy: policy }));
  assert.deepEqual([failures.spent, failures.total, losses.spent, losses.total], [2, 4, 0, 3]);
  assert.match(failures.words, /1 more are tried again \(max_retries 3, by its own policy\)/);
  assert.match(redrives.words, /redriven once/);
  assert.equal(budgetsOf(event({}))[0].total, null);
  assert.equal(policyInWords(event({ retry_policy: policy })), "3 retries by its own policy, 3 silent losses by the server's policy");
  assert.equal(policyInWords(event({ retry_policy: { ...policy, max_retries: part(1, "server") } })), "1 retry, 3 silent losses by the server's policy");
  assert.equal(policyInWords(event({ retry_policy: null })), null);
});
