//! The crate `graphile_worker`, with its local queue and with completions in batches, as its guide recommends for throughput.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventlease_bench::api;
use eventlease_bench::cost::Meter;
use eventlease_bench::outcome::Outcome;
use eventlease_bench::postgres::Postgres;
use eventlease_bench::window::per_second;
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext, WorkerOptions,
};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use crate::sql_queues::PEER_DATABASE;

const FILLING_BATCH: u64 = 10_000;
const LIMIT: Duration = Duration::from_mins(1);
const SCHEMA: &str = "graphile_worker";

pub struct Tuning {
    jobs: u64,
    concurrency: usize,
    connections: u32,
    local_queue: usize,
    poll_interval: Duration,
}

impl Tuning {
    /// As many workers as the others have; what else is set stands in its guide.
    pub const TEN_WORKERS: Self = Self {
        jobs: 60_000,
        concurrency: 10,
        connections: 10,
        local_queue: 100,
        poll_interval: Duration::from_millis(500),
    };

    /// Those of its own `benches/perf_test.rs`.
    pub const ITS_OWN_BENCHMARKS: Self = Self {
        jobs: 150_000,
        concurrency: 500,
        connections: 20,
        local_queue: 5000,
        poll_interval: Duration::from_millis(5),
    };
}

/// Nothing is read of the payload.
#[derive(Serialize, Deserialize)]
struct Job {}

#[derive(Clone, Debug)]
struct Handled(Arc<AtomicU64>);

impl TaskHandler for Job {
    const IDENTIFIER: &'static str = "bench";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        if let Some(handled) = context.get_ext::<Handled>() {
            handled.0.fetch_add(1, Relaxed);
        }
        Ok::<(), String>(())
    }
}

pub async fn drain(postgres: &Postgres, name: &'static str, tuning: &Tuning) -> Result<Outcome> {
    postgres.make_database(PEER_DATABASE).await?;
    let handled = Handled(Arc::default());
    let starting = WorkerOptions::default()
        .database_url(&postgres.url(PEER_DATABASE))
        .max_pg_conn(tuning.connections)
        .schema(SCHEMA)
        .concurrency(tuning.concurrency)
        .poll_interval(tuning.poll_interval)
        .complete_job_batch_delay(Duration::from_millis(5))
        .local_queue(LocalQueueConfig::default().with_size(tuning.local_queue))
        .listen_os_shutdown_signals(false)
        .add_extension(handled.clone())
        .define_job::<Job>()
        .init();
    let worker = Box::pin(starting).await?;
    let payload: serde_json::Value = serde_json::from_str(&api::payload())?;
    let job = RawJobSpec { identifier: Job::IDENTIFIER.to_owned(), payload, spec: JobSpec::default() };
    let jobs = vec![job; usize::try_from(FILLING_BATCH)?];
    for _ in 0..tuning.jobs / FILLING_BATCH {
        worker.create_utils().add_raw_jobs(&jobs).await?;
    }
    let session = postgres.connect(PEER_DATABASE).await?;
    session.batch_execute("vacuum analyze").await?;

    let meter = Meter { postgres, servers: Vec::new() };
    let (before, started) = (meter.read().await?, Instant::now());
    let worker = Arc::new(worker);
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run().await }
    });
    let all_handled = async {
        while handled.0.load(Relaxed) < tuning.jobs {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, all_handled).await.context("the queue does not become empty")?;
    // Completions are written some time after; it ends when they are.
    worker.request_shutdown();
    running.await??;
    let rate = per_second(tuning.jobs, started.elapsed().as_secs_f64());
    let usage = meter.read().await? - before;
    let left: i64 = session.query_one("select count(*) from graphile_worker._private_jobs", &[]).await?.get(0);
    ensure!(left == 0, "{left} jobs are left");
    Ok(Outcome::new(vec![(name, rate)], usage, format!("{} at a time", tuning.concurrency)))
}
