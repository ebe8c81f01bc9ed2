/** Draining one engine, and letting it go on. Both are light: each takes back the other. */
import { call } from "../api/call.js";
import { outlooksOf } from "../rules/drain.js";
import { drainMeanwhile } from "../rules/draining.js";
import { act } from "./act.js";
import { short } from "./id.js";
import { undoOf } from "./undo.js";

/** It finishes what it holds, is given nothing more, and stays: one that is told to exit cannot be brought back. @param {string} id */
export async function drainEngine(id) {
  const path = { engine_id: id };
  const alone = (await isAlone(id)) ? " No other engine of its queue is active: the queue stands still meanwhile." : "";
  return act("drain_engine", { path, body: { then: "stay" } }, {
    done: `Engine ${short(id)} drains: it finishes what it holds, gets nothing more, and stays.${alone}`,
    undo: ({ drain: mine }) => undoOf({
      look: async () => drainMeanwhile(mine, (await call("read_engine", { path })).data.drain),
      run: () => resumeEngine(id),
      already: `Engine ${short(id)} is not draining any more.`,
    })(),
  });
}

/** Whether its queue has no other active engine; not where that cannot be read. @param {string} id */
async function isAlone(id) {
  try {
    const engine = (await call("read_engine", { path: { engine_id: id } })).data;
    const { groups } = (await call("summarize_engines", { query: { engine_type: engine.engine_type } })).data;
    return engine.status === "active" && outlooksOf([engine], groups).get(engine.engine_type)?.remaining === 0;
  } catch {
    return false;
  }
}

/** @param {string} id */
export function resumeEngine(id) {
  return act("resume_engine", { path: { engine_id: id } }, { done: `Engine ${short(id)} gets events again.` });
}
