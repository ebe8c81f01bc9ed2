//! From what is known of the database to a line per check: what the server warns of, or else what is well.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::report::{Report, Standing};
use crate::domain::counted::{counted, noun_of};
use crate::domain::database_health::warnings::{WarningCode, to_see_all};
use crate::domain::spans::in_words;

/// This machine's clock may be so far from the server's before times it shows are puzzling.
const CLOCK_SKEW_SECONDS: f64 = 1.0;

/// The reply of `GET /health/database`, as far as it is told here.
#[derive(Deserialize)]
pub struct Health {
    warnings: Vec<Warning>,
    database: Database,
    /// Without a server, there is none.
    replica: Option<Replica>,
    /// Without a server, this machine's.
    clock: Option<Clock>,
}

impl Health {
    /// The version of the server that answers, where it says it.
    pub fn version(&self) -> Option<&str> {
        self.replica.as_ref()?.version.as_deref()
    }
}

#[derive(Deserialize)]
struct Warning {
    /// May be one of a newer server.
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Database {
    server_version: String,
    user: String,
    /// If not, what is seen of snapshots and standbys is not all there is.
    sees_other_users: bool,
    snapshots: Vec<Snapshot>,
    tables: Vec<TableRows>,
    partitions: Vec<Partitions>,
    durability: Durability,
}

#[derive(Deserialize)]
struct Snapshot {
    age_seconds: Option<f64>,
}

#[derive(Deserialize)]
struct TableRows {
    table: String,
    live_rows: Option<i64>,
    dead_rows: Option<i64>,
}

#[derive(Deserialize)]
struct Partitions {
    table: String,
    days_ahead: i64,
}

#[derive(Deserialize)]
struct Durability {
    synchronous_commit: String,
    standbys: Vec<Standby>,
}

#[derive(Deserialize)]
struct Standby {}

#[derive(Deserialize)]
struct Replica {
    /// A server of an older version does not say it.
    version: Option<String>,
    pool: Pool,
    /// Servers of earlier versions have none.
    reading_pool: Option<Pool>,
    listener: Listener,
    clock: Clock,
    /// A server of an older version does not say it.
    seconds_since_write: Option<f64>,
}

#[derive(Clone, Copy, Deserialize)]
struct Pool {
    size: u32,
    idle: u32,
    max: u32,
}

#[derive(Clone, Copy, Deserialize)]
struct Listener {
    /// Another server may not say it.
    is_connected: Option<bool>,
    interruptions: u64,
}

#[derive(Deserialize)]
struct Clock {
    replica_time: DateTime<Utc>,
    difference_ms: i64,
}

/// What is checked: by which warnings, and what is told where there are none (`None`: nothing was looked at).
struct Check {
    name: &'static str,
    codes: &'static [WarningCode],
    told: fn(&Health) -> Option<Finding>,
}

/// What a check says where there is no warning.
enum Finding {
    Good(String),
    /// The server could not see all that it would have to see.
    Unknown(String),
}

fn good(told: impl Into<String>) -> Finding {
    Finding::Good(told.into())
}

const CHECKS: [Check; 11] = [
    Check {
        name: "postgresql",
        codes: &[
            WarningCode::DatabaseIsStandby,
            WarningCode::DatabaseReadOnly,
            WarningCode::PostgresqlTooOld,
            WarningCode::DatabaseNotUtf8,
        ],
        told: |health| Some(good(format!("version {}", health.database.server_version))),
    },
    Check {
        name: "writes",
        codes: &[WarningCode::ReplicaCannotWrite],
        told: |health| {
            let seconds = health.replica.as_ref()?.seconds_since_write?;
            Some(good(format!("this server last wrote {} ago", in_words(seconds))))
        },
    },
    Check {
        name: "migrations",
        codes: &[WarningCode::MigrationsPending],
        told: |_| Some(good("the schema is up to date")),
    },
    Check {
        name: "partitions",
        codes: &[WarningCode::PartitionMissing, WarningCode::FewPartitionsAhead],
        told: told_of_partitions,
    },
    Check {
        name: "durability",
        codes: &[WarningCode::FsyncOff, WarningCode::FullPageWritesOff, WarningCode::SynchronousCommitOff],
        told: |health| {
            let setting = &health.database.durability.synchronous_commit;
            Some(good(format!("fsync and full_page_writes are on, synchronous_commit is {setting}")))
        },
    },
    Check {
        name: "standbys",
        codes: &[WarningCode::SynchronousStandbyMissing, WarningCode::AsynchronousStandby],
        told: |health| Some(told_of_standbys(health)),
    },
    Check { name: "snapshots", codes: &[WarningCode::OldSnapshot], told: |health| Some(told_of_snapshots(health)) },
    Check {
        name: "vacuum",
        codes: &[WarningCode::AutovacuumOff, WarningCode::ManyDeadRows],
        told: |health| {
            let TableRows { table, live_rows, dead_rows } = health.database.tables.first()?;
            let (Some(live), Some(dead)) = (live_rows, dead_rows) else {
                return Some(Finding::Unknown(format!("the rows of {table} are not counted; set track_counts = on")));
            };
            let (dead, ones) = (counted(*dead, "dead row"), noun_of(*live, "one"));
            Some(good(format!("{table} has {dead} beside {live} live {ones}")))
        },
    },
    Check {
        name: "connections",
        codes: &[WarningCode::PoolSaturated],
        told: |health| {
            let Replica { pool, reading_pool, .. } = health.replica.as_ref()?;
            let reading = reading_pool.map(|pool| format!("; for lists and reports, {}", told_of_pool(pool)));
            Some(good(format!("{}{}", told_of_pool(*pool), reading.unwrap_or_default())))
        },
    },
    Check {
        name: "listener",
        codes: &[WarningCode::ListenerDown],
        told: |health| {
            let Listener { is_connected, interruptions } = health.replica.as_ref()?.listener;
            if is_connected == Some(false) {
                return Some(Finding::Unknown("the server has just started, and does not listen yet".to_owned()));
            }
            Some(good(format!(
                "events from SQL and other replicas are heard of at once ({})",
                counted(interruptions, "interruption")
            )))
        },
    },
    Check { name: "clocks", codes: &[WarningCode::ClockSkew], told: told_of_clocks },
];

fn told_of_pool(Pool { size, idle, max }: Pool) -> String {
    format!("{} of {max} in use", size.saturating_sub(idle))
}

fn told_of_partitions(health: &Health) -> Option<Finding> {
    let ahead = health.database.partitions.iter().filter(|partitions| partitions.days_ahead > 0);
    let ahead: Vec<_> =
        ahead.map(|Partitions { table, days_ahead }| format!("{table} {}", counted(*days_ahead, "day"))).collect();
    if ahead.is_empty() { None } else { Some(good(format!("made ahead: {}", ahead.join(", ")))) }
}

fn told_of_standbys(health: &Health) -> Finding {
    match health.database.durability.standbys.len() {
        0 => good("there are none"),
        count if !health.database.sees_other_users => {
            Finding::Unknown(format!("there are {count}, whose state {}", hidden(&health.database)))
        }
        count => good(format!("commits wait for one of {count}")),
    }
}

fn told_of_snapshots(health: &Health) -> Finding {
    if !health.database.sees_other_users {
        return Finding::Unknown(format!("how old those of other users are {}", hidden(&health.database)));
    }
    let ages = health.database.snapshots.iter().filter_map(|snapshot| snapshot.age_seconds);
    match ages.reduce(f64::max) {
        Some(age) => good(format!("the oldest one is of {} ago", in_words(age))),
        None => good("no old ones are held"),
    }
}

fn hidden(database: &Database) -> String {
    format!("user {:?} may not see; {}", database.user, to_see_all(&database.user))
}

fn told_of_clocks(health: &Health) -> Option<Finding> {
    let (whose, clock) = match (&health.replica, &health.clock) {
        (Some(replica), _) => ("the server's", &replica.clock),
        (None, Some(clock)) => ("this machine's", clock),
        (None, None) => return None,
    };
    Some(good(format!("{whose} is {} ms from the database's", clock.difference_ms.abs())))
}

/// A line per check, and one for every warning beside the first.
pub fn of_health(health: &Health, report: &mut Report) {
    let code_of = |warning: &Warning| WarningCode::parse(&warning.code);
    for check in &CHECKS {
        let mut found = health
            .warnings
            .iter()
            .filter(|warning| code_of(warning).is_some_and(|code| check.codes.contains(&code)))
            .peekable();
        if found.peek().is_none()
            && let Some(told) = (check.told)(health)
        {
            match told {
                Finding::Good(told) => report.add(check.name, Standing::Ok, told),
                Finding::Unknown(told) => report.add(check.name, Standing::Unknown, told),
            }
        }
        for warning in found {
            let is_fatal = code_of(warning).is_some_and(WarningCode::stops_the_queue);
            report.add(check.name, if is_fatal { Standing::Failed } else { Standing::Warning }, &warning.message);
        }
    }
    // What belongs to no check: the limited view, and what only a newer server knows of.
    let is_told = |code: WarningCode| CHECKS.iter().any(|check| check.codes.contains(&code));
    for warning in health.warnings.iter().filter(|warning| !code_of(warning).is_some_and(is_told)) {
        // A limited view is no trouble of its own: it says what could not be checked.
        let is_view = code_of(warning) == Some(WarningCode::LimitedView);
        let standing = if is_view { Standing::Unknown } else { Standing::Warning };
        report.add(warning.code.replace('_', " "), standing, &warning.message);
    }
}

/// Compares this machine's clock with the server's, which was read at some moment of a call that took so long.
pub fn of_own_clock(health: &Health, asked_at: DateTime<Utc>, took: Duration, report: &mut Report) {
    let Some(replica) = &health.replica else { return };
    let half = took.as_secs_f64() / 2.0;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any time are far below 2^52")]
    let ahead = (asked_at - replica.clock.replica_time).num_milliseconds() as f64 / 1000.0 + half;
    if ahead.abs() > CLOCK_SKEW_SECONDS + half {
        let side = if ahead > 0.0 { "ahead of" } else { "behind" };
        let message = format!("it is {} {side} the server's; set both by NTP", in_words(ahead.abs()));
        report.add("own clock", Standing::Warning, message);
    } else {
        report.add("own clock", Standing::Ok, format!("it is {:.0} ms from the server's", (ahead * 1000.0).abs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_that_is_known_belongs_to_one_check_but_the_limited_view() {
        for code in WarningCode::ALL {
            let checks = CHECKS.iter().filter(|check| check.codes.contains(&code)).count();
            assert_eq!(checks, usize::from(code != WarningCode::LimitedView), "{code:?}");
        }
    }
}
