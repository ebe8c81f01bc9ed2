//! `enqueue-1`, `enqueue-500`: events taken in, and nobody there to lease them.

use anyhow::Result;

use super::Outcome;
use crate::bench::{Bench, Crew};
use crate::check;
use crate::ledger::{Ledger, UNBOUNDED};
use crate::producers;

const SECONDS: u32 = 5;

pub async fn run(bench: &Bench, name: &'static str, queue: &str, producers: usize, batch: u32) -> Result<Outcome> {
    bench.empty_tables().await?;
    let ledger = Ledger::new(UNBOUNDED);
    let mut crew = Crew::default();
    for connection in bench.connect(producers).await? {
        if batch == 1 {
            crew.add_producer(producers::one_by_one(connection, queue.to_owned(), ledger.clone()));
        } else {
            crew.add_producer(producers::in_batches(connection, queue.to_owned(), batch, ledger.clone()));
        }
    }
    let window = bench.arguments.window(SECONDS);
    let (rate, usage) = bench.measure(&mut crew, &ledger, window, || ledger.enqueued()).await?;
    let remark = format!("{}, {} turned away", ledger.times(), ledger.turned_away());
    bench.print_statements(ledger.enqueued()).await?;
    ledger.stop_all();
    crew.producers_end().await?;
    check::every_event_ended_once(bench, &ledger).await?;
    Ok(Outcome { figures: vec![(name, rate)], usage: Some(usage), remark })
}
