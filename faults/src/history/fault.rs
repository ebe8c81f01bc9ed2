//! What is done to the service and its engines.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::moment::At;

/// Everything that is done to the service and its engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    ReplicaKilled,
    PostgresKilled,
    BackendsTerminated,
    DatabaseCut,
    DatabaseStalled,
    ClockJumps,
    ReplicaDrained,
    KilledInRedriveStep,
    DiskFull,
    Failover,
    Demotion,
    RequestsCut,
    RepliesCut,
    EngineKilled,
    EngineHangs,
    EngineRestarts,
    EngineReportsLate,
    EngineReportsTwice,
    EngineQuarantined,
}

impl Kind {
    /// One at a time, each with room to get over it.
    pub const OF_SERVICE: [Self; 11] = [
        Self::ReplicaKilled,
        Self::PostgresKilled,
        Self::BackendsTerminated,
        Self::DatabaseCut,
        Self::DatabaseStalled,
        Self::ClockJumps,
        Self::ReplicaDrained,
        Self::KilledInRedriveStep,
        Self::DiskFull,
        Self::Failover,
        Self::Demotion,
    ];
    /// At any time, also in the middle of those.
    pub const OF_CLIENTS: [Self; 8] = [
        Self::RequestsCut,
        Self::RepliesCut,
        Self::EngineKilled,
        Self::EngineHangs,
        Self::EngineRestarts,
        Self::EngineReportsLate,
        Self::EngineReportsTwice,
        Self::EngineQuarantined,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReplicaKilled => "replica killed",
            Self::PostgresKilled => "PostgreSQL killed",
            Self::BackendsTerminated => "backends terminated",
            Self::DatabaseCut => "database cut off",
            Self::DatabaseStalled => "database stalled",
            Self::ClockJumps => "a replica's clock jumps",
            Self::ReplicaDrained => "replica drained",
            Self::KilledInRedriveStep => "killed in a redrive step",
            Self::DiskFull => "disk full",
            Self::Failover => "failover",
            Self::Demotion => "demotion",
            Self::RequestsCut => "requests cut",
            Self::RepliesCut => "replies cut",
            Self::EngineKilled => "engine killed",
            Self::EngineHangs => "engine hangs",
            Self::EngineRestarts => "engine restarts",
            Self::EngineReportsLate => "engine reports late",
            Self::EngineReportsTwice => "engine reports twice",
            Self::EngineQuarantined => "engine's version quarantined",
        }
    }

    /// Whether all or a part of the service may be away for its time.
    pub const fn is_outage(self) -> bool {
        match self {
            Self::ReplicaKilled
            | Self::PostgresKilled
            | Self::BackendsTerminated
            | Self::DatabaseCut
            | Self::DatabaseStalled
            | Self::ReplicaDrained
            | Self::KilledInRedriveStep
            | Self::DiskFull
            | Self::Failover
            | Self::Demotion => true,
            Self::ClockJumps
            | Self::RequestsCut
            | Self::RepliesCut
            | Self::EngineKilled
            | Self::EngineHangs
            | Self::EngineRestarts
            | Self::EngineReportsLate
            | Self::EngineReportsTwice
            | Self::EngineQuarantined => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    pub number: usize,
    pub kind: Kind,
    /// The replica it strikes, 1 or 2; `None`: both, or neither.
    pub replica: Option<u8>,
    pub began: At,
    /// From then on the service has all that it needs: `PostgreSQL` accepts connections, by the way that was cut too.
    pub over: At,
    /// Of a drained replica: how it ended.
    pub exit_code: Option<i32>,
    pub note: String,
    /// Why this machine cannot make it.
    pub skipped: Option<String>,
}
