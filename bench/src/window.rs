//! A stretch of time that is measured: how fast, at what cost, and how both halves of it compare.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::cost::{Meter, Usage};
use crate::crew::Crew;
use crate::ledger::Ledger;

/// Until connections are open and statements prepared.
const WARM_UP: Duration = Duration::from_secs(2);
const SLICE: Duration = Duration::from_secs(5);

pub struct Measured {
    /// Events a second.
    pub rate: f64,
    pub usage: Usage,
    /// The rate in the window's first quarter, and in its last.
    pub first_quarter: f64,
    pub last_quarter: f64,
}

impl Measured {
    pub fn events(&self) -> f64 {
        self.rate * self.usage.seconds
    }
}

/// After warming up, lets the crew work for `window` while `count` grows.
pub async fn measure(
    meter: &Meter<'_>,
    crew: &mut Crew,
    ledger: &Ledger,
    window: Duration,
    count: impl Fn() -> u64,
) -> Result<Measured> {
    crew.during(sleep(WARM_UP.min(window))).await?;
    ledger.forget_times();
    let (before, started) = (meter.read().await?, Instant::now());
    let mut counts = vec![(Duration::ZERO, count())];
    while let Some(left) = window.checked_sub(started.elapsed()).filter(|left| !left.is_zero()) {
        // A window of at least four slices: its quarters are to be told apart.
        crew.during(sleep(left.min(SLICE).min(window / 4))).await?;
        counts.push((started.elapsed(), count()));
        if started.elapsed() + SLICE / 2 < window && window > SLICE {
            let last = counts.len() - 1;
            println!("      … {:.0}/s", rate_between(counts[last - 1], counts[last]));
        }
    }
    let usage = meter.read().await? - before;
    let last = counts.len() - 1;
    let quarter = last.div_ceil(4);
    Ok(Measured {
        rate: rate_between(counts[0], counts[last]),
        usage,
        first_quarter: rate_between(counts[0], counts[quarter]),
        last_quarter: rate_between(counts[last - quarter], counts[last]),
    })
}

fn rate_between(earlier: (Duration, u64), later: (Duration, u64)) -> f64 {
    per_second(later.1 - earlier.1, later.0.as_secs_f64() - earlier.0.as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}
