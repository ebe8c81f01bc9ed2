//! Who does what, in which order.

use anyhow::Result;
use clap::ValueEnum;
use eventlease_bench::conditions::Conditions;
use eventlease_bench::modes::{Mode, Step};
use eventlease_bench::outcome::Outcome;
use eventlease_bench::postgres::Postgres;

use crate::graphile::{self, Tuning};
use crate::lines::{Busy, PGMQ_BUSY, PGMQ_HELD, SERVICE_BUSY, SERVICE_HELD, TABLE_BUSY, TABLE_HELD};
use crate::sql_queues::{PGMQ, TABLE};
use crate::{service, sql_work};

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contest {
    // one at a time, from a full queue
    Table1,
    Pgmq1,
    #[value(name = "drain-3")]
    Drain3,
    // by hundreds, from a full queue
    Table100,
    Pgmq100,
    Graphile,
    GraphileWide,
    #[value(name = "drain-100")]
    Drain100,
    // for a minute, in and out
    TableBusy,
    TableHeld,
    PgmqBusy,
    PgmqHeld,
    ServiceBusy,
    ServiceHeld,
}

impl Contest {
    pub fn chosen(chosen: &[Self]) -> &[Self] {
        if chosen.is_empty() { Self::value_variants() } else { chosen }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Table1 => "table, 1",
            Self::Pgmq1 => "pgmq, 1",
            Self::Drain3 => "drain-3",
            Self::Table100 => "table, 100",
            Self::Pgmq100 => "pgmq, 100",
            Self::Graphile => "graphile_worker",
            Self::GraphileWide => "graphile_worker, wide",
            Self::Drain100 => "drain-100",
            Self::TableBusy => TABLE_BUSY.rate,
            Self::TableHeld => TABLE_HELD.rate,
            Self::PgmqBusy => PGMQ_BUSY.rate,
            Self::PgmqHeld => PGMQ_HELD.rate,
            Self::ServiceBusy => SERVICE_BUSY.rate,
            Self::ServiceHeld => SERVICE_HELD.rate,
        }
    }

    pub async fn run(self, conditions: &Conditions, postgres: &Postgres) -> Result<Outcome> {
        match self {
            Self::Table1 => sql_work::drain(conditions, postgres, &TABLE, self.name(), 1).await,
            Self::Pgmq1 => sql_work::drain(conditions, postgres, &PGMQ, self.name(), 1).await,
            Self::Table100 => sql_work::drain(conditions, postgres, &TABLE, self.name(), 100).await,
            Self::Pgmq100 => sql_work::drain(conditions, postgres, &PGMQ, self.name(), 100).await,
            Self::Graphile => graphile::drain(postgres, self.name(), &Tuning::TEN_WORKERS).await,
            Self::GraphileWide => graphile::drain(postgres, self.name(), &Tuning::ITS_OWN_BENCHMARKS).await,
            Self::Drain3 => Step::Mode(Mode::Drain3).run(conditions, postgres).await,
            Self::Drain100 => Step::Mode(Mode::Drain100).run(conditions, postgres).await,
            Self::TableBusy => sql_work::keep_busy(conditions, postgres, &TABLE, TABLE_BUSY).await,
            Self::TableHeld => sql_work::keep_busy(conditions, postgres, &TABLE, TABLE_HELD).await,
            Self::PgmqBusy => sql_work::keep_busy(conditions, postgres, &PGMQ, PGMQ_BUSY).await,
            Self::PgmqHeld => sql_work::keep_busy(conditions, postgres, &PGMQ, PGMQ_HELD).await,
            Self::ServiceBusy => service::keep_busy(conditions, postgres, SERVICE_BUSY).await,
            Self::ServiceHeld => service::keep_busy(conditions, postgres, SERVICE_HELD).await,
        }
    }
}

impl Busy {
    pub const SECONDS: u32 = 60;
    /// As many messages a call, in and out.
    pub const BATCH: u32 = 10;
    /// Producers wait while so many are queued or leased.
    pub const MAX_OUTSTANDING: usize = 5000;
}
