// Every screen once, with something to see.
import { installations } from "./dashboard.js";

const { facts } = installations.night;

/** Screens of the bad night, by name. */
export const places = {
  overview: "#/",
  queues: "#/queues",
  queue: "#/queues/vision",
  "paused queue": "#/queues/billing",
  events: "#/events?engine_type=dialogue",
  "waiting event": `#/events/${facts["waiting"]}`,
  "event done twice": `#/events/${facts["twice"]}`,
  engines: "#/engines",
  "silent engine": `#/engines/${facts["silent_engine"]}`,
  "dead letter": `#/events/${facts["dead_letter"]}`,
  "dead letters by cause": "#/dead-letters",
  "dead letters": "#/dead-letters?view=list",
  cause: `#/dead-letter-group?engine_type=dialogue&error_type=Timeout&error_fingerprint=${facts["timeout_fingerprint"]}`,
  suspects: "#/suspects",
  "redrive jobs": "#/redrive-jobs",
  "redrive job": `#/redrive-jobs/${facts["job"]}`,
  health: "#/health",
  runs: "#/runs",
  run: `#/runs/${facts["open_run"]}`,
  policies: "#/policies",
  policy: "#/policies/invoice.sent",
  audit: "#/audit",
  "audit entry": `#/audit?open=${facts["audit_entry"]}`,
  help: "#/help",
};

/** Those that admins alone see. */
export const placesOfAdmins = {
  tokens: "#/tokens",
  token: `#/tokens?open=${facts["token"]}`,
};

/** All of them, by who is signed in there. */
export const views = /** @type {const} */ ([
  { what: "every screen", options: {}, places },
  { what: "every screen of admins", options: { role: "admin" }, places: placesOfAdmins },
]);
