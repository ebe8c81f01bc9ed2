/** By what a change was asked for. */
import { visible } from "./text.js";

/** @param {Pick<import("./changes.js").AuditEntry, "via">} entry @returns {string} by what it was asked for; empty: by a program, or it is not known */
export function byWhat({ via }) {
  return via ? `by ${visible(via)}` : "";
}
