/** Doing something: the call, what is said of it, and what is asked for again. */
import { call } from "../api/call.js";
import { refreshAll } from "../state/poll.js";
import { tell } from "./notices.js";

/**
 * @template {import("../api/call.js").OperationId} I
 * @param {I} operation @param {import("../api/call.js").Request} request
 * @param {{ done: string | ((data: import("../api/call.js").Data<I>) => string), undo?: (data: import("../api/call.js").Data<I>) => Promise<boolean> }} words
 * @returns {Promise<import("../api/call.js").Data<I> | null>} null: it was refused, or brought no answer, and the person was told
 */
export async function act(operation, request, { done, undo }) {
  try {
    const { data } = await call(operation, request);
    tell(typeof done === "string" ? done : done(data), undo ? { undo: () => undo(data) } : {});
    refreshAll();
    return data ?? /** @type {any} */ (true); // a reply without a body
  } catch (error) {
    const failure = /** @type {import("../api/call.js").CallError} */ (error);
    const isOpen = failure.kind === "offline";
    tell(isOpen ? `${failure.message} Whether it was done is not known: look before you repeat it.` : said(failure), { isBad: true });
    refreshAll();
    return null;
  }
}

/** A failure in words, with the places that are wrong. @param {import("../api/call.js").CallError} failure */
export function said({ message, errors }) {
  const places = errors.map(({ pointer, parameter, header, detail }) => `${parameter ?? pointer ?? header ?? ""}: ${detail}`);
  return [message, ...places].join(" · ");
}
