/** How the service stands: one question for the frame and for all screens that show it. It costs the database nothing. */
import { call } from "../api/call.js";
import { usePoll } from "./poll.js";

/** @typedef {import("../api/call.js").Data<"read_overview">} Overview */

let etag = /** @type {string | null} */ (null);

/** @returns {import("./poll.js").Poll<Overview>} */
export function useOverview() {
  return usePoll("overview", ask, { seconds: 5 });
}

/** @param {AbortSignal} signal @param {Overview | null} before @returns {Promise<Overview>} */
async function ask(signal, before) {
  const answer = await call("read_overview", { signal, etag: before === null ? null : etag });
  etag = answer.etag;
  return answer.status === 304 && before !== null ? before : answer.data;
}
