//! A warning, and the stable code that programs know it by.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::words::words;

/// The stable codes of warnings, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, ToSchema)]
#[schema(as = DatabaseWarningCode)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// The database is a standby, which refuses writes.
    DatabaseIsStandby,
    /// `default_transaction_read_only` is on, so writes fail.
    DatabaseReadOnly,
    /// It has not written for some seconds, though it tries every second.
    ReplicaCannotWrite,
    /// Older than the oldest supported major version, [`OLDEST_POSTGRESQL`](super::OLDEST_POSTGRESQL).
    PostgresqlTooOld,
    /// The database does not store text in UTF-8.
    DatabaseNotUtf8,
    /// The schema lacks migrations of this version.
    MigrationsPending,
    /// Today's partition is missing.
    PartitionMissing,
    /// Commits wait for a synchronous standby that is not there.
    SynchronousStandbyMissing,
    /// A crash of the machine can corrupt the database.
    FsyncOff,
    /// A page half written in a crash of the machine cannot be repaired.
    FullPageWritesOff,
    /// A crash of PostgreSQL can lose the last commits.
    SynchronousCommitOff,
    /// There are standbys, and commits wait for none of them.
    AsynchronousStandby,
    /// Today's partition exists, but fewer than two days ahead have theirs.
    FewPartitionsAhead,
    /// A snapshot keeps PostgreSQL from clearing dead rows away.
    OldSnapshot,
    /// Dead rows are not cleared away.
    AutovacuumOff,
    /// Vacuum is late or cannot keep up.
    ManyDeadRows,
    /// All connections of a pool are in use.
    PoolSaturated,
    /// Events that come by SQL or other replicas are found only by the periodic check.
    ListenerDown,
    /// The replica's clock is too far from the database's.
    ClockSkew,
    /// Other users' sessions cannot be judged.
    LimitedView,
}

words!(WarningCode {
    DatabaseIsStandby = "database_is_standby",
    DatabaseReadOnly = "database_read_only",
    ReplicaCannotWrite = "replica_cannot_write",
    PostgresqlTooOld = "postgresql_too_old",
    DatabaseNotUtf8 = "database_not_utf8",
    MigrationsPending = "migrations_pending",
    PartitionMissing = "partition_missing",
    SynchronousStandbyMissing = "synchronous_standby_missing",
    FsyncOff = "fsync_off",
    FullPageWritesOff = "full_page_writes_off",
    SynchronousCommitOff = "synchronous_commit_off",
    AsynchronousStandby = "asynchronous_standby",
    FewPartitionsAhead = "few_partitions_ahead",
    OldSnapshot = "old_snapshot",
    AutovacuumOff = "autovacuum_off",
    ManyDeadRows = "many_dead_rows",
    PoolSaturated = "pool_saturated",
    ListenerDown = "listener_down",
    ClockSkew = "clock_skew",
    LimitedView = "limited_view",
});

impl WarningCode {
    /// Whether the queue does not work like that, rather than slowly or at a risk.
    #[must_use]
    pub const fn stops_the_queue(self) -> bool {
        match self {
            Self::DatabaseIsStandby
            | Self::DatabaseReadOnly
            | Self::ReplicaCannotWrite
            | Self::PostgresqlTooOld
            | Self::DatabaseNotUtf8
            | Self::MigrationsPending
            | Self::PartitionMissing
            | Self::SynchronousStandbyMissing => true,
            Self::FsyncOff
            | Self::FullPageWritesOff
            | Self::SynchronousCommitOff
            | Self::AsynchronousStandby
            | Self::FewPartitionsAhead
            | Self::OldSnapshot
            | Self::AutovacuumOff
            | Self::ManyDeadRows
            | Self::PoolSaturated
            | Self::ListenerDown
            | Self::ClockSkew
            | Self::LimitedView => false,
        }
    }
}

/// Something to look after: what it is, what comes of it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DatabaseWarning)]
pub struct Warning {
    /// For programs; clients must expect codes that they do not know.
    pub code: WarningCode,
    /// For people; may be worded otherwise in the next version.
    pub message: String,
    /// What distinguishes it from other warnings of its code, where there can be several: a table, or who holds a snapshot.
    #[serde(skip)]
    pub object: Option<String>,
    /// Since when it has been so, where that is known.
    #[serde(skip)]
    pub since: Option<DateTime<Utc>>,
}

impl Warning {
    /// A warning in words, under its code.
    #[must_use]
    pub fn new(code: WarningCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), object: None, since: None }
    }

    /// About that table, or that holder of a snapshot.
    #[must_use]
    pub fn about(self, object: impl Into<String>) -> Self {
        Self { object: Some(object.into()), ..self }
    }

    /// It has been so since then.
    #[must_use]
    pub fn since(self, since: Option<DateTime<Utc>>) -> Self {
        Self { since, ..self }
    }
}
