/** How an event stands, in words. */
import { ago, lasts } from "./times.js";
import { cut, visible } from "./text.js";

/** @typedef {import("../api/types.js").components["schemas"]["Event"]} Event */
/** @typedef {"good" | "busy" | "waiting" | "warning" | "bad" | "lost" | "idle" | "held"} StateKind */

const REASONS = new Map([
  ["retries_exhausted", "ran out of tries"],
  ["not_retryable", "its engine said that another try is pointless"],
  ["lease_losses_exhausted", "it was lost silently too often"],
]);

/** @param {string | null} reason of a dead letter */
export function reasonWords(reason) {
  return reason === null ? "" : REASONS.get(reason) ?? visible(reason);
}

/** @typedef {Pick<Event, "status" | "attempt" | "failures" | "lease_losses" | "available_at" | "lease_expires_at" | "cancel_requested" | "dead_letter_reason">} Standing */

/**
 * The word for its state.
 * @param {Standing} event @param {number} now milliseconds @returns {{ word: string, kind: StateKind }}
 */
export function stateOf(event, now) {
  switch (event.status) {
    case "completed":
      return { word: "completed", kind: "good" };
    case "cancelled":
      return { word: "cancelled", kind: "idle" };
    case "failed":
      return event.dead_letter_reason === null ? { word: "failed", kind: "bad" } : { word: "dead letter", kind: "bad" };
    case "processing":
      if (event.lease_expires_at !== null && Date.parse(event.lease_expires_at) < now) return { word: "lease over", kind: "lost" };
      return event.cancel_requested ? { word: "being cancelled", kind: "warning" } : { word: "running", kind: "busy" };
    default:
      if (event.available_at !== null && Date.parse(event.available_at) > now) {
        return event.failures > 0 || event.lease_losses > 0 ? { word: "waits for its next try", kind: "waiting" } : { word: "for later", kind: "waiting" };
      }
      return { word: event.attempt > 0 ? "waits again" : "waits", kind: "waiting" };
  }
}

/** @param {string | null} at @param {number} now @returns {number} seconds from then until now */
function since(at, now) {
  return at === null ? 0 : (now - Date.parse(at)) / 1000;
}

/** @param {string | null} engine */
function holder(engine) {
  return engine === null ? "by an anonymous engine" : `by engine ${engine.slice(0, 8)}…${engine.slice(-6)}`;
}

/**
 * One sentence, or two, on where it stands; it changes as time goes on.
 * @param {Event} event @param {number} now milliseconds
 */
export function sentenceOf(event, now) {
  switch (event.status) {
    case "processing":
      return running(event, now);
    case "queued":
      return queued(event, now);
    case "completed":
      return `Completed ${ago(since(event.finished_at, now))}, in attempt ${event.attempt}, ${lasts(Math.max(0, since(event.created_at, Date.parse(event.finished_at ?? ""))))} after it was enqueued.`;
    case "cancelled":
      return event.error_type === "too_old"
        ? `Given up ${ago(since(event.finished_at, now))}: no engine had leased it in time.`
        : `Cancelled ${ago(since(event.finished_at, now))}${event.attempt === 0 ? ", before any engine had it" : `, after attempt ${event.attempt}`}.`;
    case "failed":
      return failed(event, now);
  }
}

/** @param {Event} event @param {number} now */
function running(event, now) {
  const left = -since(event.lease_expires_at, now);
  const toDeadline = -since(event.lease_deadline_at, now);
  const end = left > 0 ? `the lease ends in ${lasts(left)} unless its engine reports` : `the lease ran out ${ago(-left)}, and the event comes back with the next sweep`;
  const isNear = event.lease_deadline_at !== null && toDeadline > 0 && toDeadline < 600 && toDeadline < since(event.leased_at, now);
  const longest = isNear ? ` No renewal goes beyond ${lasts(toDeadline)} from now.` : "";
  const cancel = event.cancel_requested
    ? " Its cancellation was asked for: its engine hears of it with its next report, and the event is cancelled when this lease ends, unless it is completed first."
    : "";
  return `Attempt ${event.attempt}, held ${holder(event.leased_by)} for ${lasts(Math.max(0, since(event.leased_at, now)))}; ${end}.${longest}${cancel}`;
}

/** @param {Event} event @param {number} now */
function queued(event, now) {
  const wait = -since(event.available_at, now);
  const before = event.attempt === 0 ? "" : afterAttempt(event);
  const discard = event.discard_at !== null ? ` If no engine has it by then, it is given up ${ago(since(event.discard_at, now))}.` : "";
  if (wait > 0) return capital(`${before}${event.attempt === 0 ? "it was enqueued for later, and" : "the next try"} is due in ${lasts(wait)}.${discard}`);
  if (event.attempt === 0) return `Due for ${lasts(-wait)}; no engine has had it yet.${discard}`;
  return capital(`${before}it has been due again for ${lasts(-wait)}.`);
}

/** What became of its last attempt. Redriven, an event begins to count anew. @param {Event} event */
function afterAttempt(event) {
  if (event.failures > 0 || event.lease_losses > 0) return `Attempt ${event.attempt} did not bring it to an end${lastError(event)}; `;
  return event.redrives > 0 ? `It was redriven, and attempt ${event.attempt} was its last so far; ` : `Attempt ${event.attempt} gave it back; `;
}

/** @param {Event} event @param {number} now */
function failed(event, now) {
  const when = ago(since(event.finished_at, now));
  if (event.redriven_as !== null) return `Failed ${when}; it was redriven as another event, with another payload.`;
  if (event.dead_letter_reason === null) return `Failed ${when}; it is no dead letter any more.`;
  return `Became a dead letter ${when}, after attempt ${event.attempt}: ${reasonWords(event.dead_letter_reason)}${lastError(event)}.`;
}

/** @param {Event} event */
function lastError({ error_type, error_message }) {
  if (error_type === null && error_message === null) return "";
  const text = [error_type, error_message].filter((part) => part !== null && part !== "").join(": ");
  const { head, left } = cut(text, 160);
  return ` (${visible(head)}${left > 0 ? "…" : ""})`;
}

/**
 * A budget as dots: `spent` of `total`; null where its size is not known.
 * @typedef {{ name: string, spent: number, total: number | null, words: string }} Budget
 */

/** @param {Pick<Event, "failures" | "lease_losses" | "retries_left" | "losses_left" | "redrives" | "retry_policy">} event @returns {Budget[]} */
export function budgetsOf({ failures, lease_losses, retries_left, losses_left, redrives, retry_policy }) {
  const retries = retry_policy?.max_retries;
  const losses = retry_policy?.dead_letter_threshold;
  /** @type {Budget[]} */
  const budgets = [
    {
      name: "failures", spent: failures, total: retries ? retries.value + 1 : null,
      words: retries
        ? `${failures} of ${retries.value + 1} failures that make it a dead letter; ${retries_left ?? 0} more are tried again ` +
          `(max_retries ${retries.value}, by ${source(retries.source)})`
        : `${failures} failures were reported`,
    },
    {
      name: "silent losses", spent: lease_losses, total: losses?.value ?? null,
      words: losses
        ? `${lease_losses} of ${losses.value} silent losses that make it a dead letter; ${losses_left ?? 0} more would ` +
          `(dead_letter_threshold ${losses.value}, by ${source(losses.source)})`
        : `${lease_losses} silent losses`,
    },
  ];
  if (redrives > 0) budgets.push({ name: "redrives", spent: redrives, total: null, words: `it was redriven ${redrives === 1 ? "once" : `${redrives} times`}; budgets count from the last time on` });
  return budgets;
}

/** Where its budgets come from; null: it has ended, and no policy holds for it. @param {Pick<Event, "retry_policy">} event @returns {string | null} `3 retries by its queue's policy, 5 silent losses by the server's policy` */
export function policyInWords({ retry_policy: policy }) {
  if (policy === null) return null;
  const { max_retries: retries, dead_letter_threshold: losses } = policy;
  const own = retries.source === losses.source ? "" : ` by ${source(retries.source)}`;
  return `${retries.value === 1 ? "1 retry" : `${retries.value} retries`}${own}, ${losses.value === 1 ? "1 silent loss" : `${losses.value} silent losses`} by ${source(losses.source)}`;
}

/** @param {string} source */
function source(source) {
  return source === "event" ? "its own policy" : source === "event_type" ? "its event type's policy" : source === "queue" ? "its queue's policy" : "the server's policy";
}

/** @param {string} text */
function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
