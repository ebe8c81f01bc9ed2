// Which files of tests run beside which. Those of one lane run one after another, in one browser.
import { basename } from "node:path";

const LANES = 4;
// So that the lanes end together. Only that depends on these numbers, which are seconds as measured once.
const seconds = { health: 84, states: 65, "every-screen": 60, scale: 52, loading: 40, stillness: 36, suspects: 31, repair: 31, causes: 27, nginx: 27, hostile: 25, roles: 24, engines: 22, finding: 20, scenarios: 19, "signing-in": 19, runs: 17, engine: 16, versions: 15, remedies: 15, enqueue: 14, policies: 13, times: 13, events: 12, unreachable: 12, audit: 12, keyboard: 12, refused: 12, banners: 11, "queue-actions": 9 };
const others = 5;

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
