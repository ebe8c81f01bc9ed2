/** What was done to an event, or to its queue meanwhile, as flags in its gantt. */
import { changeInWords } from "./changes.js";

/** @typedef {import("./gantt.js").Flag} Flag */
/** @typedef {readonly import("./changes.js").AuditEntry[]} Entries */

/** @type {Readonly<Record<string, Flag["kind"]>>} */
const KINDS = {
  redrive_dead_letter: "redrive",
  redrive_dead_letters: "redrive",
  cancel_event: "cancel",
  change_event: "change",
  pause_queue: "pause",
};

/** @param {Entries} ofEvent @param {Entries} pauses @returns {Flag[]} the oldest first */
export function flagsOf(ofEvent, pauses) {
  return [...ofEvent, ...pauses]
    .flatMap((entry) => {
      const kind = Object.hasOwn(KINDS, entry.action) ? KINDS[entry.action] : undefined;
      return kind === undefined ? [] : [{ at: Date.parse(entry.recorded_at), kind, text: changeInWords(entry) }];
    })
    .sort((a, b) => a.at - b.at);
}
