/** A scenario run: where it stands, in words, and what cancelling it would do. */
import { count } from "./numbers.js";

/** @typedef {import("../api/types.js").components["schemas"]["ScenarioRun"]} Run */
/** @typedef {import("../api/types.js").components["schemas"]["ListedScenarioRun"]} Listed */
/** @typedef {import("../api/types.js").components["schemas"]["CancelledRun"]} Cancelled */
/** @typedef {"good" | "bad" | "busy" | "waiting" | "idle"} Kind */
/** @typedef {keyof Run["counts"]} Status */

/** The order in which the bar and the table show them. */
const STATUSES = /** @type {const} */ ([
  ["completed", "completed", "good"],
  ["failed", "dead letters", "bad"],
  ["cancelled", "cancelled", "idle"],
  ["processing", "processing", "busy"],
  ["queued", "queued", "waiting"],
]);

/** A list does not count. @param {Pick<Run, "status" | "cancelled_in"> & Partial<Pick<Run, "counts">>} run @returns {{ word: string, kind: import("../parts/words.js").StateKind }} */
export function stateOf({ status, cancelled_in: queues, counts }) {
  if (status === "cancelled") return { word: "cancelled", kind: "held" };
  const where = queues.length === 0 ? "" : `, cancelled in ${queues.length} ${queues.length === 1 ? "queue" : "queues"}`;
  if (status === "active") return { word: `active${where}`, kind: "busy" };
  if (status === "idle" && where === "" && counts !== undefined && sumOf({ counts }) === 0) return { word: "not known", kind: "idle" };
  if (status === "idle" && counts !== undefined && counts.failed > 0) return { word: `ended, with dead letters${where}`, kind: "bad" };
  return status === "idle" ? { word: `nothing is open${where}`, kind: "good" } : { word: status, kind: "idle" };
}

/** @param {Pick<Run, "counts">} run @returns {{ status: Status, name: string, kind: Kind, count: number }[]} those that there are none of, too */
export function partsOf({ counts }) {
  return STATUSES.map(([status, name, kind]) => ({ status, name, kind, count: counts[status] }));
}

/** @param {Pick<Run, "counts">} run */
export function sumOf({ counts }) {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** @param {Pick<Run, "counts">} run @returns {number} events that have not ended */
export function openOf({ counts }) {
  return counts.queued + counts.processing;
}

/** @param {number} many @param {boolean} [isApproximate] */
export function events(many, isApproximate = false) {
  return many === 1 ? "1 event" : `${count(many, isApproximate)} events`;
}

/** @param {Run} run @returns {string} `120 of 300 events have ended: 110 completed, 10 dead letters. 180 are open.` */
export function sentenceOf(run) {
  const [sum, open] = [sumOf(run), openOf(run)];
  if (sum === 0) return "No event of this run is known: none was ever enqueued, or all of them ended so long ago that they are not kept any more.";
  const ended = partsOf(run).filter(({ status, count: many }) => many > 0 && status !== "queued" && status !== "processing");
  const parts = ended.map(({ name, status, count: many }) => `${count(many, run.is_approximate)} ${many === 1 && status === "failed" ? "dead letter" : name}`).join(", ");
  const detail = parts === "" ? "" : `: ${parts}`;
  if (open === 0) return `${sum === 1 ? "Its one event has ended" : `All ${count(sum, run.is_approximate)} events have ended`}${detail}.`;
  return `${count(sum - open, run.is_approximate)} of ${events(sum, run.is_approximate)} ${sum - open === 1 ? "has" : "have"} ended${detail}. ${count(open, run.is_approximate)} ${open === 1 ? "is" : "are"} open.`;
}

/** What cancelling does, by what is open at this moment. @param {Run} run @param {boolean} isLimited the token reaches some queues only @returns {string} */
export function effectOfCancel(run, isLimited) {
  const { counts: { queued, processing }, is_approximate: isApproximate } = run;
  const where = isLimited ? " in the queues that your token reaches" : "";
  const now = queued === 0 ? "No event is queued." : queued === 1 ? "1 queued event is cancelled now." : `${count(queued, isApproximate)} queued events are cancelled now.`;
  const asked = processing === 0
    ? "No engine holds an event of it."
    : processing === 1
      ? "1 event is with an engine, which is asked to stop; it ends with its lease at the latest."
      : `${count(processing, isApproximate)} events are with engines, which are asked to stop; they end with their leases at the latest.`;
  return `${now} ${asked} From then on the run takes no events${where}: enqueuing into it is refused until it is reopened. What was cancelled stays cancelled.`;
}

/** @param {Cancelled} done */
export function cancelledInWords({ cancelled, cancel_requested: requested }) {
  const now = `${events(cancelled)} ${cancelled === 1 ? "is" : "are"} cancelled`;
  return requested === 0 ? `The run is cancelled: ${now}.` : `The run is cancelled: ${now}, and engines are asked to stop ${count(requested)} more.`;
}
