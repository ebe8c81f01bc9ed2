//! The cluster: durable, warm, and kept between runs.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use private_postgres::{Options, PrivatePostgres, Version};
use tokio_postgres::{Client, Config, NoTls};
use url::Url;

/// Where the service's tables are; and those of raw SQL.
pub const SERVICE_DATABASE: &str = "bench_service";
pub const RAW_DATABASE: &str = "bench_raw";

/// Segments of 16 MiB that are there to be written over. Commits into a segment that must be made first are ten times slower.
const WARM_SEGMENTS: i64 = 120;
const WARMING_MIB: u32 = 2048;

/// Beside what `eventlease serve` gives its private cluster.
const SETTINGS: &[(&str, &str)] = &[
    // Segments once warm stay so.
    ("min_wal_size", "2GB"),
];
const COUNTING_STATEMENTS: (&str, &str) = ("shared_preload_libraries", "pg_stat_statements");

const SHOWN: &[&str] = &[
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "wal_compression",
    "shared_buffers",
    "max_wal_size",
    "min_wal_size",
    "checkpoint_timeout",
    "autovacuum",
    "shared_preload_libraries",
];

pub struct Postgres {
    cluster: PrivatePostgres,
    /// A session of ours beside those that are measured, in another database than theirs.
    pub control: Client,
    pub counts_statements: bool,
}

impl Postgres {
    pub async fn start(data_dir: &Path, is_fresh: bool) -> Result<Self> {
        fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
        let data_dir = data_dir.join("postgres");
        if is_fresh && data_dir.exists() {
            fs::remove_dir_all(&data_dir).with_context(|| format!("cannot remove {}", data_dir.display()))?;
        }
        let (cluster, counts_statements) = start_cluster(&data_dir)?;
        let control = connect(&cluster, "postgres").await?;
        if counts_statements {
            control.batch_execute("create extension if not exists pg_stat_statements").await?;
        }
        let postgres = Self { cluster, control, counts_statements };
        postgres.make_database(RAW_DATABASE).await?;
        postgres.warm().await?;
        Ok(postgres)
    }

    pub fn pid(&self) -> u32 {
        self.cluster.pid()
    }

    pub fn version(&self) -> Version {
        self.cluster.version()
    }

    pub fn url(&self, database: &str) -> String {
        self.cluster.url(database)
    }

    pub async fn connect(&self, database: &str) -> Result<Client> {
        connect(&self.cluster, database).await
    }

    pub async fn setting(&self, name: &str) -> Result<String> {
        Ok(self.control.query_one("select current_setting($1)", &[&name]).await?.get(0))
    }

    /// The date (UTC), by the database's clock.
    pub async fn today(&self) -> Result<String> {
        let today = "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD')";
        Ok(self.control.query_one(today, &[]).await?.get(0))
    }

    /// The settings that decide what a commit costs.
    pub async fn settings(&self) -> Result<Vec<(String, String)>> {
        let rows = self
            .control
            .query(
                "select name, current_setting(name) from unnest($1::text[]) with ordinality as shown (name, place)
                 order by place",
                &[&SHOWN],
            )
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Prints what decides how the figures are to be read.
    pub async fn show(&self) -> Result<()> {
        println!("PostgreSQL {}, durable:", self.version());
        for (name, value) in self.settings().await? {
            println!("  {name} = {value}");
        }
        Ok(())
    }

    pub fn stop(self) -> Result<()> {
        self.cluster.stop().context("PostgreSQL does not stop")
    }

    /// An empty one, in place of that of the same name; nothing of a former mode is left, nor counted.
    pub async fn make_database(&self, name: &str) -> Result<()> {
        self.control.batch_execute(&format!("drop database if exists {name} with (force)")).await?;
        self.control.batch_execute(&format!("create database {name}")).await?;
        self.forget_statements().await
    }

    /// Statements are counted from now on.
    pub async fn forget_statements(&self) -> Result<()> {
        if self.counts_statements {
            self.control.batch_execute("select pg_stat_statements_reset()").await?;
        }
        Ok(())
    }

    async fn warm(&self) -> Result<()> {
        let segments: i64 = self.control.query_one("select count(*) from pg_ls_waldir()", &[]).await?.get(0);
        if segments < WARM_SEGMENTS {
            println!("warming the cluster: {WARMING_MIB} MiB of WAL");
            let started = Instant::now();
            let write = "select pg_logical_emit_message(true, 'warm', repeat('x', 1 << 20))";
            let write = self.control.prepare(write).await?;
            for _ in 0..WARMING_MIB {
                self.control.execute(&write, &[]).await?;
            }
            println!("warmed in {:.0} s", started.elapsed().as_secs_f64());
        }
        self.control.batch_execute("checkpoint").await?;
        Ok(())
    }
}

/// With `pg_stat_statements` where it is installed.
fn start_cluster(data_dir: &Path) -> Result<(PrivatePostgres, bool)> {
    let options = |settings: &[(&str, &str)]| Options {
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Options::new(data_dir)
    };
    let counting = [SETTINGS, &[COUNTING_STATEMENTS]].concat();
    match PrivatePostgres::start(&options(&counting)) {
        Ok(cluster) => Ok((cluster, true)),
        Err(error) if error.to_string().contains(COUNTING_STATEMENTS.1) => {
            println!("statements are not counted, pg_stat_statements is not installed");
            Ok((PrivatePostgres::start(&options(SETTINGS))?, false))
        }
        Err(error) => Err(error.into()),
    }
}

async fn connect(cluster: &PrivatePostgres, database: &str) -> Result<Client> {
    // tokio-postgres would take the URL's host and its parameter `host` for two hosts.
    let url = Url::parse(&cluster.url(database))?;
    let socket_dir = url.query_pairs().find(|(name, _)| name == "host").context("a socket's folder in the URL")?.1;
    let (client, connection) = Config::new()
        .host_path(socket_dir.as_ref())
        .port(url.port().unwrap_or(5432))
        .user(url.username())
        .dbname(database)
        .connect(NoTls)
        .await?;
    // It ends with its client.
    tokio::spawn(connection);
    Ok(client)
}
