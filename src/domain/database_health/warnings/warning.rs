//! A warning, and the stable code that programs know it by.

use serde::Serialize;
use utoipa::ToSchema;

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

impl WarningCode {
    pub const ALL: [Self; 20] = [
        Self::DatabaseIsStandby,
        Self::DatabaseReadOnly,
        Self::ReplicaCannotWrite,
        Self::PostgresqlTooOld,
        Self::DatabaseNotUtf8,
        Self::MigrationsPending,
        Self::PartitionMissing,
        Self::SynchronousStandbyMissing,
        Self::FsyncOff,
        Self::FullPageWritesOff,
        Self::SynchronousCommitOff,
        Self::AsynchronousStandby,
        Self::FewPartitionsAhead,
        Self::OldSnapshot,
        Self::AutovacuumOff,
        Self::ManyDeadRows,
        Self::PoolSaturated,
        Self::ListenerDown,
        Self::ClockSkew,
        Self::LimitedView,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DatabaseIsStandby => "database_is_standby",
            Self::DatabaseReadOnly => "database_read_only",
            Self::ReplicaCannotWrite => "replica_cannot_write",
            Self::PostgresqlTooOld => "postgresql_too_old",
            Self::DatabaseNotUtf8 => "database_not_utf8",
            Self::MigrationsPending => "migrations_pending",
            Self::PartitionMissing => "partition_missing",
            Self::SynchronousStandbyMissing => "synchronous_standby_missing",
            Self::FsyncOff => "fsync_off",
            Self::FullPageWritesOff => "full_page_writes_off",
            Self::SynchronousCommitOff => "synchronous_commit_off",
            Self::AsynchronousStandby => "asynchronous_standby",
            Self::FewPartitionsAhead => "few_partitions_ahead",
            Self::OldSnapshot => "old_snapshot",
            Self::AutovacuumOff => "autovacuum_off",
            Self::ManyDeadRows => "many_dead_rows",
            Self::PoolSaturated => "pool_saturated",
            Self::ListenerDown => "listener_down",
            Self::ClockSkew => "clock_skew",
            Self::LimitedView => "limited_view",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

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
