/** Statements against what the database is warned of, ready to be copied. The page never runs one. */

/** @typedef {import("../api/types.js").components["schemas"]["DatabaseHealth"]} DatabaseHealth */
/** @typedef {import("../api/types.js").components["schemas"]["OldSnapshot"]} OldSnapshot */
/** @typedef {import("./database-warnings.js").DatabaseWarning} DatabaseWarning */
/** @typedef {{ words: string, sql: string, danger?: string }} Statement danger: what it does that cannot be taken back */

const RELOAD = "select pg_reload_conf();";

/** A text in SQL. @param {string} text */
function literal(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name in SQL. @param {string} name */
function quoted(name) {
  return `"${name.replaceAll('"', '""')}"`;
}

/** @param {OldSnapshot} snapshot @returns {string | null} what ends it; null: nothing that can be typed */
function endOf({ held_by, pid, name, state }) {
  if (held_by === "session") return pid === null ? null : `select pg_terminate_backend(${pid});`;
  if (held_by === "prepared_transaction") return name === null ? null : `rollback prepared ${literal(name)};`;
  return name === null || state !== "inactive" ? null : `select pg_drop_replication_slot(${literal(name)});`;
}

/**
 * The holder that a warning is about. Its message begins with names that strangers chose, so only its end is believed.
 * @param {DatabaseWarning} warning @param {readonly OldSnapshot[]} snapshots @returns {OldSnapshot | null}
 */
export function holderOf({ code, message }, snapshots) {
  if (code !== "old_snapshot") return null;
  const byEnd = snapshots.find((snapshot) => {
    const end = endOf(snapshot);
    return end !== null && message.endsWith(`: ${end}`);
  });
  return byEnd ?? snapshots.find(({ held_by, name }) => held_by === "replication_slot" && name !== null && message.startsWith(`replication slot "${name}" `)) ?? null;
}

/** @param {OldSnapshot} snapshot @returns {Statement[]} to look first, and then to end it */
function againstHolder(snapshot) {
  const end = endOf(snapshot);
  const { held_by, pid } = snapshot;
  if (held_by === "session") {
    if (pid === null || end === null) return [];
    return [
      { words: "Look what it does", sql: `select pid, usename, application_name, client_addr, state, xact_start, query from pg_stat_activity where pid = ${pid};` },
      { words: "End it", sql: end, danger: "It ends the session at once: its transaction is rolled back, and its program loses the connection. Look first that the number is still the same session's." },
    ];
  }
  if (end === null) return [{ words: "Look at the slot", sql: `select * from pg_replication_slots where slot_name = ${literal(snapshot.name ?? "")};` }];
  return held_by === "prepared_transaction"
    ? [{ words: "End it", sql: end, danger: "It undoes what the transaction has done. Ask the program that prepared it first: it may want to commit it. Run it in the database and as the role that prepared it." }]
    : [{ words: "Remove the slot", sql: end, danger: "The standby or subscriber that the slot was for cannot go on from where it was: it has to be set up anew." }];
}

/** @param {string} name @param {string} value @returns {string} */
const setTo = (name, value) => `alter system set ${name} = ${value};`;

/** The table that a warning is about. @param {DatabaseWarning} warning @param {readonly { table: string }[]} tables @returns {string | null} */
export function tableOf({ message }, tables) {
  return tables.find(({ table }) => message.startsWith(`${table} has `))?.table ?? null;
}

/** @param {DatabaseWarning} warning @param {DatabaseHealth} database @returns {Statement[]} */
export function statementsOf(warning, database) {
  const { code } = warning;
  const { user, standbys } = { user: quoted(database.user), standbys: database.durability.standbys };
  switch (code) {
    case "old_snapshot": {
      const holder = holderOf(warning, database.snapshots);
      return holder === null ? [] : againstHolder(holder);
    }
    case "limited_view":
      return [{ words: "As an administrator", sql: `grant pg_monitor to ${user};` }];
    case "migrations_pending":
      return [{ words: "In a terminal", sql: "eventlease migrate" }];
    case "database_read_only":
      return [{ words: "Turn it off", sql: `${setTo("default_transaction_read_only", "off")}\n${RELOAD}`, danger: "Not on an old primary that another server has replaced: what is written there is lost." }];
    case "autovacuum_off":
      return [{ words: "Turn it on", sql: `${setTo("autovacuum", "on")}\n${setTo("track_counts", "on")}\n${RELOAD}` }];
    case "fsync_off":
      return [{ words: "Turn it on", sql: `${setTo("fsync", "on")}\n${RELOAD}` }];
    case "full_page_writes_off":
      return [{ words: "Turn it on", sql: `${setTo("full_page_writes", "on")}\n${RELOAD}` }];
    case "synchronous_commit_off":
      return [{ words: "Turn it on", sql: `${setTo("synchronous_commit", "on")}\nalter role ${user} reset synchronous_commit;\n${RELOAD}` }];
    case "synchronous_standby_missing":
      return [
        { words: "Look who is connected", sql: "select application_name, state, sync_state from pg_stat_replication;" },
        { words: "Wait for none", sql: `${setTo("synchronous_standby_names", "''")}\n${RELOAD}`, danger: "If the primary is lost then, what was acknowledged in its last moments is lost with it." },
      ];
    case "asynchronous_standby": {
      const name = standbys.find(({ application_name }) => application_name)?.application_name;
      return name ? [{ words: "Wait for one", sql: `${setTo("synchronous_standby_names", literal(quoted(name)))}\n${RELOAD}`, danger: "From then on every commit waits for it, also while it is down." }] : [];
    }
    case "many_dead_rows": {
      const table = tableOf(warning, database.tables);
      return table === null ? [] : [{ words: "Vacuum it now", sql: `vacuum (verbose, analyze) eventlease.${quoted(table)};` }];
    }
    case "partition_missing":
    case "few_partitions_ahead": {
      const table = tableOf(warning, database.partitions);
      return table === null ? [] : [{ words: "Look who locks the table", sql: `select a.pid, a.usename, a.state, l.mode, l.granted, a.query from pg_locks l join pg_stat_activity a using (pid) where l.relation = ${literal(`eventlease.${table}`)}::regclass;` }];
    }
    case "pool_saturated":
      return [{ words: "Look what they do", sql: `select pid, state, wait_event_type, wait_event, now() - xact_start as open_for, query from pg_stat_activity where usename = ${literal(database.user)} order by xact_start;` }];
    default:
      return [];
  }
}
