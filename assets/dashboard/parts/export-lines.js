/** All that a list has by a filter, as a file of JSON lines, each as the server has it. */
import { callForText, serverNow } from "../api/call.js";
import { textOf } from "../rules/json.js";
import { bytes, count } from "../rules/numbers.js";
import { rawItems, rawMembers } from "../rules/raw-members.js";
import { said } from "./act.js";
import { saveAs } from "./download.js";
import { tell } from "./notices.js";

const MOST_BYTES = 100 * 1024 * 1024;
const PAGE = 200;

/**
 * @param {import("../api/call.js").OperationId} operation a list that has pages
 * @param {NonNullable<import("../api/call.js").Request["query"]>} query
 * @param {{ file: string, items: string }} names of the file, without time and ending; of what is in it: `dead letters`
 */
export async function exportLines(operation, query, { file, items }) {
  /** @type {string[]} */
  const lines = [];
  let size = 0;
  let cursor = /** @type {string | null} */ (null);
  let isCut = false;
  try {
    do {
      const members = rawMembers((await callForText(operation, { query: { ...query, limit: PAGE, cursor } })).data);
      for (const item of rawItems(members.get("items") ?? "[]")) {
        size += item.length + 1;
        lines.push(item);
      }
      const next = members.get("next_cursor") ?? "null";
      cursor = next === "null" ? null : textOf(next);
      isCut = cursor !== null && size >= MOST_BYTES;
    } while (cursor !== null && !isCut);
  } catch (error) {
    tell(`The export was ended after ${count(lines.length)} ${items}, and nothing was saved: ${said(/** @type {import("../api/call.js").CallError} */ (error))}`, { isBad: true });
    return;
  }
  saveAs(`${file}-${new Date(serverNow()).toISOString().slice(0, 19).replaceAll(":", "")}.jsonl`, lines.map((line) => `${line}\n`).join(""), "application/x-ndjson");
  tell(`${count(lines.length)} ${items} are saved, ${bytes(size)}.${isCut ? ` It stopped there: the oldest are left out. Name an earlier end of the time to get them.` : ""}`, { isBad: isCut });
}
