// Which files of tests run beside which. Those of one lane run one after another, in one browser.
import { basename } from "node:path";

const LANES = 4;
// So that the lanes end together. Only that depends on these numbers, which are seconds as measured once.
const seconds = { states: 107, health: 90, "every-screen": 89, stillness: 60, engines: 40, scale: 50, hostile: 50, repair: 50, loading: 47, finding: 47, enqueue: 36, remedies: 35, scenarios: 34, roles: 34, events: 30, "signing-in": 30, prefix: 28, "queue-actions": 26, causes: 25, refused: 22, unreachable: 21, keyboard: 21, nginx: 16 };
const others = 10;

/** @param {readonly string[]} files @returns {string[][]} without empty lanes */
export function inLanes(files) {
  const weightOf = (file) => seconds[basename(file, ".test.js")] ?? others;
  const lanes = Array.from({ length: LANES }, () => ({ files: [], weight: 0 }));
  for (const file of [...files].sort((one, other) => weightOf(other) - weightOf(one))) {
    const shortest = lanes.reduce((one, other) => (other.weight < one.weight ? other : one));
    shortest.files.push(file);
    shortest.weight += weightOf(file);
  }
  return lanes.map(({ files }) => files).filter((files) => files.length > 0);
}
