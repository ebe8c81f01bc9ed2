// Which files of tests run beside which. Those of one lane run one after another, in one browser.
import { basename } from "node:path";

const LANES = 4;
// So that the lanes end together. Only that depends on these numbers, which are seconds as measured once.
const seconds = { "every-screen": 60, scale: 85, health: 93, states: 75, engines: 47, loading: 45, repair: 40, stillness: 40, enqueue: 39, roles: 37, remedies: 33, "signing-in": 31, finding: 30, hostile: 29, suspects: 27, events: 27, causes: 26, refused: 26, prefix: 25, scenarios: 24, engine: 22, runs: 21, audit: 20, "queue-actions": 20, banners: 19, nginx: 18, versions: 15, policies: 15, keyboard: 14, "forced-colours": 12 };
const others = 7;

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
