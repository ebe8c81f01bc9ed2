/** Draining one engine, and letting it go on. Both are light: each takes back the other. */
import { call } from "../api/call.js";
import { drainMeanwhile } from "../rules/draining.js";
import { act } from "./act.js";
import { short } from "./id.js";
import { undoOf } from "./undo.js";

/** It finishes what it holds, is given nothing more, and stays: one that is told to exit cannot be brought back. @param {string} id */
export function drainEngine(id) {
  const path = { engine_id: id };
  return act("drain_engine", { path, body: { then: "stay" } }, {
    done: `Engine ${short(id)} drains: it finishes what it holds, gets nothing more, and stays.`,
    undo: ({ drain: mine }) => undoOf({
      look: async () => drainMeanwhile(mine, (await call("read_engine", { path })).data.drain),
      run: () => resumeEngine(id),
      already: `Engine ${short(id)} is not draining any more.`,
    })(),
  });
}

/** @param {string} id */
export function resumeEngine(id) {
  return act("resume_engine", { path: { engine_id: id } }, { done: `Engine ${short(id)} gets events again.` });
}
