/** Filters of events that find nothing by themselves: what else has to be chosen, in the page's words. */

/** @typedef {Readonly<Record<string, string>>} Values of filters, as the address has them */
/** @typedef {{ words: string, sets: Readonly<Record<string, string | null>> }} Choice */
/** @typedef {{ sentence: string, choices: readonly Choice[], wantsQueue: boolean }} Missing wantsQueue: each queue is a choice, too */

const BESIDE_STATUS = ["engine_type", "event_type", "scenario_run_id", "caused_by", "created_after", "created_before", "leased_by", "unique_key", "idempotency_key", "lease_losses_min", "failing", "error_type"];
const OF_OPEN = ["lease_losses_min", "failing", "leased_by"];
const ENDED = ["completed", "failed", "cancelled"];
/** @type {readonly Choice[]} */
const TIMES = [{ words: "enqueued in the last day", sets: { created_after: "-1d" } }, { words: "enqueued in the last 30 days", sets: { created_after: "-30d" } }];
const OF_FEW = ["caused_by", "idempotency_key", "unique_key"];
const TITLES = /** @type {Readonly<Record<string, string>>} */ ({
  engine_type: "queue",
  event_type: "event type",
  scenario_run_id: "run",
  caused_by: "follows event",
  leased_by: "held by engine",
  lease_losses_min: "silent losses, at least",
  failing: "failing now",
  error_type: "error type",
  idempotency_key: "idempotency key",
  unique_key: "unique key",
});

/** @param {string} name of a filter, as the API has it @returns {string} as the page has it */
export function titleOf(name) {
  return TITLES[name] ?? name;
}

/** @param {Values} values @returns {Missing | null} null: they can be asked for as they are */
export function missingOf(values) {
  const has = (/** @type {string} */ name) => values[name] !== undefined && values[name] !== "" && !(name === "failing" && values[name] === "false");
  const key = ["idempotency_key", "unique_key"].find(has);
  if (key !== undefined && !has("engine_type")) {
    return { sentence: `A key is known within its queue. Choose the queue of this ${titleOf(key)}, too.`, choices: [], wantsQueue: true };
  }
  const few = OF_FEW.filter(has);
  const open = [...OF_OPEN, "error_type"].filter(has);
  const isOfEnded = has("lease_losses_min") && ENDED.includes(values["status"] ?? "");
  const other = open.find((name) => name !== "lease_losses_min");
  const [first, second = open[0]] = few.length === 0 && isOfEnded && other !== undefined ? ["lease_losses_min", other] : few;
  if (first !== undefined && second !== undefined) {
    const without = (/** @type {string} */ name) => ({ words: `without “${titleOf(name)}”`, sets: { [name]: null } });
    return { sentence: `“${titleOf(first)}” and “${titleOf(second)}” cannot be asked for together.`, choices: [without(first), without(second)], wantsQueue: false };
  }
  if (has("error_type") && !OF_OPEN.some(has) && values["status"] !== "failed") {
    /** @type {Choice[]} */
    const choices = [{ words: "failing now", sets: { failing: "true", status: null } }, { words: "status failed: dead letters", sets: { status: "failed" } }];
    return { sentence: "An error type is looked for among events that fail just now, or among dead letters. Choose one of them, too.", choices, wantsQueue: false };
  }
  if (isOfEnded && !has("created_after") && !has("scenario_run_id")) {
    return { sentence: "Losses of events that have ended are looked for within a time or a run. Choose a time, too.", choices: TIMES, wantsQueue: false };
  }
  if (has("status") && !BESIDE_STATUS.some(has)) {
    return { sentence: "These may be very many. Choose a time or a queue, too.", choices: TIMES, wantsQueue: true };
  }
  return null;
}

/**
 * What is added by itself, in plain sight, to a filter that was chosen: the first of the choices that mend it, where that takes nothing away.
 * @param {Values} values with the filter that was chosen @returns {Readonly<Record<string, string | null>>}
 */
export function addedTo(values) {
  const [first] = missingOf(values)?.choices ?? [];
  const isTaking = Object.entries(first?.sets ?? {}).some(([name, value]) => value === null && values[name] !== undefined);
  return first === undefined || isTaking ? {} : first.sets;
}
