/** The policy of an event type, as it is at this moment. */
import { call } from "../../api/call.js";

/** @param {string} type @param {AbortSignal} [signal] @returns {Promise<import("../../rules/retry-policy.js").Policy | null>} null: it has none of its own */
export async function readPolicy(type, signal) {
  try {
    return (await call("read_retry_policy", { path: { event_type: type }, ...(signal ? { signal } : {}) })).data.retry_policy;
  } catch (error) {
    if (/** @type {import("../../api/call.js").CallError} */ (error).status === 404) return null;
    throw error;
  }
}
