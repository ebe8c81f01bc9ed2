/** Dead letters with their payloads as a file of JSON lines, each as the server has it. */
import { callForText, serverNow } from "../api/call.js";
import { queryOf } from "../rules/dead-letter-filter.js";
import { textOf } from "../rules/json.js";
import { bytes, count } from "../rules/numbers.js";
import { rawItems, rawMembers } from "../rules/raw-members.js";
import { said } from "./act.js";
import { saveAs } from "./download.js";
import { tell } from "./notices.js";

const MOST_BYTES = 100 * 1024 * 1024;
const PAGE = 200;

/** @param {Readonly<Record<string, string>>} values the filter, as the address has it */
export async function exportLetters(values) {
  const query = { ...queryOf(values, serverNow()), include: "payload", limit: PAGE };
  /** @type {string[]} */
  const lines = [];
  let size = 0;
  let cursor = /** @type {string | null} */ (null);
  let isCut = false;
  try {
    do {
      const members = rawMembers((await callForText("list_dead_letters", { query: { ...query, cursor } })).data);
      for (const item of rawItems(members.get("items") ?? "[]")) {
        size += item.length + 1;
        lines.push(item);
      }
      const next = members.get("next_cursor") ?? "null";
      cursor = next === "null" ? null : textOf(next);
      isCut = cursor !== null && size >= MOST_BYTES;
    } while (cursor !== null && !isCut);
  } catch (error) {
    tell(`The export was ended after ${count(lines.length)} dead letters, and nothing was saved: ${said(/** @type {import("../api/call.js").CallError} */ (error))}`, { isBad: true });
    return;
  }
  saveAs(`dead-letters-${new Date(serverNow()).toISOString().slice(0, 19).replaceAll(":", "")}.jsonl`, lines.map((line) => `${line}\n`).join(""), "application/x-ndjson");
  tell(`${count(lines.length)} dead letters are saved, ${bytes(size)}.${isCut ? ` It stopped there: the oldest are left out. Name a later end to get them.` : ""}`, { isBad: isCut });
}
