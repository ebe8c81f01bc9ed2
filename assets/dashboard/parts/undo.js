/** Taking back what was done, but nothing that a colleague has done since: then that is asked first. */
import { call } from "../api/call.js";
import { may } from "../state/session.js";
import { visible } from "../rules/text.js";
import { said } from "./act.js";
import { ask } from "./dialog.js";
import { tell } from "./notices.js";

/** @typedef {import("../rules/meanwhile.js").Meanwhile} Meanwhile */

/**
 * @param {object} of
 * @param {() => Promise<Meanwhile>} of.look reads what is there now
 * @param {() => Promise<unknown>} of.run
 * @param {string} of.already in words, where there is nothing to take back any more
 * @returns {() => Promise<boolean>} false: it was not taken back, and still can be
 */
export function undoOf({ look, run, already }) {
  return async () => {
    let found;
    try {
      found = await look();
    } catch (error) {
      tell(`It was not taken back, as what is there now could not be read: ${said(/** @type {import("../api/call.js").CallError} */ (error))}`, { isBad: true });
      return false;
    }
    if (found.state === "before") {
      tell(already);
      return true;
    }
    if (found.state === "other" && !(await ask({ title: "Undo all the same?", sentence: `${visible(found.news)} ${visible(found.question)}`, verb: "Undo anyway", wayOut: "Leave it as it is" }))) return false;
    return (await run()) !== null;
  };
}

/** Who did this to it last, where the token may read that. @param {import("../api/call.js").OperationId} action @param {string} subject */
export async function lastWho(action, subject) {
  if (!may("list_audit")) return undefined;
  try {
    const [entry] = (await call("list_audit", { query: { action, subject, limit: 1 } })).data.items;
    return entry === undefined || entry.actor === "anonymous" ? undefined : entry.actor;
  } catch {
    return undefined; // who it was is an addition
  }
}
