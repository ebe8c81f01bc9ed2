//! A warning, and the stable code that programs know it by.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::words::words;

/// The stable codes of warnings, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = DatabaseWarningCode)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    DatabaseIsStandby,
    DatabaseReadOnly,
    /// It has not written for some seconds, though it tries every second.
    ReplicaCannotWrite,
    PostgresqlTooOld,
    /// The database does not store text in UTF-8.
    DatabaseNotUtf8,
    MigrationsPending,
    /// Today's partition is missing.
    PartitionMissing,
    /// Commits wait for a synchronous standby that is not there.
    SynchronousStandbyMissing,
    FsyncOff,
    FullPageWritesOff,
    SynchronousCommitOff,
    /// There are standbys, and commits wait for none of them.
    AsynchronousStandby,
    FewPartitionsAhead,
    OldSnapshot,
    AutovacuumOff,
    ManyDeadRows,
    PoolSaturated,
    ListenerDown,
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
    pub code: WarningCode,
    /// For people; may be worded otherwise in the next version.
    pub message: String,
}

impl Warning {
    pub(super) fn new(code: WarningCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
