//! How the database stands: read on a connection of its own, since there may be none left in the pool just when
//! somebody asks why.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use super::error::{Error, Result};
use super::pool::{self, Pool};
use super::row::from_row;
use super::{migrations, partitions};
use crate::config::DatabaseUrl;
use crate::domain::database_health::{
    ClockDifference, DatabaseHealth, Durability, MAX_DAYS_AHEAD_TOLD, MAX_SNAPSHOTS_TOLD, PoolUse, Snapshot, Standby,
    TableHealth,
};

/// Connecting and all statements together take no longer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Each statement: they read catalogues and counters, which may be locked.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Debug)]
pub struct Examination {
    /// What holds for every replica.
    pub database: DatabaseHealth,
    /// Since when the session asked for exists; `None` where there is no such session.
    pub listener_since: Option<DateTime<Utc>>,
    /// Of this replica.
    pub clock: ClockDifference,
}

/// Examines the database of a pool, and whether the listener's process, if there is one, is still there.
pub async fn examine(pool: &Pool, listener_pid: Option<i32>) -> Result<Examination> {
    in_time(async {
        match PgConnection::connect_with(&pool.connect_options()).await {
            Err(error) if pool::is_out_of_room(&error) => {
                let mut connection = pool.acquire_own_session().await?;
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
    in_time(async {
        let mut connected = PgConnection::connect_with(&options).await;
        if let Ok(first) = &mut connected {
            refuse_pooler(first, &options).await?;
        }
        examine_and_close(connected, None).await
    })
    .await
}

/// Examining sets things on the session, which behind a transaction pooler is not its own.
async fn refuse_pooler(first: &mut PgConnection, options: &PgConnectOptions) -> Result<()> {
    // A role that is given no second connection is not behind a pooler, which would let it wait.
    let Ok(mut second) = PgConnection::connect_with(options).await else { return Ok(()) };
    let is_pooled = pool::are_shared(first, &mut second).await?;
    second.close().await.ok();
    if is_pooled { Err(Error::Unusable(pool::EXAMINED_THROUGH_POOLER.into())) } else { Ok(()) }
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
    let snapshots: Vec<Snapshot> = sqlx::query_as(concat!(
        include_str!("sql/snapshot_holders.sql"),
        "select *, extract(epoch from statement_timestamp() - since)::float8 as age_seconds
         from holders
         order by transactions_behind desc, since nulls last
         limit $1"
    ))
    .bind(MAX_SNAPSHOTS_TOLD)
    .fetch_all(&mut *connection)
    .await?;
    let tables: Vec<TableHealth> =
        sqlx::query_as(include_str!("sql/table_health.sql")).fetch_all(&mut *connection).await?;
    let standbys: Vec<Standby> = sqlx::query_as(
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
        snapshots,
        tables,
        partitions: partitions::days_ahead(connection, MAX_DAYS_AHEAD_TOLD).await?,
        durability: Durability {
            synchronous_commit: facts.synchronous_commit,
            fsync: facts.fsync,
            full_page_writes: facts.full_page_writes,
            synchronous_standby_names: facts.synchronous_standby_names,
            standbys,
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

/// The age of the oldest snapshot that a session or prepared transaction holds, in seconds, 0 where there is none; `None`
/// where the role may not see those of other users. Replication slots do not say when their snapshot began.
pub async fn oldest_snapshot_age(connection: &mut PgConnection) -> Result<Option<f64>> {
    let statement = concat!(
        include_str!("sql/snapshot_holders.sql"),
        "select case when pg_has_role(current_user, 'pg_read_all_stats', 'usage')
            then coalesce(extract(epoch from statement_timestamp() - min(since))::float8, 0) end
         from holders"
    );
    Ok(sqlx::query_scalar(statement).fetch_one(connection).await?)
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

from_row!(Snapshot, "holders", held_by: String, {
    held_by, name, pid, application_name, user, state, since, age_seconds, transactions_behind,
});

from_row!(TableHealth, "pg_stat_user_tables", table: String, {
    table, live_rows, dead_rows, last_vacuum_at, last_autovacuum_at, last_analyze_at, vacuum_age_seconds,
});

from_row!(Standby, "pg_stat_replication", application_name: String, {
    application_name, state, sync_state, replay_lag_seconds,
});
