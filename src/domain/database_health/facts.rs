//! What is known of the database, as far as the queue depends on it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::words::words;

/// Most holders of old snapshots in a report.
pub const MAX_SNAPSHOTS_TOLD: i64 = 10;
/// Partitions are counted no further ahead, in days.
pub const MAX_DAYS_AHEAD_TOLD: i32 = 30;

/// What holds for every replica.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "facts of a database, independent of one another")]
pub struct DatabaseHealth {
    /// As PostgreSQL says it, like 17.2.
    pub server_version: String,
    /// The role that the service is there.
    pub user: String,
    /// Whether that role sees what other users' sessions do, as members of `pg_monitor`. If not, their `state`,
    /// `since` and `age_seconds` are null, and so is what tells of standbys.
    pub sees_other_users: bool,
    /// How the database stores text; only UTF8 has all of Unicode.
    pub server_encoding: String,
    /// A standby takes nothing in.
    pub is_standby: bool,
    /// A standby, or a server whose configuration sets `default_transaction_read_only`: it takes nothing in either.
    pub is_read_only: bool,
    /// Migrations of this version that the schema lacks.
    pub pending_migrations: usize,
    /// Whether it runs, which takes the settings `autovacuum` and `track_counts`.
    pub is_autovacuum_on: bool,
    /// Who keeps PostgreSQL from clearing dead rows away: the holders of the oldest snapshots, at most 10.
    pub snapshots: Vec<Snapshot>,
    /// The tables whose rows change, by PostgreSQL's own estimates.
    pub tables: Vec<TableHealth>,
    /// One item for each table that has a partition a day.
    pub partitions: Vec<PartitionsAhead>,
    /// The settings that decide whether committed work survives a crash.
    pub durability: Durability,
}

/// Something that dead rows are kept for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OldSnapshot)]
pub struct Snapshot {
    /// What kind of thing holds the snapshot.
    pub held_by: SnapshotHolder,
    /// Of a prepared transaction or a replication slot.
    pub name: Option<String>,
    /// Of the session's server process, or the one that uses the replication slot; null if there is none.
    pub pid: Option<i32>,
    /// As the session sent it; null where there is no session.
    pub application_name: Option<String>,
    /// The session's role; null where there is no session.
    pub user: Option<String>,
    /// As in `pg_stat_activity`; `active` or `inactive` for a replication slot.
    pub state: Option<String>,
    /// When its transaction began; null for a replication slot, and where it may not be seen.
    pub since: Option<DateTime<Utc>>,
    /// Seconds since `since`; null like it.
    pub age_seconds: Option<f64>,
    /// Transactions begun since, by all sessions of the cluster.
    pub transactions_behind: i32,
}

/// What keeps an old snapshot open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotHolder {
    /// A session with a transaction open.
    Session,
    /// A transaction prepared for two-phase commit and not ended yet.
    PreparedTransaction,
    /// A replication slot, which keeps what its standby or subscriber may still need.
    ReplicationSlot,
}

words!(SnapshotHolder {
    Session = "session",
    PreparedTransaction = "prepared_transaction",
    ReplicationSlot = "replication_slot",
});

/// Null times: not since PostgreSQL's counts were last reset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TableHealth {
    /// Without the schema's name.
    pub table: String,
    /// Null where PostgreSQL does not count rows (`track_counts` is off).
    pub live_rows: Option<i64>,
    /// Changed or deleted, and not cleared away yet. Null like `live_rows`.
    pub dead_rows: Option<i64>,
    /// By a `VACUUM` that somebody ran.
    pub last_vacuum_at: Option<DateTime<Utc>>,
    /// By autovacuum.
    pub last_autovacuum_at: Option<DateTime<Utc>>,
    /// By hand or by itself.
    pub last_analyze_at: Option<DateTime<Utc>>,
    /// Since the last vacuum of either kind.
    pub vacuum_age_seconds: Option<f64>,
}

/// A partition a day (UTC) is made, a week ahead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartitionsAhead {
    /// The partitioned table, without the schema's name.
    pub table: String,
    /// Without it, nothing is taken in.
    pub has_today: bool,
    /// Days after today, without a gap, that have their partition; counted to 30.
    pub days_ahead: i32,
}

/// What becomes of committed work when PostgreSQL's machine crashes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Durability {
    /// For new sessions of the service: on, `remote_apply`, `remote_write`, local or off.
    pub synchronous_commit: String,
    /// While off, a crash of the machine can corrupt the database.
    pub fsync: bool,
    /// While off, a page half written in a crash of the machine cannot be repaired.
    pub full_page_writes: bool,
    /// As set; empty if commits wait for no standby.
    pub synchronous_standby_names: String,
    /// The servers connected for replication, by `application_name`.
    pub standbys: Vec<Standby>,
}

/// A server that gets this one's changes. All is null where the role may not see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Standby {
    /// The name that `synchronous_standby_names` lists.
    pub application_name: Option<String>,
    /// streaming, catchup or startup.
    pub state: Option<String>,
    /// sync, quorum, potential or async.
    pub sync_state: Option<String>,
    /// Seconds from a commit here until the standby showed it; null without recent writes.
    pub replay_lag_seconds: Option<f64>,
}

impl Standby {
    /// Whether commits wait for it; `None` where that may not be seen.
    pub fn is_waited_for(&self) -> Option<bool> {
        self.sync_state.as_deref().map(|state| matches!(state, "sync" | "quorum"))
    }
}

/// What holds for the replica that answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReplicaHealth {
    /// Of this service, like 0.1.0.
    pub version: &'static str,
    /// How long it has been running.
    pub seconds_since_start: f64,
    /// The connections for all calls but lists and reports.
    pub pool: PoolUse,
    /// Those for lists and reports.
    pub reading_pool: PoolUse,
    /// The replica's own connection for notifications.
    pub listener: ListenerHealth,
    /// How far this replica's clock is from the database's.
    pub clock: ClockDifference,
    /// Since this replica last wrote to the database, which it does every second. Null: not yet.
    pub seconds_since_write: Option<f64>,
}

/// Connections to the database that calls share; of two looks, the one that found more idle.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PoolUse {
    /// Open ones.
    pub size: u32,
    /// Open ones that nobody uses.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
}

impl PoolUse {
    /// Whether the next call would have to wait.
    #[must_use]
    pub const fn is_saturated(self) -> bool {
        self.idle == 0 && self.size >= self.max
    }
}

/// The connection that hears of events that come by SQL or other replicas.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ListenerHealth {
    /// While false, events that come by SQL or other replicas are found only by the periodic check.
    pub is_connected: bool,
    /// Of PostgreSQL's process at its other end.
    pub pid: Option<i32>,
    /// When that process began; null without a connection.
    pub since: Option<DateTime<Utc>>,
    /// How often it was lost since the replica started.
    pub interruptions: u64,
}

/// Only the database's clock counts for events and leases; the replica's is in its logs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockDifference {
    /// By the database's clock, when it was asked.
    pub database_time: DateTime<Utc>,
    /// At the same moment, give or take half the round trip.
    pub replica_time: DateTime<Utc>,
    /// Positive: the replica is ahead.
    pub difference_ms: i64,
    /// From asking the database for its time until its answer came.
    pub round_trip_ms: f64,
}
