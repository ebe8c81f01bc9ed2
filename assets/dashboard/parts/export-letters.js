/** Dead letters with their payloads as a file of JSON lines. */
import { serverNow } from "../api/call.js";
import { queryOf } from "../rules/dead-letter-filter.js";
import { exportLines } from "./export-lines.js";

/** @param {Readonly<Record<string, string>>} values the filter, as the address has it */
export function exportLetters(values) {
  return exportLines("list_dead_letters", { ...queryOf(values, serverNow()), include: "payload" }, { file: "dead-letters", items: "dead letters" });
}
