/** What the levels below an event type say of retries: the settings of the queues, which show the server's as well. */
import { call } from "../api/call.js";
import { usePoll } from "./poll.js";

/** @typedef {import("../api/call.js").Data<"list_queues">} Queues */

/** As many as come in one answer: with more queues, those behind are not looked at. */
const LOOKED_AT = 200;
const SECONDS = 60;

/** @returns {import("./poll.js").Poll<Queues>} */
export function usePolicyLevels() {
  return usePoll("list_queues:policies", async (signal) => (await call("list_queues", { query: { limit: LOOKED_AT }, signal })).data, { seconds: SECONDS });
}
