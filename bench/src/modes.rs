//! The modes: what each does stands in its file, what it should reach in `report`.

mod aging; // steady, old-snapshot
mod backlog;
mod viewers;
mod trickle;
pub mod life; // life-3, life-3-many, life-100
mod drain; // drain-3, drain-100, replicas
mod enqueue; // enqueue-1, enqueue-500
mod pickup;
mod idle; // idle, heartbeats

use std::fmt;

use anyhow::Result;
use clap::ValueEnum;

use crate::bench::Bench;
use crate::conditions::Conditions;
use crate::outcome::Outcome;
use crate::postgres::Postgres;
use crate::raw::{self, RawWork};

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Whole lives: POST one event, lease 3, PUT each; 128 producers, 256 engines.
    #[value(name = "life-3")]
    Life3,
    /// The same over 50 queues.
    #[value(name = "life-3-many")]
    Life3Many,
    /// 60,000 queued; lease 3, PUT each; 256 engines.
    #[value(name = "drain-3")]
    Drain3,
    /// The same with two servers on one database.
    #[value(name = "replicas")]
    Replicas,
    /// 150,000 queued; exchanges of 100; 32 engines.
    #[value(name = "drain-100")]
    Drain100,
    /// Whole lives: batches of 100 in, exchanges of 100 out.
    #[value(name = "life-100")]
    Life100,
    /// Single POSTs by 128 producers.
    #[value(name = "enqueue-1")]
    Enqueue1,
    /// Batches of 500 by 8 producers.
    #[value(name = "enqueue-500")]
    Enqueue500,
    /// One POST into an idle queue with a waiting engine.
    #[value(name = "pickup")]
    Pickup,
    /// 500 events a second into 20 queues with 200 waiting engines.
    #[value(name = "trickle")]
    Trickle,
    /// 1,000 parked engines over 20 queues, a heartbeat every 15 seconds.
    #[value(name = "idle")]
    Idle,
    /// 5,000 engines, a heartbeat every 15 seconds.
    #[value(name = "heartbeats")]
    Heartbeats,
    /// `life-3` amid five million events.
    #[value(name = "backlog")]
    Backlog,
    /// 50 viewers of 1,000 queues with ten million events, with and without an everyday load.
    #[value(name = "viewers")]
    Viewers,
    /// `life-3` for two minutes, of a hundred events one fails and one is lost; 1,024 engines.
    #[value(name = "steady")]
    Steady,
    /// The same while another session holds an old snapshot.
    #[value(name = "old-snapshot")]
    OldSnapshot,
}

impl Mode {
    pub const MAIN: [Self; 7] =
        [Self::Life3, Self::Drain3, Self::Drain100, Self::Life100, Self::Enqueue1, Self::Enqueue500, Self::Pickup];

    /// What it is compared with, in the same round.
    fn beside(self) -> Option<Step> {
        match self {
            Self::Life3 | Self::Drain3 => Some(Step::Raw(RawWork::LeaseAndComplete { batch: 1 })),
            Self::Drain100 | Self::Life100 => Some(Step::Raw(RawWork::LeaseAndComplete { batch: 100 })),
            Self::Enqueue1 => Some(Step::Raw(RawWork::Insert { batch: 1 })),
            Self::Enqueue500 => Some(Step::Raw(RawWork::Insert { batch: 500 })),
            Self::Life3Many | Self::Backlog => Some(Step::Mode(Self::Life3)),
            Self::Replicas => Some(Step::Mode(Self::Drain3)),
            Self::OldSnapshot => Some(Step::Mode(Self::Steady)),
            Self::Pickup | Self::Trickle | Self::Idle | Self::Heartbeats | Self::Steady | Self::Viewers => None,
        }
    }

    fn servers(self) -> usize {
        if self == Self::Replicas { 2 } else { 1 }
    }

    async fn run(self, bench: &Bench<'_>) -> Result<Outcome> {
        match self {
            Self::Life3 => life::run(bench, "life-3", &life::ONE_BY_ONE).await,
            Self::Life3Many => life::run(bench, "life-3-many", &life::IN_MANY_QUEUES).await,
            Self::Life100 => life::run(bench, "life-100", &life::BY_HUNDREDS).await,
            Self::Drain3 => drain::run(bench, "drain-3", &drain::BY_THREE).await,
            Self::Replicas => drain::run(bench, "replicas", &drain::BY_THREE).await,
            Self::Drain100 => drain::run(bench, "drain-100", &drain::BY_HUNDREDS).await,
            Self::Enqueue1 => enqueue::run(bench, "enqueue-1", 128, 1).await,
            Self::Enqueue500 => enqueue::run(bench, "enqueue-500", 8, 500).await,
            Self::Pickup => pickup::run(bench, "pickup").await,
            Self::Trickle => trickle::run(bench, "trickle").await,
            Self::Idle => idle::run(bench, "idle", &idle::PARKED).await,
            Self::Heartbeats => idle::run(bench, "heartbeats", &idle::BEATING).await,
            Self::Backlog => backlog::run(bench, "backlog").await,
            Self::Viewers => viewers::run(bench).await,
            Self::Steady => aging::run(bench, aging::WITHOUT, false).await,
            Self::OldSnapshot => aging::run(bench, aging::WITH, true).await,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("no mode is hidden").get_name())
    }
}

/// One turn within a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Raw(RawWork),
    Mode(Mode),
}

impl Step {
    pub async fn run(self, conditions: &Conditions, postgres: &Postgres) -> Result<Outcome> {
        match self {
            Self::Raw(work) => raw::run(conditions, postgres, work).await,
            Self::Mode(mode) => {
                let bench = Bench::start(conditions, postgres, mode.servers()).await?;
                let mut outcome = mode.run(&bench).await?;
                outcome.peak_mib = Some(bench.peak_mib()?);
                bench.stop().await?;
                Ok(outcome)
            }
        }
    }

    /// With what it is compared with before it, and each once.
    fn add_to(self, steps: &mut Vec<Self>, with_raw: bool) {
        let is_left_out = !with_raw && matches!(self, Self::Raw(_));
        if is_left_out || steps.contains(&self) {
            return;
        }
        if let Self::Mode(mode) = self
            && let Some(other) = mode.beside()
        {
            other.add_to(steps, with_raw);
        }
        steps.push(self);
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw(work) => f.pad(work.metric()),
            Self::Mode(mode) => f.pad(&mode.to_string()),
        }
    }
}

/// The turns of a round: the modes, each with what it is compared with before it.
pub fn in_order(modes: &[Mode], with_raw: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for mode in modes {
        Step::Mode(*mode).add_to(&mut steps, with_raw);
    }
    steps
}
