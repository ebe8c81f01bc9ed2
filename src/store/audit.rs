//! The audit trail: what operators and admins changed.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::Result;
use super::page::{PageRow, page, page_of};
use super::pool::Pool;
use super::row::from_row;
use crate::domain::access::{Operation, Role};
use crate::domain::audit::{Actor, Entry, Filter, bounded};
use crate::domain::event::Event;
use crate::domain::explain::ended::Cancellation;
use crate::domain::page::Page;

/// Records a change, with the transaction that makes it. `details` never hold a payload, nor a secret; large ones are cut.
pub async fn record(
    connection: &mut PgConnection,
    by: &Actor,
    action: Operation,
    subject: &str,
    details: &Value,
) -> Result<()> {
    record_text(connection, by, action, subject, &details.to_string()).await
}

/// The same with details that are JSON already, as it was sent: it may have numbers that no type of ours holds.
pub async fn record_text(
    connection: &mut PgConnection,
    by: &Actor,
    action: Operation,
    subject: &str,
    details: &str,
) -> Result<()> {
    sqlx::query(
        "insert into eventlease.audit (actor, token_id, role, address, request_id, via, action, subject, details)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::json)",
    )
    .bind(&by.name)
    .bind(by.token_id.map(|token_id| token_id.0))
    .bind(by.role.map(Role::as_str))
    .bind(by.address.map(|address| address.to_string()))
    .bind(&by.request_id)
    .bind(by.is_by_dashboard.then_some(Actor::DASHBOARD))
    .bind(action.id())
    .bind(subject)
    .bind(&*bounded(details))
    .execute(connection)
    .await?;
    Ok(())
}

from_row!(Entry, "audit", audit_id: Uuid, {
    audit_id, recorded_at, actor, token_id, role, address, request_id, via, action, subject, details,
});

/// A page of entries behind the last one seen, the newest first.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<Uuid>,
    limit: u32,
) -> Result<Page<Entry>> {
    let rows: Vec<PageRow<Entry>> = sqlx::query_as(page!(
        order by "audit_id desc",
        bytes "octet_length(details::text)",
        "select audit_id, recorded_at, actor, token_id, role, address, request_id, via, action, subject, details
         from eventlease.audit
         where audit_id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            and ($2::text is null or actor = $2)
            and ($3::text is null or action = $3)
            and ($4::text is null or subject = $4)
            and ($5::timestamptz is null or recorded_at >= $5)
            and ($6::timestamptz is null or recorded_at < $6)
         order by audit_id desc limit $7"
    ))
    .bind(behind)
    .bind(&filter.actor)
    .bind(&filter.action)
    .bind(&filter.subject)
    .bind(filter.recorded_after)
    .bind(filter.recorded_before)
    .bind(i64::from(limit) + 1)
    .fetch_all(connection)
    .await?;
    Ok(page_of(rows, limit))
}

/// What the audit trail has of the cancellation of an event.
pub async fn cancellation(connection: &mut PgConnection, event: &Event) -> Result<Cancellation> {
    let found: Option<(String, DateTime<Utc>)> = sqlx::query_as(include_str!("sql/cancellation.sql"))
        .bind(event.event_id.to_string())
        .bind(&event.scenario_run_id)
        .bind(&event.engine_type)
        .bind(event.created_at)
        .bind(event.finished_at)
        .fetch_optional(connection)
        .await?;
    Ok(match found {
        Some((action, _)) if action == Operation::CancelEvent.id() => Cancellation::Alone,
        Some((action, _)) if action == Operation::CancelScenarioRun.id() => Cancellation::WithItsRun,
        Some((_, recorded_at)) => Cancellation::WithOthers(recorded_at),
        None => Cancellation::Unknown,
    })
}

/// One statement removes no more than this.
const FORGOTTEN_AT_ONCE: i64 = 10_000;

/// Removes entries that are older than `days`, up to `FORGOTTEN_AT_ONCE` of them.
pub async fn forget_older_than(pool: &Pool, days: i32) -> Result<u64> {
    let done = sqlx::query(
        "delete from eventlease.audit where audit_id in (
             select audit_id from eventlease.audit
             where recorded_at < statement_timestamp() - make_interval(days => $1)
             order by recorded_at limit $2)",
    )
    .bind(days)
    .bind(FORGOTTEN_AT_ONCE)
    .execute(&mut *pool.acquire().await?)
    .await?;
    Ok(done.rows_affected())
}
