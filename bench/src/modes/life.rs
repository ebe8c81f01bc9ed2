//! `life-3`, `life-100`: whole lives, from the POST to the last word, with as many producers as engines can bear.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::timeout;

use super::Outcome;
use crate::api::PAYLOAD_BYTES;
use crate::bench::{Bench, Crew};
use crate::check;
use crate::cost::Usage;
use crate::ledger::Ledger;
use crate::producers;

const SECONDS: u32 = 15;
/// For what is still under way when the producers have ended.
const EMPTYING_LIMIT: Duration = Duration::from_mins(1);
/// An exchange's own answer comes with its next events: it is not to wait long for them at the end.
const EXCHANGE_WAIT_SECONDS: u32 = 1;

pub struct Shape {
    producers: usize,
    enqueue_batch: u32,
    engines: usize,
    max_concurrent_events: u32,
    lease_limit: u32,
    uses_exchange: bool,
    max_outstanding: usize,
}

pub const ONE_BY_ONE: Shape = Shape {
    producers: 128,
    enqueue_batch: 1,
    engines: 256,
    max_concurrent_events: 5,
    lease_limit: 3,
    uses_exchange: false,
    max_outstanding: 4096,
};

pub const BY_HUNDREDS: Shape = Shape {
    producers: 16,
    enqueue_batch: 100,
    engines: 32,
    max_concurrent_events: 100,
    lease_limit: 100,
    uses_exchange: true,
    max_outstanding: 20_000,
};

pub async fn run(bench: &Bench, name: &'static str, queue: &str, shape: &Shape) -> Result<Outcome> {
    bench.empty_tables().await?;
    let ledger = Ledger::new(shape.max_outstanding);
    let engines = bench.register(queue, shape.engines, shape.max_concurrent_events).await?;
    let engine_ids: Vec<String> = engines.iter().map(|engine| engine.id.clone()).collect();

    let mut crew = Crew::default();
    for engine in engines {
        if shape.uses_exchange {
            crew.add_engine(engine.by_exchange(shape.lease_limit, EXCHANGE_WAIT_SECONDS, ledger.clone()));
        } else {
            crew.add_engine(engine.one_by_one(shape.lease_limit, ledger.clone()));
        }
    }
    for connection in bench.connect(shape.producers).await? {
        if shape.enqueue_batch == 1 {
            crew.add_producer(producers::one_by_one(connection, queue.to_owned(), ledger.clone()));
        } else {
            crew.add_producer(producers::in_batches(connection, queue.to_owned(), shape.enqueue_batch, ledger.clone()));
        }
    }

    let window = bench.arguments.window(SECONDS);
    let (rate, usage) = bench.measure(&mut crew, &ledger, window, || ledger.completed()).await?;
    let remark = format!("{}, {} turned away", ledger.times(), ledger.turned_away());
    bench.print_statements(ledger.completed()).await?;

    ledger.stop_producers();
    crew.producers_end().await?;
    let emptied = crew.during(ledger.until_completed(ledger.enqueued()));
    timeout(EMPTYING_LIMIT, emptied).await.context("the queue does not become empty")??;
    ledger.stop_all();
    crew.engines_end().await?;
    bench.deregister(&engine_ids).await?;
    check::every_event_ended_once(bench, &ledger).await?;

    let mut figures = vec![(name, rate)];
    if !shape.uses_exchange {
        figures.extend(costs(rate * usage.seconds, &usage));
    }
    Ok(Outcome { figures, usage: Some(usage), remark })
}

/// What one event cost.
fn costs(events: f64, usage: &Usage) -> Vec<(&'static str, f64)> {
    let payload_kib = f64::from(u32::try_from(PAYLOAD_BYTES).expect("payloads are small")) / 1024.0;
    let mut costs = vec![
        ("transactions", usage.transactions / events),
        ("wal", usage.wal_bytes / 1024.0 / events - payload_kib),
        ("cpu server", usage.server * 1e6 / events),
        ("cpu database", usage.database * 1e6 / events),
        ("cpu load", usage.ourselves * 1e6 / events),
    ];
    costs.extend(usage.statements.map(|statements| ("statements", statements / events)));
    costs
}
