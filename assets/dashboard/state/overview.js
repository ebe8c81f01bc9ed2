/** How the service stands: one question for the frame and for all screens that show it. It costs the database nothing. */
import { call } from "../api/call.js";
import { askBeforehand, usePoll } from "./poll.js";

/** @typedef {import("../api/call.js").Data<"read_overview">} Overview */

let etag = /** @type {string | null} */ (null);
let queues = /** @type {readonly string[]} */ ([]);

/** The names of the queues, as the last overview had them. */
export function queueNames() {
  return queues;
}

const KEY = "overview";
const SECONDS = 5;

/** The frame of each screen shows it: it is asked for while the page finds out who is looking. */
export function askForOverviewBeforehand() {
  askBeforehand(KEY, ask, SECONDS);
}

/** @returns {import("./poll.js").Poll<Overview>} */
export function useOverview() {
  return usePoll(KEY, ask, { seconds: SECONDS });
}

/** @param {AbortSignal} signal @param {Overview | null} before @returns {Promise<Overview>} */
async function ask(signal, before) {
  const answer = await call("read_overview", { signal, etag: before === null ? null : etag });
  etag = answer.etag;
  if (answer.status === 304 && before !== null) return before;
  queues = answer.data.queues.map((queue) => queue.engine_type);
  return answer.data;
}
