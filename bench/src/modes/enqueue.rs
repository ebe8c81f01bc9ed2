//! `enqueue-1`, `enqueue-500`: events taken in, and nobody there to lease them.

use std::sync::Arc;

use anyhow::Result;

use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::crew::Crew;
use crate::ledger::{Ledger, UNBOUNDED};
use crate::outcome::Outcome;
use crate::producers;
use crate::window::measure;

const SECONDS: u32 = 5;

pub async fn run(bench: &Bench<'_>, name: &'static str, producers: usize, batch: u32) -> Result<Outcome> {
    let queues: Arc<[String]> = [name.to_owned()].into();
    let ledger = Ledger::new(UNBOUNDED);
    let mut crew = Crew::default();
    for connection in bench.connect(producers).await? {
        if batch == 1 {
            crew.add_producer(producers::one_by_one(connection, queues.clone(), 0, ledger.clone()));
        } else {
            crew.add_producer(producers::in_batches(connection, name.to_owned(), batch, ledger.clone()));
        }
    }
    let window = bench.conditions.window(SECONDS);
    let measured = measure(&bench.meter(), &mut crew, &ledger, window, || ledger.enqueued()).await?;
    let remark = format!("{}, {} turned away", ledger.times(), ledger.turned_away());
    bench.print_statements(ledger.enqueued()).await?;
    ledger.stop_all();
    crew.producers_end().await?;
    check::every_event_ended_once(bench, &ledger, Backlog::default()).await?;
    Ok(Outcome::new(vec![(name, measured.rate)], measured.usage, remark))
}
