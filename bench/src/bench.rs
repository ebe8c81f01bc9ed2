//! What all modes share: the cluster, the service, and how a stretch of time is measured.

use std::fs;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_postgres::Client;

use crate::api;
use crate::arguments::Arguments;
use crate::client::{Connection, Reply};
use crate::cost::{Reading, Usage};
use crate::engines::Engine;
use crate::ledger::Ledger;
use crate::postgres::{Postgres, SERVICE_DATABASE};
use crate::server::Server;

/// Until connections are open and statements prepared.
const WARM_UP: Duration = Duration::from_secs(2);
const ENDING_LIMIT: Duration = Duration::from_secs(5);
const SHOWN_EVERY: Duration = Duration::from_secs(5);

pub struct Bench {
    pub arguments: Arguments,
    pub postgres: Postgres,
    pub server: Server,
    /// A session on the service's tables.
    pub service_sql: Client,
}

impl Bench {
    pub async fn start(arguments: &Arguments) -> Result<Self> {
        let folder = arguments.data_dir();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let postgres = Postgres::start(&folder, arguments.fresh).await?;
        println!("PostgreSQL {}, durable:", postgres.version());
        for (name, value) in postgres.settings().await? {
            println!("  {name} = {value}");
        }
        let program = arguments.server();
        let url = postgres.url(SERVICE_DATABASE);
        let server = Server::start(&program, &arguments.server_arg, &url, &folder.join("server.log")).await?;
        println!("server {} at {}\n", program.display(), server.address);
        let service_sql = postgres.connect(SERVICE_DATABASE).await?;
        Ok(Self { arguments: arguments.clone(), postgres, server, service_sql })
    }

    pub async fn stop(mut self) -> Result<()> {
        self.server.stop().await?;
        self.postgres.stop()
    }

    /// Nothing of the modes before: each begins with empty tables.
    pub async fn empty_tables(&self) -> Result<()> {
        self.service_sql
            .batch_execute(
                "truncate eventlease.events, eventlease.event_queue, eventlease.event_attempts,
                    eventlease.dead_letters, eventlease.idempotency_keys",
            )
            .await?;
        if self.postgres.counts_statements {
            self.postgres.control.batch_execute("select pg_stat_statements_reset()").await?;
        }
        Ok(())
    }

    pub async fn read(&self) -> Result<Reading> {
        Reading::take(&self.postgres, Some(self.server.pid)).await
    }

    /// After warming up, lets the crew work for `window`; gives what `count` grew by.
    pub async fn measure(
        &self,
        crew: &mut Crew,
        ledger: &Ledger,
        window: Duration,
        count: impl Fn() -> u64,
    ) -> Result<(f64, Usage)> {
        crew.during(sleep(WARM_UP.min(window))).await?;
        ledger.forget_times();
        let (before, first) = (self.read().await?, count());
        let (started, mut shown) = (Instant::now(), first);
        while started.elapsed() + SHOWN_EVERY < window {
            crew.during(sleep(SHOWN_EVERY)).await?;
            println!("      … {:.0}/s", per_second(count() - shown, SHOWN_EVERY.as_secs_f64()));
            shown = count();
        }
        crew.during(sleep(window.saturating_sub(started.elapsed()))).await?;
        let last = count();
        let usage = self.read().await? - before;
        Ok((per_second(last - first, usage.seconds), usage))
    }

    pub async fn connect(&self, count: usize) -> Result<Vec<Connection>> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Connection::open(self.server.address).await?);
        }
        Ok(connections)
    }

    pub async fn register(&self, queue: &str, count: usize, max_concurrent_events: u32) -> Result<Vec<Engine>> {
        let mut engines = Vec::with_capacity(count);
        for _ in 0..count {
            engines.push(Engine::register(self.server.address, queue, max_concurrent_events).await?);
        }
        Ok(engines)
    }

    /// So that the next mode has the registry to itself.
    pub async fn deregister(&self, engine_ids: &[String]) -> Result<()> {
        let mut connection = Connection::open(self.server.address).await?;
        for id in engine_ids {
            connection.call(&api::deregister(id)).await?.expect(&[204])?;
        }
        Ok(())
    }

    /// The statements that the database spent most time on since the tables were emptied.
    pub async fn print_statements(&self, events: u64) -> Result<()> {
        if !self.arguments.statements || !self.postgres.counts_statements {
            return Ok(());
        }
        let rows = self
            .postgres
            .control
            .query(
                "select s.calls, s.total_exec_time, s.rows, left(regexp_replace(s.query, '\\s+', ' ', 'g'), 110)
                 from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = $1
                 order by s.total_exec_time desc limit 15",
                &[&SERVICE_DATABASE],
            )
            .await?;
        println!("      calls/event  µs/event  µs/call  rows/call  statement");
        for row in rows {
            let (calls, millis, affected): (i64, f64, i64) = (row.get(0), row.get(1), row.get(2));
            let (calls, affected) = (calls.cast_unsigned(), affected.cast_unsigned());
            let text: String = row.get(3);
            println!(
                "      {:11.3} {:9.1} {:8.0} {:10.1}  {text}",
                ratio(calls, events),
                millis * 1e3 / ratio(events, 1),
                millis * 1e3 / ratio(calls, 1),
                ratio(affected, calls)
            );
        }
        Ok(())
    }
}

/// Those at work. One that fails ends whatever is waited for.
#[derive(Default)]
pub struct Crew {
    producers: JoinSet<Result<()>>,
    engines: JoinSet<Result<()>>,
}

impl Crew {
    pub fn add_producer(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) {
        self.producers.spawn(work);
    }

    pub fn add_engine(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) {
        self.engines.spawn(work);
    }

    pub async fn during<T>(&mut self, event: impl Future<Output = T>) -> Result<T> {
        let mut event = std::pin::pin!(event);
        loop {
            tokio::select! {
                value = &mut event => return Ok(value),
                Some(ended) = self.producers.join_next() => ended??,
                Some(ended) = self.engines.join_next() => ended??,
            }
        }
    }

    /// Waits until every producer has had its last answer.
    pub async fn producers_end(&mut self) -> Result<()> {
        while let Some(ended) = self.producers.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Waits until the engines have completed what they hold; whoever still waits for an event hangs up.
    pub async fn engines_end(&mut self) -> Result<()> {
        let all = async {
            while let Some(ended) = self.engines.join_next().await {
                ended??;
            }
            Ok(())
        };
        let outcome = timeout(ENDING_LIMIT, all).await.unwrap_or(Ok(()));
        self.engines.shutdown().await;
        outcome
    }
}

/// True when the call is to be made again.
pub fn is_turned_away(reply: &Reply<'_>, expected: u16) -> Result<bool> {
    match reply.status {
        status if status == expected => Ok(false),
        429 | 503 => Ok(true),
        status => bail!("the server answered {status}: {}", String::from_utf8_lossy(reply.body)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn ratio(count: u64, of: u64) -> f64 {
    count as f64 / of.max(1) as f64
}
