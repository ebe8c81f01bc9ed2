//! `EventLease` itself, over HTTP, kept busy as the others are.

use anyhow::Result;
use eventlease_bench::conditions::Conditions;
use eventlease_bench::bench::Bench;
use eventlease_bench::check::{self, Backlog};
use eventlease_bench::ledger::Ledger;
use eventlease_bench::outcome::Outcome;
use eventlease_bench::modes::life::{self, Shape, Way};
use eventlease_bench::postgres::{Postgres, SERVICE_DATABASE};
use eventlease_bench::snapshot::Snapshot;
use eventlease_bench::window::measure;

use crate::lines::Busy;

/// Engines are processes elsewhere, and cost the database no connection: there are more of them than of the others' workers.
const SHAPE: Shape = Shape {
    queues: 1,
    producers: 16,
    enqueue_batch: Busy::BATCH,
    engines: 64,
    max_concurrent_events: Busy::BATCH,
    lease_limit: Busy::BATCH,
    way: Way::ByExchange,
    max_outstanding: Busy::MAX_OUTSTANDING,
};

pub async fn keep_busy(conditions: &Conditions, postgres: &Postgres, names: Busy) -> Result<Outcome> {
    let bench = Bench::start(conditions, postgres, 1).await?;
    let snapshot = if names.is_held { Some(Snapshot::take(postgres, SERVICE_DATABASE).await?) } else { None };
    let ledger = Ledger::new(SHAPE.max_outstanding);
    let mut crew = life::begin(&bench, "busy", &SHAPE, &ledger).await?;
    let window = conditions.window(Busy::SECONDS);
    let measured = measure(&bench.meter(), &mut crew, &ledger, window, || ledger.completed()).await?;
    if let Some(snapshot) = snapshot {
        snapshot.release().await?;
    }
    life::end(&mut crew, &ledger).await?;
    check::every_event_ended_once(&bench, &ledger, Backlog::default()).await?;
    bench.stop().await?;
    Ok(Outcome::new(names.figures(&measured), measured.usage, ledger.times()))
}
