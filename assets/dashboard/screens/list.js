/** All screens, by where they stand in the address. What a screen is made of is loaded when it is needed: see loaded.js. */
import { loadCommands } from "../parts/copy-as.js";
import { loadOffers } from "../parts/jump.js";
import { further, loadStyles } from "./styles.js";

/**
 * What is known of a screen before it is loaded.
 * @typedef {object} Listed
 * @property {string} at the first part of the address, with `/:id` where the screen is about one thing
 * @property {string} title
 * @property {(filters: Readonly<Record<string, string>>) => string} [titleWith] where it depends on the filters
 * @property {import("../api/call.js").OperationId | null} operation what a token must be allowed, to see it
 * @property {() => Promise<{ screen: Screen }>} load
 */
/**
 * @typedef {object} Screen
 * @property {Readonly<Record<string, import("../rules/filters.js").FilterSpec>>} filters
 * @property {boolean} [isOfId] what it is about is named by a whole id
 * @property {(props: ScreenProps) => import("../parts/html.js").Children} view
 */
/** @typedef {{ id: string, values: Readonly<Record<string, string>> }} ScreenProps */

const GROUP = "dead-letter-group";

/** @type {readonly Listed[]} those without an id stand in the menu, in this order */
export const screens = [
  { at: "overview", title: "Overview", operation: "read_overview", load: () => import("./overview.js") },
  { at: "queues", title: "Queues", operation: "read_overview", load: () => import("./queues.js") },
  { at: "queues/:id", title: "Queue", operation: "read_queue", load: () => import("./queue.js") },
  { at: "events", title: "Events", operation: "list_events", load: () => import("./events.js") },
  { at: "events/:id", title: "Event", operation: "read_event", load: () => import("./event.js") },
  { at: "engines", title: "Engines", operation: "list_engines", load: () => import("./engines.js") },
  { at: "engines/:id", title: "Engine", operation: "read_engine", load: () => import("./engine.js") },
  { at: "dead-letters", title: "Dead letters", operation: "list_dead_letters", load: () => import("./dead-letters.js") },
  { at: GROUP, title: "Dead letters of one cause", titleWith: (filters) => (filters["error_fingerprint"] === undefined ? "Dead letters that match" : "Dead letters of one cause"), operation: "group_dead_letters", load: () => import("./dead-letter-group.js") },
  { at: "suspects", title: "Suspects", operation: "list_events", load: () => import("./suspects.js") },
  { at: "redrive-jobs", title: "Redrive jobs", operation: "list_redrive_jobs", load: () => import("./redrive-jobs.js") },
  { at: "redrive-jobs/:id", title: "Redrive job", operation: "read_redrive_job", load: () => import("./redrive-job.js") },
  { at: "runs", title: "Runs", operation: "list_scenario_runs", load: () => import("./runs.js") },
  { at: "runs/:id", title: "Run", operation: "read_scenario_run", load: () => import("./run.js") },
  { at: "policies", title: "Policies", operation: "list_event_types", load: () => import("./policies.js") },
  { at: "policies/:id", title: "Retry policy", operation: "read_retry_policy", load: () => import("./policy.js") },
  { at: "health", title: "Health", operation: "read_database_health", load: () => import("./health.js") },
  { at: "audit", title: "Audit", operation: "list_audit", load: () => import("./audit.js") },
  { at: "tokens", title: "Tokens", operation: "list_tokens", load: () => import("./tokens.js") },
  { at: "help", title: "Help", operation: null, load: () => import("./help.js") },
];

/** What parts load by themselves when they need it first. */
export const ofParts = [() => import("../parts/plot-canvas.js"), loadCommands, loadOffers, () => loadStyles(further)];

/** @param {import("../state/place.js").Place} place */
export function screenAt({ screen, id }) {
  return screens.find(({ at }) => at === (id === null ? screen : `${screen}/:id`));
}

/** What the menu shows. */
export const menu = screens
  .filter(({ at }) => !at.includes("/") && at !== GROUP)
  .map(({ at, title, operation }) => ({ screen: at, title, operation }));
