//! The partitions of `events`, `event_attempts` and `queue_history`: a day each, made ahead, dropped when old.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::InWords;
use super::error::Result;
use super::ownership::{self, Lasting};
use super::pool::{self, Pool};
use super::row::from_row;
use crate::domain::database_health::PartitionsAhead;

/// How far ahead partitions are made.
const DAYS_AHEAD: i32 = 7;

/// Held shared by a redrive, and exclusively while a partition is taken away, so that no event is
/// put back into the queue over a partition that is just leaving.
pub(super) const RETENTION_LOCK: &str = "hashtextextended('eventlease.retention', 0)";

/// No removal of a partition begins later than this after the first one. Beyond it there may be many more, as when fewer days
/// are to be kept than before: the next runs remove them.
const REMOVALS_BEGIN_WITHIN: Duration = Duration::from_secs(20);

/// Makes what is missing from yesterday to a week ahead, and says how many days were missing.
/// Waits for no one longer than a tenth of a second: the next run tries again.
pub async fn make_ahead(pool: &Pool) -> Result<u32> {
    let missing: Vec<NaiveDate> = sqlx::query_scalar(
        "select day from (select (statement_timestamp() at time zone 'UTC')::date + ahead as day
            from generate_series(-1, $1) as ahead) as days
         where to_regclass('eventlease.events_' || to_char(day, 'YYYYMMDD')) is null
            or to_regclass('eventlease.event_attempts_' || to_char(day, 'YYYYMMDD')) is null
            or to_regclass('eventlease.queue_history_' || to_char(day, 'YYYYMMDD')) is null",
    )
    .bind(DAYS_AHEAD)
    .fetch_all(&mut *pool.acquire().await?)
    .await?;
    let mut made = 0;
    for day in missing {
        let mut transaction = pool::begin(pool).await?;
        let user = ownership::current_user(&mut transaction).await?;
        sqlx::query("select set_config('lock_timeout', '100ms', true)").execute(&mut *transaction).await?;
        ownership::act_as_owner_of_tables(&mut transaction, Lasting::Transaction).await?;
        let was_made: bool = sqlx::query_scalar(
            "select eventlease.ensure_partitions_of_day($1)::integer + eventlease.ensure_history_partition($1)::integer > 0",
        )
            .bind(day)
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| {
                ownership::explained(error, &user, "make partitions, which the owner of the tables may")
            })?;
        transaction.commit().await?;
        made += u32::from(was_made);
    }
    Ok(made)
}

/// Makes the partitions of the day that `event_id` was made on, in a transaction that goes on.
pub async fn make_for_event(connection: &mut PgConnection, event_id: Uuid) -> Result<()> {
    let role_before = ownership::act_as_owner_of_tables(connection, Lasting::Transaction).await?;
    sqlx::query(
        "select eventlease.ensure_partitions_of_day((to_timestamp(
            ('x' || translate(left($1::text, 13), '-', ''))::bit(48)::bigint / 1000.0
        ) at time zone 'UTC')::date)",
    )
    .bind(event_id)
    .execute(&mut *connection)
    .await?;
    if let Some(role) = role_before {
        ownership::act_as(connection, &role).await?;
    }
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct OldPartition {
    parent: String,
    partition: String,
    is_attached: bool,
    is_detach_pending: bool,
}

/// What became of the partitions that were old enough to be removed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// How many partitions were.
    pub removed: u32,
    /// Someone's open snapshot was in the way, or there was no time left; the next run tries again.
    pub postponed: u32,
}

/// Removes partitions whose newest event is older than `retention_days` and none of whose events is open, and those of the history of
/// queues whose newest minute is older than `history_hours`. Detaches concurrently and then drops, so that no statement of others waits.
pub async fn remove_older_than(pool: &Pool, retention_days: i32, history_hours: i32) -> Result<Removal> {
    // A partition is detached outside of a transaction, so lock and time limit are the session's.
    let mut connection = pool.acquire_own_session().await?;
    // Its settings and its lock end with it, also where this round is given up half-way.
    connection.close_on_drop();
    let mut removal = Removal::default();
    sqlx::query("select set_config('lock_timeout', '100ms', false)").execute(&mut *connection).await?;
    let outcome = remove_with(&mut connection, retention_days, history_hours, &mut removal).await;
    sqlx::query("select pg_advisory_unlock_all()").execute(&mut *connection).await?;
    connection.close().await?;
    outcome.map(|()| removal)
}

async fn remove_with(
    connection: &mut PgConnection,
    retention_days: i32,
    history_hours: i32,
    removal: &mut Removal,
) -> Result<()> {
    let is_mine: bool =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select pg_try_advisory_lock({RETENTION_LOCK})")))
            .fetch_one(&mut *connection)
            .await?;
    if !is_mine {
        return Ok(());
    }
    ownership::act_as_owner_of_tables(connection, Lasting::Session).await?;
    let old: Vec<OldPartition> = sqlx::query_as(include_str!("sql/old_partitions.sql"))
        .bind(retention_days)
        .bind(history_hours)
        .fetch_all(&mut *connection)
        .await?;
    let began_at = Instant::now();
    for OldPartition { parent, partition, is_attached, is_detach_pending } in old {
        if began_at.elapsed() >= REMOVALS_BEGIN_WITHIN {
            removal.postponed += 1;
            continue;
        }
        // The names come from the catalogue and are made of letters, digits and underscores.
        let mut steps = Vec::new();
        if is_attached {
            let how = if is_detach_pending { "finalize" } else { "concurrently" };
            steps.push(format!("alter table eventlease.{parent} detach partition eventlease.{partition} {how}"));
        }
        steps.push(format!("drop table eventlease.{partition}"));
        let mut is_removed = true;
        for step in steps {
            if let Err(error) = sqlx::query(sqlx::AssertSqlSafe(step)).execute(&mut *connection).await {
                tracing::debug!(%partition, cause = %InWords(&error), "partition not removed yet");
                is_removed = false;
                break;
            }
        }
        if is_removed {
            removal.removed += 1;
        } else {
            removal.postponed += 1;
        }
    }
    Ok(())
}

from_row!(PartitionsAhead, "pg_inherits", table: String, { table, has_today, days_ahead });

/// Which days from today on have their partitions, for `events` and for `event_attempts`; counted to `most_days`.
pub async fn days_ahead(connection: &mut PgConnection, most_days: i32) -> Result<Vec<PartitionsAhead>> {
    Ok(sqlx::query_as(include_str!("sql/days_ahead.sql")).bind(most_days).fetch_all(connection).await?)
}
