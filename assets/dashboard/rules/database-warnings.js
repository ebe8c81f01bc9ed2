/** What each warning of the database means here: for a person who does not know PostgreSQL well, at night. */

/** @typedef {import("../api/types.js").components["schemas"]["DatabaseWarning"]} DatabaseWarning */

/**
 * @typedef {object} Known
 * @property {string} title
 * @property {string} means
 * @property {string} leadsTo what comes of it here
 * @property {string} todo
 */

/** @typedef {{ word: string, kind: "bad" | "warning" | "waiting" }} Weight */

/** Those that stop the queue. */
const STOPS = [
  "database_is_standby", "database_read_only", "replica_cannot_write", "postgresql_too_old", "database_not_utf8", "migrations_pending",
  "partition_missing", "synchronous_standby_missing",
];

/** @param {string} code @returns {Weight} one that a newer server knows counts as a warning */
export function weightOf(code) {
  if (STOPS.includes(code)) return { word: "stops the queue", kind: "bad" };
  return code === "limited_view" ? { word: "notice", kind: "waiting" } : { word: "warning", kind: "warning" };
}

const POWER_CUT = "After a power cut or a crash of the database's machine, acknowledged events may be missing or damaged.";

/** @type {Readonly<Record<string, Known>>} */
const KNOWN = {
  database_is_standby: {
    title: "The database is a standby",
    means: "It copies another server, and refuses every write.",
    leadsTo: "No event is taken in, leased or settled.",
    todo: "Name the primary in DATABASE_URL. Promote this one only if the primary is gone for good: two primaries drift apart.",
  },
  database_read_only: {
    title: "The database is read-only",
    means: "The server's configuration makes each transaction read-only.",
    leadsTo: "No event is taken in, leased or settled.",
    todo: "Find out who set it: after a failover, this may be the old primary. Then name the new one in DATABASE_URL; else turn the setting off.",
  },
  replica_cannot_write: {
    title: "This replica cannot write",
    means: "It tries to write each second, and has not succeeded for a while.",
    leadsTo: "Calls to it that change something fail, and /readyz answers 503, so that a balancer sends calls elsewhere.",
    todo: "Its log says why: look for locks, a full disk, or a connection that is cut.",
  },
  postgresql_too_old: {
    title: "PostgreSQL is too old",
    means: "This version of the service needs a newer one.",
    leadsTo: "Migrations and statements fail.",
    todo: "Upgrade PostgreSQL.",
  },
  database_not_utf8: {
    title: "The database does not store all of Unicode",
    means: "Its encoding lacks characters.",
    leadsTo: "Events with such characters in their payloads are refused.",
    todo: "An encoding cannot be changed: make another database with the encoding UTF8, and move there.",
  },
  migrations_pending: {
    title: "The schema is behind this version",
    means: "This version of the service expects tables or columns that are not there yet.",
    leadsTo: "Calls that need them fail.",
    todo: "Run the migrations. Replicas of the version before can go on meanwhile.",
  },
  partition_missing: {
    title: "There is no partition for today",
    means: "Such a table has one part for each day, and today's is missing.",
    leadsTo: "Calls that write to the table fail.",
    todo: "The service tries to make it every ten minutes. Its log says what hinders it, at task partitions: most often a lock on the table, or a right that is missing.",
  },
  synchronous_standby_missing: {
    title: "Every commit waits for a standby that is not there",
    means: "Commits are to be confirmed by a standby, and none of those named is connected.",
    leadsTo: "Calls that change something hang until one is back.",
    todo: "Bring the standby back. Or let commits wait for none, with what that risks.",
  },
  fsync_off: { title: "fsync is off", means: "PostgreSQL does not wait until data are on the disk.", leadsTo: POWER_CUT, todo: "Turn it on." },
  full_page_writes_off: {
    title: "full_page_writes is off",
    means: "A page that was half written in a crash cannot be repaired.",
    leadsTo: POWER_CUT,
    todo: "Turn it on, unless the file system never writes half a page.",
  },
  synchronous_commit_off: {
    title: "synchronous_commit is off",
    means: "PostgreSQL says that a change is stored a moment before it is on the disk.",
    leadsTo: "A crash of the database loses events and results that were acknowledged in its last moments.",
    todo: "Turn it on, for the server, and for the database and the role where it is set there.",
  },
  asynchronous_standby: {
    title: "Commits wait for no standby",
    means: "There are standbys, and they get changes a moment later.",
    leadsTo: "After a failover, what was acknowledged in the last moments before it is missing.",
    todo: "Name one in synchronous_standby_names. Each commit waits for it from then on.",
  },
  few_partitions_ahead: {
    title: "Few partitions are ahead",
    means: "The parts of a table for the coming days are made a week ahead, and that has failed for days.",
    leadsTo: "Nothing yet. When there is none for the day, calls that write to the table fail.",
    todo: "The log says what hinders it, at task partitions: most often a lock on the table, or a right that is missing.",
  },
  old_snapshot: {
    title: "Something holds an old snapshot",
    means: "A transaction that stays open may still look at rows as they were, so PostgreSQL keeps all that were removed since it began.",
    leadsTo: "Rows of finished work pile up in the queue's tables: leasing gets slower, minute by minute, until it ends.",
    todo: "Find its owner, and end it there. If nobody can, end it from outside.",
  },
  autovacuum_off: {
    title: "Autovacuum is off",
    means: "Nobody clears away the rows of finished work.",
    leadsTo: "The queue gets slower and slower, and its tables grow.",
    todo: "Turn it on.",
  },
  many_dead_rows: {
    title: "A table has many dead rows",
    means: "Rows of finished work are not cleared away as fast as they come.",
    leadsTo: "Calls that use the table get slower.",
    todo: "First look for an old snapshot, which keeps vacuum from clearing anything. Else vacuum the table, and give autovacuum more workers or less delay.",
  },
  pool_saturated: {
    title: "All connections are in use",
    means: "This replica was seen twice without an idle connection to the database.",
    leadsTo: "Calls wait for one, and the slowest are given up.",
    todo: "See what the connections are busy with: locks and slow statements come first. Then add replicas, or raise EVENTLEASE_MAX_CONNECTIONS.",
  },
  listener_down: {
    title: "This replica hears of nothing",
    means: "The connection that tells it of events from SQL and other replicas is down.",
    leadsTo: "Engines that wait here get such events later, at the next recheck. None is lost.",
    todo: "It goes on trying. Its log says why it fails.",
  },
  clock_skew: {
    title: "The clocks differ",
    means: "The replica's clock and the database's show different times.",
    leadsTo: "Events and leases go by the database's alone; but times in logs do not fit together.",
    todo: "Set both by NTP.",
  },
  limited_view: {
    title: "Not all can be seen",
    means: "The service's role does not see what other users' sessions do.",
    leadsTo: "The queue works. But old snapshots of others, and standbys, are not judged here, and may go unnoticed.",
    todo: "As an administrator of the database, let the role see them. It gets no right to change anything.",
  },
};

/** @param {string} code @returns {Known | null} null: a later version's */
export function knownOf(code) {
  return KNOWN[code] ?? null;
}

/**
 * The answer to the question, in one sentence.
 * @param {readonly DatabaseWarning[]} warnings
 * @returns {{ word: string, kind: "good" | "bad" | "warning" | "waiting" }}
 */
export function verdictOf(warnings) {
  const weights = warnings.map(({ code }) => weightOf(code).kind);
  const stopping = weights.filter((kind) => kind === "bad").length;
  const others = weights.filter((kind) => kind === "warning").length;
  if (stopping > 0) return { word: `It is the database: ${things(stopping, "thing stops", "things stop")} the queue`, kind: "bad" };
  if (others > 0) return { word: `The database works, with ${things(others, "warning", "warnings")}`, kind: "warning" };
  if (weights.length > 0) return { word: "The database is well, as far as it can be seen", kind: "waiting" };
  return { word: "The database is well", kind: "good" };
}

/** @param {number} number @param {string} one @param {string} many */
function things(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
