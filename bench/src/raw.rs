//! The same work by SQL as people write it by hand: one table, `for update skip locked`, ten connections, prepared
//! statements; a lease and a completion are a commit each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio_postgres::Client;

use crate::api;
use crate::conditions::Conditions;
use crate::cost::Meter;
use crate::crew::Crew;
use crate::outcome::Outcome;
use crate::postgres::{Postgres, RAW_DATABASE};
use crate::window::per_second;

const CONNECTIONS: usize = 10;
const SECONDS: u32 = 5;

pub const TABLE: &str = "
drop table if exists jobs;
create table jobs (
    id bigint generated always as identity primary key,
    queue text not null,
    payload json not null,
    status text not null default 'queued',
    attempts integer not null default 0,
    available_at timestamptz not null default now(),
    leased_until timestamptz
);
create index jobs_ready on jobs (queue, available_at, id) where status = 'queued';
";
pub const LEASE: &str = "
update jobs set status = 'processing', attempts = attempts + 1, leased_until = now() + interval '5 minutes'
where id in (
    select id from jobs
    where queue = 'bench' and status = 'queued' and available_at <= now()
    order by available_at, id
    for update skip locked
    limit $1
)
returning id, payload::text";
pub const COMPLETE: &str = "delete from jobs where id = any($1)";
const INSERT_ONE: &str = "insert into jobs (queue, payload) values ('bench', $1::text::json)";
pub const INSERT_MANY: &str = "insert into jobs (queue, payload) select 'bench', u::json from unnest($1::text[]) u";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RawWork {
    LeaseAndComplete { batch: u32 },
    Insert { batch: u32 },
}

impl RawWork {
    pub fn metric(self) -> &'static str {
        match self {
            Self::LeaseAndComplete { batch: 1 } => "raw-1",
            Self::LeaseAndComplete { .. } => "raw-100",
            Self::Insert { batch: 1 } => "raw-insert-1",
            Self::Insert { .. } => "raw-insert-500",
        }
    }

    /// As many as the modes beside it have.
    fn queued(self) -> i32 {
        match self {
            Self::LeaseAndComplete { batch: 1 } => 60_000,
            Self::LeaseAndComplete { .. } => 150_000,
            Self::Insert { .. } => 0,
        }
    }
}

pub async fn run(conditions: &Conditions, postgres: &Postgres, work: RawWork) -> Result<Outcome> {
    let control = postgres.connect(RAW_DATABASE).await?;
    control.batch_execute(TABLE).await?;
    let fill = "insert into jobs (queue, payload) select 'bench', $2::text::json from generate_series(1, $1)";
    control.execute(fill, &[&work.queued(), &api::payload()]).await?;
    control.batch_execute("vacuum analyze jobs").await?;

    let done = Arc::new(AtomicU64::new(0));
    let until = conditions.window(SECONDS);
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        workers.push(Worker::prepare(postgres.connect(RAW_DATABASE).await?).await?);
    }
    let meter = Meter { postgres, servers: Vec::new() };
    let before = meter.read().await?;
    let started = Instant::now();
    let mut crew = Crew::default();
    for worker in workers {
        crew.add_producer(worker.run(work, started, until, done.clone()));
    }
    crew.producers_end().await?;
    let seconds = started.elapsed().as_secs_f64();
    let usage = meter.read().await? - before;
    let done = done.load(Relaxed);

    let left: i64 = control.query_one("select count(*) from jobs", &[]).await?.get(0);
    let expected = match work {
        RawWork::LeaseAndComplete { .. } => i64::from(work.queued()) - done.cast_signed(),
        RawWork::Insert { .. } => done.cast_signed(),
    };
    ensure!(left == expected, "{left} rows are left, {expected} should be");
    Ok(Outcome::new(vec![(work.metric(), per_second(done, seconds))], usage, String::new()))
}

struct Worker {
    client: Client,
    lease: tokio_postgres::Statement,
    complete: tokio_postgres::Statement,
    insert_one: tokio_postgres::Statement,
    insert_many: tokio_postgres::Statement,
}

impl Worker {
    async fn prepare(client: Client) -> Result<Self> {
        Ok(Self {
            lease: client.prepare(LEASE).await?,
            complete: client.prepare(COMPLETE).await?,
            insert_one: client.prepare(INSERT_ONE).await?,
            insert_many: client.prepare(INSERT_MANY).await?,
            client,
        })
    }

    async fn run(self, work: RawWork, started: Instant, until: Duration, done: Arc<AtomicU64>) -> Result<()> {
        match work {
            RawWork::LeaseAndComplete { batch } => {
                while started.elapsed() < until {
                    let rows = self.client.query(&self.lease, &[&i64::from(batch)]).await?;
                    if rows.is_empty() {
                        break;
                    }
                    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
                    done.fetch_add(self.client.execute(&self.complete, &[&ids]).await?, Relaxed);
                }
            }
            RawWork::Insert { batch: 1 } => {
                let payload = api::payload();
                while started.elapsed() < until {
                    done.fetch_add(self.client.execute(&self.insert_one, &[&payload]).await?, Relaxed);
                }
            }
            RawWork::Insert { batch } => {
                let payloads = vec![api::payload(); batch as usize];
                while started.elapsed() < until {
                    done.fetch_add(self.client.execute(&self.insert_many, &[&payloads]).await?, Relaxed);
                }
            }
        }
        Ok(())
    }
}
