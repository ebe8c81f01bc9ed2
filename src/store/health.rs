//! How the database stands: read on a connection of its own, since there may be none left in the pool just when
//! somebody asks why.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection as _, PgConnection};

use super::{Error, Pool, Result, migrations, partitions, pool};
use crate::config::DatabaseUrl;
use crate::domain::database_health::{
    ClockDifference, DatabaseHealth, Durability, MAX_DAYS_AHEAD_TOLD, MAX_SNAPSHOTS_TOLD, PoolUse, Snapshot,
    SnapshotHolder, Standby, TableHealth,
};

/// Connecting and all statements together take no longer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Each statement: they read catalogues and counters, which may be locked.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Debug)]
pub struct Examination {
    pub database: DatabaseHealth,
    /// Since when the session asked for exists; `None` where there is no such session.
    pub listener_since: Option<DateTime<Utc>>,
    pub clock: ClockDifference,
}

/// Examines the database of a pool, and whether the listener's process, if there is one, is still there.
pub async fn examine(pool: &Pool, listener_pid: Option<i32>) -> Result<Examination> {
    in_time(async {
        match PgConnection::connect_with(&pool.connect_options()).await {
            Err(error) if pool::is_out_of_room(&error) => {
                let mut connection = pool.acquire().await?;
                // Its settings end with it.
                connection.close_on_drop();
                examine_on(&mut connection, listener_pid).await
            }
            connected => examine_and_close(connected, listener_pid).await,
        }
    })
    .await
}

/// Examines the database of a URL.
pub async fn examine_url(url: &DatabaseUrl) -> Result<Examination> {
    let options = pool::connect_options(url, "eventlease doctor")?;
    in_time(async { examine_and_close(PgConnection::connect_with(&options).await, None).await }).await
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Error::Timeout(sqlx::Error::Io(io::Error::from(io::ErrorKind::TimedOut)).into());
    tokio::time::timeout(TIMEOUT, work).await.unwrap_or_else(|_| Err(late()))
}

async fn examine_and_close(connected: sqlx::Result<PgConnection>, listener_pid: Option<i32>) -> Result<Examination> {
    // Whatever hinders it, there is no database for the service.
    let mut connection = connected.map_err(|error| Error::Unavailable(error.into()))?;
    let found = examine_on(&mut connection, listener_pid).await;
    // Also where a statement failed: nobody else will use it.
    connection.close().await.ok();
    found
}

async fn examine_on(connection: &mut PgConnection, listener_pid: Option<i32>) -> Result<Examination> {
    let takes_writes = pool::set_up(&mut *connection, STATEMENT_TIMEOUT).await?;
    let clock = compare_clocks(connection).await?;
    let facts: Facts =
        sqlx::query_as(include_str!("sql/database_facts.sql")).bind(listener_pid).fetch_one(&mut *connection).await?;
    let snapshots: Vec<SnapshotRow> = sqlx::query_as(include_str!("sql/snapshot_holders.sql"))
        .bind(MAX_SNAPSHOTS_TOLD)
        .fetch_all(&mut *connection)
        .await?;
    let tables: Vec<TableRow> =
        sqlx::query_as(include_str!("sql/table_health.sql")).fetch_all(&mut *connection).await?;
    let standbys: Vec<StandbyRow> = sqlx::query_as(
        "select application_name, state, sync_state, extract(epoch from replay_lag)::float8 as replay_lag_seconds
         from pg_stat_replication
         where state is distinct from 'backup'
         order by application_name",
    )
    .fetch_all(&mut *connection)
    .await?;
    let database = DatabaseHealth {
        server_version: facts.server_version,
        user: facts.user,
        sees_other_users: facts.sees_other_users,
        server_encoding: facts.server_encoding,
        is_standby: facts.is_standby,
        is_read_only: !takes_writes,
        pending_migrations: migrations::count_pending_on(&mut *connection).await?,
        is_autovacuum_on: facts.is_autovacuum_on,
        snapshots: snapshots.into_iter().map(SnapshotRow::read).collect::<Result<_>>()?,
        tables: tables.into_iter().map(TableRow::read).collect(),
        partitions: partitions::days_ahead(connection, MAX_DAYS_AHEAD_TOLD).await?,
        durability: Durability {
            synchronous_commit: facts.synchronous_commit,
            fsync: facts.fsync,
            full_page_writes: facts.full_page_writes,
            synchronous_standby_names: facts.synchronous_standby_names,
            standbys: standbys.into_iter().map(StandbyRow::read).collect(),
        },
    };
    Ok(Examination { database, listener_since: facts.listener_since, clock })
}

async fn compare_clocks(connection: &mut PgConnection) -> Result<ClockDifference> {
    #[expect(clippy::disallowed_methods, reason = "to be compared with the database's clock, and for nothing else")]
    let asked_at = Utc::now();
    let asked = Instant::now();
    let database_time: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()").fetch_one(connection).await?;
    let round_trip = asked.elapsed();
    let replica_time = asked_at + TimeDelta::from_std(round_trip / 2).unwrap_or_default();
    Ok(ClockDifference {
        database_time,
        replica_time,
        difference_ms: (replica_time - database_time).num_milliseconds(),
        round_trip_ms: round_trip.as_secs_f64() * 1000.0,
    })
}

/// The age of the oldest snapshot that a session or prepared transaction holds, 0 where there is none; `None` where the role
/// may not see those of other users.
pub async fn oldest_snapshot_age(connection: &mut PgConnection) -> Result<Option<f64>> {
    Ok(sqlx::query_scalar(include_str!("sql/oldest_snapshot_age.sql")).fetch_one(connection).await?)
}

/// How many connections of the pool are open, and how many of them are idle.
pub fn pool_use(pool: &Pool) -> PoolUse {
    PoolUse { size: pool.size(), idle: pool.count_idle().try_into().unwrap_or(u32::MAX), max: pool.max_connections() }
}

#[derive(sqlx_macros::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "settings are what they are")]
struct Facts {
    server_version: String,
    user: String,
    sees_other_users: bool,
    server_encoding: String,
    is_standby: bool,
    is_autovacuum_on: bool,
    synchronous_commit: String,
    fsync: bool,
    full_page_writes: bool,
    synchronous_standby_names: String,
    listener_since: Option<DateTime<Utc>>,
}

#[derive(sqlx_macros::FromRow)]
struct SnapshotRow {
    held_by: String,
    name: Option<String>,
    pid: Option<i32>,
    application_name: Option<String>,
    user: Option<String>,
    state: Option<String>,
    since: Option<DateTime<Utc>>,
    age_seconds: Option<f64>,
    transactions_behind: i32,
}

impl SnapshotRow {
    fn read(self) -> Result<Snapshot> {
        let held_by = SnapshotHolder::parse(&self.held_by)
            .ok_or_else(|| Error::corrupt("holders", "held_by", "the statement", &self.held_by))?;
        Ok(Snapshot {
            held_by,
            name: self.name,
            pid: self.pid,
            application_name: self.application_name,
            user: self.user,
            state: self.state,
            since: self.since,
            age_seconds: self.age_seconds,
            transactions_behind: self.transactions_behind,
        })
    }
}

#[derive(sqlx_macros::FromRow)]
struct TableRow {
    table: String,
    live_rows: Option<i64>,
    dead_rows: Option<i64>,
    last_vacuum_at: Option<DateTime<Utc>>,
    last_autovacuum_at: Option<DateTime<Utc>>,
    last_analyze_at: Option<DateTime<Utc>>,
    vacuum_age_seconds: Option<f64>,
}

impl TableRow {
    fn read(self) -> TableHealth {
        TableHealth {
            table: self.table,
            live_rows: self.live_rows,
            dead_rows: self.dead_rows,
            last_vacuum_at: self.last_vacuum_at,
            last_autovacuum_at: self.last_autovacuum_at,
            last_analyze_at: self.last_analyze_at,
            vacuum_age_seconds: self.vacuum_age_seconds,
        }
    }
}

#[derive(sqlx_macros::FromRow)]
struct StandbyRow {
    application_name: Option<String>,
    state: Option<String>,
    sync_state: Option<String>,
    replay_lag_seconds: Option<f64>,
}

impl StandbyRow {
    fn read(self) -> Standby {
        Standby {
            application_name: self.application_name,
            state: self.state,
            sync_state: self.sync_state,
            replay_lag_seconds: self.replay_lag_seconds,
        }
    }
}
