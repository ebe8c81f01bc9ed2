/** Queues of every kind, for the tests of what is said about them. */

const QUIET = {
  engine_type: "dialogue",
  due: 0,
  delayed: 0,
  processing: 0,
  dead_letters: 0,
  suspects: 0,
  oldest_due_age_seconds: 0,
  next_due_at: null,
  rates: {
    enqueued_per_second: 0,
    completed_per_second: 0,
    failed_per_second: 0,
    lost_per_second: 0,
    released_per_second: 0,
    late_per_second: 0,
    dead_lettered_per_second: 0,
    cancelled_per_second: 0,
  },
  slots: { total: 0, busy: 0, unlimited_engines: 0 },
  engines: { active: 0, draining: 0, unresponsive: 0, quarantined: 0, holding_off: 0 },
  pause: null,
  quarantined_versions: 0,
  is_approximate: false,
  due_by_minute: [],
};

/** A queue in which nothing goes on, but for what is said. */
export function queue({ rates = {}, engines = {}, ...other } = {}) {
  return { ...QUIET, rates: { ...QUIET.rates, ...rates }, engines: { ...QUIET.engines, ...engines }, ...other };
}

/** Something to see to. */
export function item({ code = "dying", subject = {}, ...other } = {}) {
  const nothing = { engine_type: "dialogue", event_id: null, engine_id: null, engine_software_version: null, database_warning: null, database_object: null };
  return {
    code,
    severity: "critical",
    message: `the server's sentence on ${code}`,
    what_to_do: "",
    since: "2030-01-31T12:32:07.192Z",
    count: 2,
    subject: { ...nothing, ...subject },
    ...other,
  };
}
