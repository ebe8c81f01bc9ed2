//! What of the database's state slows the queue down or endangers it, in words for the people who run it.

mod replica;
/// One warning, and its code.
mod warning;

use super::facts::{
    DatabaseHealth, Durability, PartitionsAhead, ReplicaHealth, Snapshot, SnapshotHolder, Standby, TableHealth,
};
use crate::domain::advised_command::command;
use crate::domain::counted::{counted, counted_are};
use crate::domain::spans::in_words;

pub use replica::of_clock;
pub use warning::{Warning, WarningCode};

/// What the migrations need.
pub const OLDEST_POSTGRESQL: u32 = 15;
/// A snapshot of that age has cost the queue something.
const OLD_SNAPSHOT_SECONDS: f64 = 60.0;
/// A replication slot has no time. This many transactions behind, its standby is slow, or the standby's queries are.
const SLOT_TRANSACTIONS_BEHIND: i32 = 1_000_000;
/// Under load, a minute between two rounds of autovacuum leaves as many; they are many only where vacuum does not come.
const MANY_DEAD_ROWS: i64 = 100_000;
const VACUUM_IS_LATE_SECONDS: f64 = 300.0;
/// This many dead rows are left only where vacuum may not clear them away, or cannot keep up.
const TOO_MANY_DEAD_ROWS: i64 = 1_000_000;
/// A week is made ahead, and tried every ten minutes: then five days of tries have failed.
const FEW_DAYS_AHEAD: i32 = 2;

/// All there is to warn of, the worst first.
#[must_use]
pub fn of(database: &DatabaseHealth, replica: &ReplicaHealth) -> Vec<Warning> {
    let mut found = of_database(database);
    found.extend(replica::of(replica));
    sorted(found)
}

/// What there is to warn of without a replica.
#[must_use]
pub fn of_database(database: &DatabaseHealth) -> Vec<Warning> {
    let mut found = Vec::new();
    found.extend(of_version(&database.server_version));
    if database.is_standby {
        let message = "the database is a standby and takes nothing in; name the primary in DATABASE_URL, or promote it";
        found.push(Warning::new(WarningCode::DatabaseIsStandby, message));
    } else if database.is_read_only {
        let message = "the database is read-only, so that every call that changes something fails; set default_transaction_read_only = off on the server, or name the new primary in DATABASE_URL";
        found.push(Warning::new(WarningCode::DatabaseReadOnly, message));
    }
    if database.server_encoding != "UTF8" {
        let message = format!(
            "the database has the encoding {}, which cannot store all of Unicode; an encoding cannot be changed, so make another database: create database NAME encoding 'UTF8' locale 'C' template template0;",
            database.server_encoding
        );
        found.push(Warning::new(WarningCode::DatabaseNotUtf8, message));
    }
    if database.pending_migrations > 0 {
        let pending = counted_are(database.pending_migrations, "migration");
        let message = format!("{pending} pending; run: {}", command("migrate"));
        found.push(Warning::new(WarningCode::MigrationsPending, message));
    } else {
        // Without the schema, there are none, and that has been said.
        found.extend(database.partitions.iter().filter_map(of_partitions));
    }
    found.extend(of_durability(&database.durability));
    found.extend(database.snapshots.iter().filter_map(of_snapshot));
    if !database.is_autovacuum_on {
        let message = "autovacuum is off: dead rows are cleared away by nobody, and the queue gets slower and slower; set autovacuum = on and track_counts = on";
        found.push(Warning::new(WarningCode::AutovacuumOff, message));
    }
    found.extend(database.tables.iter().filter_map(of_table));
    if !database.sees_other_users {
        let message = format!(
            "user {:?} does not see what other users' sessions do, so that old snapshots and standbys may go unnoticed; {}",
            database.user,
            to_see_all(&database.user)
        );
        found.push(Warning::new(WarningCode::LimitedView, message));
    }
    sorted(found)
}

/// What lets the service's role see all.
#[must_use]
pub fn to_see_all(user: &str) -> String {
    format!("as an administrator: grant pg_monitor to \"{}\";", user.replace('"', "\"\""))
}

fn sorted(mut found: Vec<Warning>) -> Vec<Warning> {
    found.sort_by_key(|warning| WarningCode::ALL.iter().position(|code| *code == warning.code));
    found
}

fn of_version(version: &str) -> Option<Warning> {
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    let is_too_old = digits.parse().is_ok_and(|major: u32| major < OLDEST_POSTGRESQL);
    is_too_old.then(|| {
        let message = format!("PostgreSQL {version} is too old; {OLDEST_POSTGRESQL} or newer is needed");
        Warning::new(WarningCode::PostgresqlTooOld, message)
    })
}

fn of_partitions(partitions: &PartitionsAhead) -> Option<Warning> {
    let PartitionsAhead { table, has_today, days_ahead } = partitions;
    let cause = "the service makes them every ten minutes: what hinders it stands in its log, at task partitions";
    if !has_today {
        let message = format!("{table} has no partition for today, so that calls that write to it fail; {cause}");
        Some(Warning::new(WarningCode::PartitionMissing, message).about(table))
    } else if *days_ahead < FEW_DAYS_AHEAD {
        let days = counted(*days_ahead, "day");
        let message =
            format!("{table} has partitions for {days} ahead; after that, calls that write to it will fail; {cause}");
        Some(Warning::new(WarningCode::FewPartitionsAhead, message).about(table))
    } else {
        None
    }
}

fn of_durability(durability: &Durability) -> Vec<Warning> {
    let mut found = Vec::new();
    if !durability.fsync {
        let message =
            "fsync is off: a crash of the database's machine can lose acknowledged events, or all data; set fsync = on";
        found.push(Warning::new(WarningCode::FsyncOff, message));
    }
    if !durability.full_page_writes {
        let message = "full_page_writes is off: a crash in the middle of a write can damage data; set full_page_writes = on, unless the file system rules that out";
        found.push(Warning::new(WarningCode::FullPageWritesOff, message));
    }
    let setting = durability.synchronous_commit.as_str();
    if setting == "off" {
        let message = "synchronous_commit is off: a crash of the database loses what was acknowledged in its last moments; set it to on, for the database and the service's role too";
        found.push(Warning::new(WarningCode::SynchronousCommitOff, message));
    }
    found.extend(of_standbys(durability));
    found
}

fn of_standbys(durability: &Durability) -> Option<Warning> {
    let Durability { synchronous_commit, synchronous_standby_names, standbys, .. } = durability;
    // What may not be seen is not judged.
    let waited_for: Vec<bool> = standbys.iter().map(Standby::is_waited_for).collect::<Option<_>>()?;
    let asks_standbys = !matches!(synchronous_commit.as_str(), "off" | "local");
    if asks_standbys && waited_for.contains(&true) {
        return None;
    }
    if asks_standbys && !synchronous_standby_names.is_empty() {
        let message = format!(
            "synchronous_standby_names is {synchronous_standby_names:?}, and no such standby is connected: every commit waits for one; bring it back, or take it out of that setting"
        );
        return Some(Warning::new(WarningCode::SynchronousStandbyMissing, message));
    }
    let count = standbys.len();
    (count > 0).then(|| {
        let standbys = if count == 1 { "the standby is" } else { "all standbys are" };
        let message = format!(
            "{standbys} asynchronous: after a failover, what was acknowledged in the last moments before it is missing; name one in synchronous_standby_names, with synchronous_commit on"
        );
        Warning::new(WarningCode::AsynchronousStandby, message)
    })
}

fn of_snapshot(snapshot: &Snapshot) -> Option<Warning> {
    let name = snapshot.name.as_deref().unwrap_or_default();
    let is_old = snapshot.age_seconds.is_some_and(|age| age > OLD_SNAPSHOT_SECONDS);
    let age = in_words(snapshot.age_seconds.unwrap_or_default());
    let cost = "so that dead rows of the queue are not cleared away, and it gets slower";
    let message = match snapshot.held_by {
        SnapshotHolder::Session if is_old => {
            let who = match snapshot.application_name.as_deref() {
                None | Some("") => "a session".to_owned(),
                Some(application) => format!("{application:?}"),
            };
            let pid = snapshot.pid.unwrap_or_default();
            let user = snapshot.user.as_deref().unwrap_or("?");
            let state = snapshot.state.as_deref().unwrap_or("state unknown");
            format!(
                "{who} (pid {pid}, user {user}, {state}) has held a snapshot for {age}, {cost}; end its transaction, or: select pg_terminate_backend({pid});"
            )
        }
        SnapshotHolder::PreparedTransaction if is_old => {
            format!(
                "prepared transaction {name:?} has been open for {age}, {cost}; commit it, or: rollback prepared {};",
                literal(name)
            )
        }
        SnapshotHolder::ReplicationSlot if snapshot.state.as_deref() == Some("inactive") => {
            format!(
                "replication slot {name:?} is used by nobody and holds a snapshot, {cost}; bring its standby back, or: select pg_drop_replication_slot({});",
                literal(name)
            )
        }
        SnapshotHolder::ReplicationSlot if snapshot.transactions_behind > SLOT_TRANSACTIONS_BEHIND => {
            format!(
                "replication slot {name:?} holds a snapshot {} transactions old, {cost}; look for a long query on its standby",
                snapshot.transactions_behind
            )
        }
        SnapshotHolder::Session | SnapshotHolder::PreparedTransaction | SnapshotHolder::ReplicationSlot => return None,
    };
    let holder = match snapshot.held_by {
        SnapshotHolder::Session => format!("session {}", snapshot.pid.unwrap_or_default()),
        SnapshotHolder::PreparedTransaction => format!("prepared transaction {name}"),
        SnapshotHolder::ReplicationSlot => format!("replication slot {name}"),
    };
    Some(Warning::new(WarningCode::OldSnapshot, message).about(holder).since(snapshot.since))
}

/// A text in SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn of_table(health: &TableHealth) -> Option<Warning> {
    let TableHealth { table, live_rows: Some(live_rows), dead_rows: Some(dead_rows), vacuum_age_seconds, .. } = health
    else {
        return None;
    };
    let is_vacuum_late = vacuum_age_seconds.is_none_or(|age| age > VACUUM_IS_LATE_SECONDS);
    let bound = if is_vacuum_late { MANY_DEAD_ROWS } else { TOO_MANY_DEAD_ROWS };
    (*dead_rows >= bound && dead_rows >= live_rows).then(|| {
        let vacuumed = match vacuum_age_seconds {
            Some(age) => format!("last vacuumed {} ago", in_words(*age)),
            None => "not vacuumed yet".to_owned(),
        };
        let message = format!(
            "{table} has {dead_rows} dead rows beside {live_rows} live ones, {vacuumed}: calls get slower; look for an old snapshot or a lock that hinders autovacuum, and give it more workers or less delay"
        );
        Warning::new(WarningCode::ManyDeadRows, message).about(table)
    })
}

#[cfg(test)]
mod tests;
