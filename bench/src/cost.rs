//! What the work costs: processor time of the service, the database and ourselves, WAL, statements.

use std::fs;
use std::ops::Sub;
use std::time::Instant;

use anyhow::{Context, Result};
use nix::unistd::{SysconfVar, sysconf};

use crate::postgres::{Postgres, SERVICE_DATABASE};

/// Counters at one moment; the difference of two is what was used in between.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    at: Instant,
    /// Processor seconds.
    server: f64,
    database: f64,
    ourselves: f64,
    whole_machine: f64,
    wal_bytes: f64,
    statements: Option<f64>,
    transactions: f64,
}

/// What was used between two readings.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub seconds: f64,
    pub server: f64,
    pub database: f64,
    pub ourselves: f64,
    /// What had nothing to do with the measuring, the kernel's own threads among it.
    pub others: f64,
    pub wal_bytes: f64,
    pub statements: Option<f64>,
    pub transactions: f64,
}

/// What the readings are of.
pub struct Meter<'a> {
    pub postgres: &'a Postgres,
    /// By their process ids; none where the service has no part in it.
    pub servers: Vec<u32>,
}

impl Meter<'_> {
    pub async fn read(&self) -> Result<Reading> {
        Reading::take(self.postgres, &self.servers).await
    }
}

impl Reading {
    async fn take(postgres: &Postgres, servers: &[u32]) -> Result<Self> {
        let row = postgres
            .control
            .query_one(
                "select (pg_current_wal_lsn() - '0/0')::float8,
                    coalesce((select xact_commit + xact_rollback from pg_stat_database where datname = $1), 0)::float8",
                &[&SERVICE_DATABASE],
            )
            .await?;
        let statements = if postgres.counts_statements { Some(statements(postgres).await?) } else { None };
        Ok(Self {
            at: Instant::now(),
            server: servers.iter().map(|pid| Ok(Times::of(*pid)?.own)).sum::<Result<f64>>()?,
            database: database_seconds(postgres.pid())?,
            ourselves: Times::of(std::process::id())?.own,
            whole_machine: machine_seconds().context("cannot read /proc/stat")?,
            wal_bytes: row.get(0),
            statements,
            transactions: row.get(1),
        })
    }
}

impl Sub for Reading {
    type Output = Usage;

    fn sub(self, earlier: Self) -> Usage {
        let (server, database) = (self.server - earlier.server, self.database - earlier.database);
        let ourselves = self.ourselves - earlier.ourselves;
        let others = self.whole_machine - earlier.whole_machine - server - database - ourselves;
        Usage {
            seconds: (self.at - earlier.at).as_secs_f64(),
            server,
            database,
            ourselves,
            others: others.max(0.0),
            wal_bytes: self.wal_bytes - earlier.wal_bytes,
            statements: self.statements.zip(earlier.statements).map(|(later, earlier)| later - earlier),
            transactions: self.transactions - earlier.transactions,
        }
    }
}

impl Usage {
    /// In cores.
    pub fn shares(&self) -> String {
        format!(
            "cores: server {:.2}, database {:.2}, load {:.2}, others {:.2}",
            self.server / self.seconds,
            self.database / self.seconds,
            self.ourselves / self.seconds,
            self.others / self.seconds
        )
    }
}

async fn statements(postgres: &Postgres) -> Result<f64> {
    let row = postgres
        .control
        .query_one(
            "select coalesce(sum(s.calls), 0)::float8
             from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = $1",
            &[&SERVICE_DATABASE],
        )
        .await?;
    Ok(row.get(0))
}

/// Processor seconds of a process, and of its children that have ended.
struct Times {
    parent: u32,
    own: f64,
    of_ended_children: f64,
}

impl Times {
    fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
        Self::parse(&stat).with_context(|| format!("cannot read the times of process {pid}"))
    }

    fn parse(stat: &str) -> Option<Self> {
        // The name, in brackets, may hold anything.
        let (_, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
        let per_second = ticks_per_second();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: (ticks(11)? + ticks(12)?) / per_second,
            of_ended_children: (ticks(13)? + ticks(14)?) / per_second,
        })
    }
}

/// The postmaster, its processes and those that have ended.
fn database_seconds(postmaster: u32) -> Result<f64> {
    let times = Times::of(postmaster)?;
    let mut seconds = times.own + times.of_ended_children;
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that ends meanwhile is counted next time, as its parent's.
        let Ok(times) = Times::of(pid) else { continue };
        if times.parent == postmaster {
            seconds += times.own;
        }
    }
    Ok(seconds)
}

/// What all processors did, less idling and waiting for disks.
fn machine_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let fields = stat.lines().next()?.split_whitespace().skip(1);
    let ticks: Vec<f64> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    // user, nice, system, (idle, iowait,) irq, softirq
    Some([0, 1, 2, 5, 6].iter().filter_map(|place| ticks.get(*place)).sum::<f64>() / ticks_per_second())
}

#[expect(clippy::cast_precision_loss, reason = "it is a hundred")]
fn ticks_per_second() -> f64 {
    sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64
}
