//! The modes: what each does stands in its file, what it should reach in `report`.

mod drain;
mod enqueue;
mod life;
mod pickup;

use std::fmt;

use anyhow::Result;
use clap::ValueEnum;

use crate::arguments::Arguments;
use crate::bench::Bench;
use crate::cost::Usage;
use crate::raw::{self, RawWork};

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Whole lives: POST one event, lease 3, PUT each; 128 producers, 256 engines.
    #[value(name = "life-3")]
    Life3,
    /// 60,000 queued; lease 3, PUT each; 256 engines.
    #[value(name = "drain-3")]
    Drain3,
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
    /// One POST into an idle queue with a parked engine.
    #[value(name = "pickup")]
    Pickup,
}

impl Mode {
    const MAIN: [Self; 7] =
        [Self::Life3, Self::Drain3, Self::Drain100, Self::Life100, Self::Enqueue1, Self::Enqueue500, Self::Pickup];

    /// The same work by hand-written SQL.
    fn raw(self) -> Option<RawWork> {
        match self {
            Self::Life3 | Self::Drain3 => Some(RawWork::LeaseAndComplete { batch: 1 }),
            Self::Drain100 | Self::Life100 => Some(RawWork::LeaseAndComplete { batch: 100 }),
            Self::Enqueue1 => Some(RawWork::Insert { batch: 1 }),
            Self::Enqueue500 => Some(RawWork::Insert { batch: 500 }),
            Self::Pickup => None,
        }
    }

    async fn run(self, bench: &Bench, round: u32) -> Result<Outcome> {
        let queue = format!("{self}-{round}");
        match self {
            Self::Life3 => life::run(bench, "life-3", &queue, &life::ONE_BY_ONE).await,
            Self::Life100 => life::run(bench, "life-100", &queue, &life::BY_HUNDREDS).await,
            Self::Drain3 => drain::run(bench, "drain-3", &queue, &drain::BY_THREE).await,
            Self::Drain100 => drain::run(bench, "drain-100", &queue, &drain::BY_HUNDREDS).await,
            Self::Enqueue1 => enqueue::run(bench, "enqueue-1", &queue, 128, 1).await,
            Self::Enqueue500 => enqueue::run(bench, "enqueue-500", &queue, 8, 500).await,
            Self::Pickup => pickup::run(bench, &queue).await,
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
    pub async fn run(self, bench: &Bench, round: u32) -> Result<Outcome> {
        match self {
            Self::Raw(work) => raw::run(bench, work).await,
            Self::Mode(mode) => mode.run(bench, round).await,
        }
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

/// The turns of a round: raw work stands right before the first mode that is compared with it.
pub fn in_order(arguments: &Arguments) -> Vec<Step> {
    let modes = if arguments.full {
        Mode::value_variants().to_vec()
    } else if arguments.modes.is_empty() {
        Mode::MAIN.to_vec()
    } else {
        arguments.modes.clone()
    };
    let mut steps = Vec::new();
    for mode in modes {
        let raw = mode.raw().filter(|_| !arguments.no_raw).map(Step::Raw);
        if let Some(raw) = raw.filter(|raw| !steps.contains(raw)) {
            steps.push(raw);
        }
        steps.push(Step::Mode(mode));
    }
    steps
}

/// What one turn brought.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By metric: a mode's name is that of its rate.
    pub figures: Vec<(&'static str, f64)>,
    pub usage: Option<Usage>,
    /// What else is worth a word.
    pub remark: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.figures.first() {
            Some((_, rate)) if *rate >= 100.0 => write!(f, "{rate:8.0}/s")?,
            Some((_, value)) => write!(f, "{value:10.2}")?,
            None => {}
        }
        if let Some(usage) = self.usage {
            write!(f, "  {}", usage.shares())?;
        }
        write!(f, "  {}", self.remark)
    }
}
