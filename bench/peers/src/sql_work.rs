//! Emptying a queue by SQL, and keeping it busy: ten workers, each on a connection of its own, with prepared statements;
//! a lease and a completion are a commit each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use eventlease_bench::api;
use eventlease_bench::conditions::Conditions;
use eventlease_bench::cost::Meter;
use eventlease_bench::crew::Crew;
use eventlease_bench::ledger::{Ledger, UNBOUNDED};
use eventlease_bench::outcome::Outcome;
use eventlease_bench::postgres::Postgres;
use eventlease_bench::snapshot::Snapshot;
use eventlease_bench::window::{measure, per_second};
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Statement};

use crate::lines::Busy;
use crate::sql_queues::{PEER_DATABASE, SqlQueue};

const WORKERS: usize = 10;
const PRODUCERS: usize = 4;
/// A queue that is not empty by then is left as it is.
const SECONDS: u32 = 5;
const FILLING_BATCH: usize = 1000;
/// What a worker waits that found nothing.
const PAUSE: Duration = Duration::from_millis(5);

/// Leases and completes what was queued, `batch` at a time.
pub async fn drain(
    conditions: &Conditions,
    postgres: &Postgres,
    queue: &SqlQueue,
    name: &'static str,
    batch: u32,
) -> Result<Outcome> {
    queue.make(postgres).await?;
    let session = postgres.connect(PEER_DATABASE).await?;
    let queued = if batch == 1 { 60_000 } else { 150_000 };
    let payloads = vec![api::payload(); FILLING_BATCH];
    for _ in 0..queued / FILLING_BATCH as u64 {
        session.execute(queue.send, &[&payloads]).await?;
    }
    session.batch_execute(queue.vacuum).await?;

    let ledger = Ledger::new(UNBOUNDED);
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(Worker::prepare(postgres, queue, batch).await?);
    }
    let meter = Meter { postgres, servers: Vec::new() };
    let (before, started) = (meter.read().await?, Instant::now());
    let mut crew = Crew::default();
    for worker in workers {
        crew.add_engine(worker.run(ledger.clone()));
    }
    let emptied = crew.during(ledger.until_completed(queued));
    if let Ok(outcome) = timeout(conditions.window(SECONDS), emptied).await {
        outcome?;
    }
    let rate = per_second(ledger.completed(), started.elapsed().as_secs_f64());
    let usage = meter.read().await? - before;
    ledger.stop_all();
    crew.engines_end().await?;
    is_accounted_for(&session, queue, queued, &ledger).await?;
    Ok(Outcome::new(vec![(name, rate)], usage, ledger.times()))
}

/// Producers and workers together, as fast as they can.
pub async fn keep_busy(conditions: &Conditions, postgres: &Postgres, queue: &SqlQueue, names: Busy) -> Result<Outcome> {
    queue.make(postgres).await?;
    let snapshot = if names.is_held { Some(Snapshot::take(postgres, PEER_DATABASE).await?) } else { None };
    let ledger = Ledger::new(Busy::MAX_OUTSTANDING);
    let mut crew = Crew::default();
    for _ in 0..WORKERS {
        crew.add_engine(Worker::prepare(postgres, queue, Busy::BATCH).await?.run(ledger.clone()));
    }
    for _ in 0..PRODUCERS {
        let session = postgres.connect(PEER_DATABASE).await?;
        let send = session.prepare(queue.send).await?;
        crew.add_producer(produce(session, send, ledger.clone()));
    }
    let meter = Meter { postgres, servers: Vec::new() };
    let window = conditions.window(Busy::SECONDS);
    let measured = measure(&meter, &mut crew, &ledger, window, || ledger.completed()).await?;
    if let Some(snapshot) = snapshot {
        snapshot.release().await?;
    }
    ledger.stop_all();
    crew.producers_end().await?;
    crew.engines_end().await?;
    let session = postgres.connect(PEER_DATABASE).await?;
    is_accounted_for(&session, queue, ledger.enqueued(), &ledger).await?;
    Ok(Outcome::new(names.figures(&measured), measured.usage, ledger.times()))
}

async fn produce(session: Client, send: Statement, ledger: Arc<Ledger>) -> Result<()> {
    let payloads = vec![api::payload(); Busy::BATCH as usize];
    while ledger.wait_for_room(Busy::BATCH).await {
        let since = Instant::now();
        session.execute(&send, &[&payloads]).await?;
        ledger.note_enqueued(Busy::BATCH.into(), since);
    }
    Ok(())
}

struct Worker {
    session: Client,
    lease: Statement,
    complete: Statement,
    batch: i64,
}

impl Worker {
    async fn prepare(postgres: &Postgres, queue: &SqlQueue, batch: u32) -> Result<Self> {
        let session = postgres.connect(PEER_DATABASE).await?;
        let (lease, complete) = (session.prepare(queue.lease).await?, session.prepare(queue.complete).await?);
        Ok(Self { session, lease, complete, batch: batch.into() })
    }

    async fn run(self, ledger: Arc<Ledger>) -> Result<()> {
        while !ledger.is_stopping() {
            let rows = self.session.query(&self.lease, &[&self.batch]).await?;
            if rows.is_empty() {
                sleep(PAUSE).await;
                continue;
            }
            let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
            let since = Instant::now();
            let completed = self.session.execute(&self.complete, &[&ids]).await?;
            ensure!(completed == ids.len() as u64, "{} were leased, {completed} completed", ids.len());
            ledger.note_completed(ids.len(), since);
        }
        Ok(())
    }
}

/// What was sent is completed, or still there.
async fn is_accounted_for(session: &Client, queue: &SqlQueue, sent: u64, ledger: &Ledger) -> Result<()> {
    let left: i64 = session.query_one(queue.count, &[]).await?.get(0);
    let completed = ledger.completed();
    ensure!(left.cast_unsigned() + completed == sent, "{sent} were sent, {completed} completed, {left} are left");
    Ok(())
}
