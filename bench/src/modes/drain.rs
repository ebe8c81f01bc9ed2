//! `drain-3`, `drain-100`, `replicas`: leased and completed from a full queue.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use tokio::time::timeout;

use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::crew::Crew;
use crate::ledger::{Ledger, UNBOUNDED};
use crate::outcome::Outcome;
use crate::producers;
use crate::window::per_second;

/// A queue that is not empty by then is left as it is; the rate is that of what was done.
const SECONDS: u32 = 20;
const FILLERS: usize = 8;
const FILLING_BATCH: u32 = 500;

pub struct Shape {
    queued: u64,
    engines: usize,
    max_concurrent_events: u32,
    lease_limit: u32,
    uses_exchange: bool,
}

pub const BY_THREE: Shape =
    Shape { queued: 60_000, engines: 256, max_concurrent_events: 5, lease_limit: 3, uses_exchange: false };

pub const BY_HUNDREDS: Shape =
    Shape { queued: 150_000, engines: 32, max_concurrent_events: 100, lease_limit: 100, uses_exchange: true };

/// The engines are spread over all servers there are.
pub async fn run(bench: &Bench<'_>, name: &'static str, shape: &Shape) -> Result<Outcome> {
    let ledger = Ledger::new(UNBOUNDED);
    let queue = name.to_owned();
    fill(bench, &queue, shape.queued, &ledger).await?;
    let engines = bench.register(&[queue], shape.engines, shape.max_concurrent_events).await?;
    ledger.forget_times();

    let meter = bench.meter();
    let before = meter.read().await?;
    let started = Instant::now();
    let mut crew = Crew::default();
    for engine in engines {
        if shape.uses_exchange {
            crew.add_engine(engine.by_exchange(shape.lease_limit, 0, ledger.clone()));
        } else {
            crew.add_engine(engine.one_by_one(shape.lease_limit, ledger.clone()));
        }
    }
    let window = bench.conditions.window(SECONDS);
    let is_empty = match timeout(window, crew.during(ledger.until_completed(shape.queued))).await {
        Ok(outcome) => outcome.map(|()| true)?,
        Err(_too_long) => false,
    };
    let rate = per_second(ledger.completed(), started.elapsed().as_secs_f64());
    let usage = meter.read().await? - before;
    bench.print_statements(ledger.completed()).await?;

    ledger.stop_all();
    crew.engines_end().await?;
    check::every_event_ended_once(bench, &ledger, Backlog::default()).await?;
    let left = if is_empty { String::new() } else { format!(", {} left", shape.queued - ledger.completed()) };
    Ok(Outcome::new(vec![(name, rate)], usage, format!("{}{left}", ledger.times())))
}

/// Enqueues exactly `events`.
async fn fill(bench: &Bench<'_>, queue: &str, events: u64, ledger: &Arc<Ledger>) -> Result<()> {
    let mut crew = Crew::default();
    let batches = events / u64::from(FILLING_BATCH);
    for (place, connection) in (0..).zip(bench.connect(FILLERS).await?) {
        let share = batches / FILLERS as u64 + u64::from(place < batches % FILLERS as u64);
        crew.add_producer(producers::some_batches(connection, queue.to_owned(), FILLING_BATCH, share, ledger.clone()));
    }
    crew.producers_end().await
}
