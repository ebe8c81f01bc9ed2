/** All screens, by where they stand in the address. */
import { screen as deadLetterGroup } from "./dead-letter-group.js";
import { screen as deadLetters } from "./dead-letters.js";
import { screen as event } from "./event.js";
import { screen as events } from "./events.js";
import { screen as help } from "./help.js";
import { screen as overview } from "./overview.js";
import { screen as queue } from "./queue.js";
import { screen as queues } from "./queues.js";
import { screen as redriveJob } from "./redrive-job.js";
import { screen as redriveJobs } from "./redrive-jobs.js";

/**
 * @typedef {object} Screen
 * @property {string} at the first part of the address, with `/:id` where the screen is about one thing
 * @property {string} title
 * @property {import("../api/call.js").OperationId | null} operation what a token must be allowed, to see it
 * @property {Readonly<Record<string, import("../rules/filters.js").FilterSpec>>} filters
 * @property {(props: ScreenProps) => import("../parts/html.js").Children} view
 */
/** @typedef {{ id: string, values: Readonly<Record<string, string>> }} ScreenProps */

/** @type {readonly Screen[]} those without an id stand in the menu, in this order */
export const screens = [overview, queues, queue, events, event, deadLetters, deadLetterGroup, redriveJobs, redriveJob, help];

/** @param {import("../state/place.js").Place} place */
export function screenAt({ screen, id }) {
  return screens.find(({ at }) => at === (id === null ? screen : `${screen}/:id`));
}

/** What the menu shows. */
export const menu = screens
  .filter((screen) => !screen.at.includes("/") && screen !== deadLetterGroup)
  .map(({ at, title, operation }) => ({ screen: at, title, operation }));
