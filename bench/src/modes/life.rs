//! `life-3`, `life-3-many`, `life-100`: whole lives, from the POST to the last word, with as many producers as engines
//! can bear.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::timeout;

use crate::api::PAYLOAD_BYTES;
use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::crew::Crew;
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::producers;
use crate::window::{Measured, measure};

const SECONDS: u32 = 15;
/// For what is still under way when the producers have ended; leases may have to expire first.
const EMPTYING_LIMIT: Duration = Duration::from_mins(2);
/// An exchange's own answer comes with its next events: it is not to wait long for them at the end.
const EXCHANGE_WAIT_SECONDS: u32 = 1;

pub struct Shape {
    pub queues: usize,
    pub producers: usize,
    pub enqueue_batch: u32,
    pub engines: usize,
    pub max_concurrent_events: u32,
    pub lease_limit: u32,
    pub way: Way,
    pub max_outstanding: usize,
}

/// How engines work.
pub enum Way {
    OneByOne,
    ByExchange,
    WithFaults,
}

pub const ONE_BY_ONE: Shape = Shape {
    queues: 1,
    producers: 128,
    enqueue_batch: 1,
    engines: 256,
    max_concurrent_events: 5,
    lease_limit: 3,
    way: Way::OneByOne,
    max_outstanding: 4096,
};

pub const IN_MANY_QUEUES: Shape = Shape { queues: 50, ..ONE_BY_ONE };

pub const BY_HUNDREDS: Shape = Shape {
    queues: 1,
    producers: 16,
    enqueue_batch: 100,
    engines: 32,
    max_concurrent_events: 100,
    lease_limit: 100,
    way: Way::ByExchange,
    max_outstanding: 20_000,
};

pub async fn run(bench: &Bench<'_>, name: &'static str, shape: &Shape) -> Result<Outcome> {
    let ledger = Ledger::new(shape.max_outstanding);
    let mut crew = begin(bench, name, shape, &ledger).await?;

    let window = bench.conditions.window(SECONDS);
    let measured = measure(&bench.meter(), &mut crew, &ledger, window, || ledger.completed()).await?;
    let remark = format!("{}, {} turned away", ledger.times(), ledger.turned_away());
    bench.print_statements(ledger.completed()).await?;
    end(&mut crew, &ledger).await?;
    check::every_event_ended_once(bench, &ledger, Backlog::default()).await?;

    let mut figures = vec![(name, measured.rate)];
    if name == "life-3" {
        figures.extend(costs(bench, &measured)?);
    }
    Ok(Outcome::new(figures, measured.usage, remark))
}

/// Engines first, then producers.
pub async fn begin(bench: &Bench<'_>, name: &str, shape: &Shape, ledger: &Arc<Ledger>) -> Result<Crew> {
    let mut crew = Crew::default();
    let queues: Arc<[String]> = (1..=shape.queues).map(|number| format!("{name}-{number}")).collect();
    let engines = bench.register(&queues, shape.engines, shape.max_concurrent_events).await?;
    for (place, engine) in engines.into_iter().enumerate() {
        let (limit, ledger) = (shape.lease_limit, ledger.clone());
        match shape.way {
            Way::OneByOne => crew.add_engine(engine.one_by_one(limit, ledger)),
            Way::ByExchange => crew.add_engine(engine.by_exchange(limit, EXCHANGE_WAIT_SECONDS, ledger)),
            Way::WithFaults => crew.add_engine(engine.with_faults(place, limit, ledger)),
        }
    }
    for (place, connection) in bench.connect(shape.producers).await?.into_iter().enumerate() {
        let first = place % queues.len();
        if shape.enqueue_batch == 1 {
            crew.add_producer(producers::one_by_one(connection, queues.clone(), first, ledger.clone()));
        } else {
            let queue = queues[first].clone();
            crew.add_producer(producers::in_batches(connection, queue, shape.enqueue_batch, ledger.clone()));
        }
    }
    Ok(crew)
}

/// Lets the queue become empty.
pub async fn end(crew: &mut Crew, ledger: &Ledger) -> Result<()> {
    ledger.stop_producers();
    crew.producers_end().await?;
    let emptied = crew.during(ledger.until_completed(ledger.enqueued()));
    timeout(EMPTYING_LIMIT, emptied).await.context("the queue does not become empty")??;
    ledger.stop_all();
    crew.engines_end().await
}

/// What one event cost.
fn costs(bench: &Bench<'_>, measured: &Measured) -> Result<Vec<(&'static str, f64)>> {
    let (events, usage) = (measured.events(), &measured.usage);
    let payload_kib = f64::from(u32::try_from(PAYLOAD_BYTES).expect("payloads are small")) / 1024.0;
    let mut costs = vec![
        ("transactions", usage.transactions / events),
        ("wal", usage.wal_bytes / 1024.0 / events - payload_kib),
        ("cpu server", usage.server * 1e6 / events),
        ("cpu database", usage.database * 1e6 / events),
        ("cpu load", usage.ourselves * 1e6 / events),
        ("memory", bench.peak_mib()?),
    ];
    costs.extend(usage.statements.map(|statements| ("statements", statements / events)));
    Ok(costs)
}
