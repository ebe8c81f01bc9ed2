//! `backlog`: `life-3` while much else lies in the tables, in the same queue: due events that all new ones go before, delayed ones of
//! the new ones' own priority, dead letters, and events that have ended.

use std::time::Instant;

use anyhow::Result;

use super::life::{self, ONE_BY_ONE};
use crate::api;
use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::window::measure;

const SECONDS: u32 = 15;
const DUE: i64 = 1_000_000;
const DELAYED: i64 = 1_000_000;
const DEAD_LETTERS: i64 = 100_000;
const COMPLETED: i64 = 3_000_000;

/// The producers' events have priority 5.
const QUEUED: &str = include_str!("backlog/queued.sql");
const ENDED: &str = include_str!("backlog/ended.sql");

pub async fn run(bench: &Bench<'_>, name: &'static str) -> Result<Outcome> {
    // As `life::begin` calls it.
    let backlog = fill(bench, &format!("{name}-1")).await?;
    let ledger = Ledger::new(ONE_BY_ONE.max_outstanding);
    let mut crew = life::begin(bench, name, &ONE_BY_ONE, &ledger).await?;
    let window = bench.conditions.window(SECONDS);
    let measured = measure(&bench.meter(), &mut crew, &ledger, window, || ledger.completed()).await?;
    let remark = format!("{}, {} turned away", ledger.times(), ledger.turned_away());
    bench.print_statements(ledger.completed()).await?;

    // The queue never becomes empty: engines go on until they are told to stop.
    ledger.stop_all();
    crew.producers_end().await?;
    crew.engines_end().await?;
    check::every_event_ended_once(bench, &ledger, backlog).await?;
    Ok(Outcome::new(vec![(name, measured.rate)], measured.usage, remark))
}

async fn fill(bench: &Bench<'_>, queue: &str) -> Result<Backlog> {
    let started = Instant::now();
    let (sql, payload) = (&bench.service_sql, api::payload());
    let due = sql.execute(QUEUED, &[&queue, &payload, &DUE, &0_i16, &0.0_f64]).await?;
    let one_day_on = 86_400.0_f64;
    let delayed = sql.execute(QUEUED, &[&queue, &payload, &DELAYED, &5_i16, &one_day_on]).await?;
    let dead_letters = sql.execute(ENDED, &[&queue, &payload, &DEAD_LETTERS, &"failed"]).await?;
    let completed = sql.execute(ENDED, &[&queue, &payload, &COMPLETED, &"completed"]).await?;
    for table in ["events", "event_queue", "event_leases", "event_attempts", "dead_letters"] {
        sql.batch_execute(&format!("vacuum (analyze) eventlease.{table}")).await?;
    }
    bench.postgres.control.batch_execute("checkpoint").await?;
    bench.postgres.forget_statements().await?;
    println!("      filled in {:.0} s", started.elapsed().as_secs_f64());
    Ok(Backlog { queued: due + delayed, held: 0, completed, dead_letters })
}
