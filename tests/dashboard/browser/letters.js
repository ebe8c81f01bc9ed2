// Dead letters for one test, in a queue of its own.
import { Caller } from "../installations/caller.js";
import { Engine, failed } from "../installations/engine.js";

/**
 * @param {import("../installations/installation.js").Told} told
 * @param {string} queue
 * @param {readonly { type: string, message: string }[]} errors one each
 * @param {string} [version] of the engine, which is gone afterwards
 */
export async function dieOf(told, queue, errors, version = "1.0.0") {
  const as = (/** @type {string | null} */ role) => new Caller(told.url, role === null ? null : (told.tokens[/** @type {keyof typeof told.tokens} */ (role)] ?? null));
  const engine = await Engine.register(/** @type {any} */ ({ url: told.url, tokens: told.tokens, as }), queue, { version });
  const events = errors.map((_, n) => ({ engine_type: queue, event_type: `${queue}.requested`, payload: { n }, retry_policy: { max_retries: 0 } }));
  const ids = await as(told.tokens.operator ? "operator" : null).enqueue(events);
  const leased = await engine.exchange({ limit: events.length, wait: 5 });
  await engine.settle(leased.map((event, n) => failed(event, errors[n]?.type ?? "", errors[n]?.message ?? "")));
  await engine.caller.call("DELETE", `engines/${engine.id}`);
  return ids;
}
