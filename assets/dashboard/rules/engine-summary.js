/** All engines by type and version: how many there are, and how they are. */

/** @typedef {import("../api/types.js").components["schemas"]["EngineGroup"]} Group */
/** @typedef {import("./versions.js").Attempts} Attempts */
/** @typedef {{ engines: number, active: number, draining: number, silent: number, idle: number, full: number, zombie: number, holdingOff: number, quarantined: number, held: number }} Counts */
/** @typedef {Counts & { engineType: string, version: string | null, attempts: Attempts | null }} Row */

const STATUS = /** @type {const} */ ({ active: "active", draining: "draining", unresponsive: "silent" });

/** @returns {Counts} */
function none() {
  return { engines: 0, active: 0, draining: 0, silent: 0, idle: 0, full: 0, zombie: 0, holdingOff: 0, quarantined: 0, held: 0 };
}

/** @param {Counts} counts is changed @param {Group} group */
function add(counts, { status, engines, idle, full, zombie, holding_off, quarantined, leases_held }) {
  const name = STATUS[/** @type {keyof typeof STATUS} */ (status)];
  if (name) counts[name] += engines;
  counts.engines += engines;
  // The server counts all that hold nothing: one that is silent or draining does not wait for work.
  if (name === "active") counts.idle += idle;
  counts.full += full;
  counts.zombie += zombie;
  counts.holdingOff += holding_off;
  counts.quarantined += quarantined;
  counts.held += leases_held;
}

/** @param {{ engineType: string, version: string | null }} of */
export function keyOf({ engineType, version }) {
  return `${engineType} ${version === null ? "" : `"${version}"`}`;
}

/**
 * Those that most needs to be done about come first: versions that fail, zombies, silent ones; then the largest.
 * @param {readonly Group[]} groups @param {readonly Attempts[]} attempts @returns {Row[]}
 */
export function rowsOf(groups, attempts) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const group of groups) {
    const of = { engineType: group.engine_type, version: group.engine_software_version };
    const row = rows.get(keyOf(of)) ?? { ...of, ...none(), attempts: null };
    add(row, group);
    rows.set(keyOf(of), row);
  }
  for (const each of attempts) {
    const row = rows.get(keyOf({ engineType: each.engine_type, version: each.engine_software_version }));
    if (row) row.attempts = each;
  }
  return [...rows.values()].sort((one, other) => fails(other) - fails(one) || other.zombie - one.zombie || other.silent - one.silent || other.engines - one.engines || (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** From this part of its attempts on, a version stands among those that fail. */
const FAILS = 0.1;

/** @param {Row} row */
function fails({ attempts }) {
  return attempts !== null && attempts.is_enough && attempts.failure_ratio >= FAILS ? attempts.failure_ratio : 0;
}

/** @param {readonly Group[]} groups @returns {Counts} of all together */
export function totalsOf(groups) {
  const counts = none();
  for (const group of groups) add(counts, group);
  return counts;
}
