//! What every mode begins with: an empty database, and servers on it that were just started.

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_postgres::Client;

use crate::client::Connection;
use crate::conditions::Conditions;
use crate::cost::Meter;
use crate::engines::Engine;
use crate::postgres::{Postgres, SERVICE_DATABASE};
use crate::server::Server;

/// Registrations under way at a time.
const REGISTERING: usize = 32;

pub struct Bench<'a> {
    pub conditions: &'a Conditions,
    pub postgres: &'a Postgres,
    pub servers: Vec<Server>,
    /// A session on the service's tables.
    pub service_sql: Client,
}

impl<'a> Bench<'a> {
    pub async fn start(conditions: &'a Conditions, postgres: &'a Postgres, replicas: usize) -> Result<Self> {
        postgres.make_database(SERVICE_DATABASE).await?;
        let mut servers = Vec::new();
        for number in 1..=replicas {
            let log = conditions.data_dir().join(format!("server-{number}.log"));
            let url = postgres.url(SERVICE_DATABASE);
            servers.push(Server::start(&conditions.server(), &conditions.server_arg, &url, &log).await?);
        }
        let service_sql = postgres.connect(SERVICE_DATABASE).await?;
        Ok(Self { conditions, postgres, servers, service_sql })
    }

    pub async fn stop(self) -> Result<()> {
        for mut server in self.servers {
            server.stop().await?;
        }
        Ok(())
    }

    pub fn meter(&self) -> Meter<'a> {
        Meter { postgres: self.postgres, servers: self.servers.iter().map(|server| server.pid).collect() }
    }

    /// The most memory that the servers ever had, together.
    pub fn peak_mib(&self) -> Result<f64> {
        self.servers.iter().map(Server::peak_mib).sum::<Option<f64>>().context("a server's peak of memory")
    }

    /// Connections, to the servers in turn.
    pub async fn connect(&self, count: usize) -> Result<Vec<Connection>> {
        let mut connections = Vec::with_capacity(count);
        for server in self.servers.iter().cycle().take(count) {
            connections.push(Connection::open(server.address).await?);
        }
        Ok(connections)
    }

    /// Engines, each of the queues and each of the servers having its share.
    pub async fn register(&self, queues: &[String], count: usize, max_concurrent_events: u32) -> Result<Vec<Engine>> {
        let places = queues.iter().cycle().zip(self.servers.iter().cycle()).take(count);
        stream::iter(places)
            .map(|(queue, server)| Engine::register(server.address, queue, max_concurrent_events))
            .buffered(REGISTERING)
            .try_collect()
            .await
    }

    /// The statements that the database spent most time on.
    pub async fn print_statements(&self, events: u64) -> Result<()> {
        if !self.conditions.statements || !self.postgres.counts_statements {
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

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn ratio(count: u64, of: u64) -> f64 {
    count as f64 / of.max(1) as f64
}
