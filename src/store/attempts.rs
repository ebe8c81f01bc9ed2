//! Ended attempts, as they are read.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::endings::Answer;
use super::page::{PageRow, page, page_of};
use super::{Error, Page, Result};
use crate::domain::event::{Outcome, Status};
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::RawJson;

/// One ended attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub attempt: i32,
    pub engine_id: Option<EngineId>,
    pub engine_software_version: Option<String>,
    pub leased_at: Option<DateTime<Utc>>,
    pub ended_at: DateTime<Utc>,
    pub outcome: Outcome,
    pub answer: Option<Answer>,
    pub result: Option<RawJson>,
    pub error: Option<RawJson>,
    pub progress: Option<RawJson>,
    pub late_by_seconds: Option<f64>,
    pub final_status: Option<Status>,
}

/// An attempt as a row, and as a dead letter carries it.
#[derive(sqlx_macros::FromRow, Deserialize)]
pub(super) struct AttemptRow {
    attempt: i32,
    engine_id: Option<Uuid>,
    engine_software_version: Option<String>,
    incarnation: Option<i32>,
    leased_at: Option<DateTime<Utc>>,
    ended_at: DateTime<Utc>,
    outcome: String,
    answer: Option<String>,
    #[sqlx(default)]
    result: Option<Json<RawJson>>,
    error: Option<Json<RawJson>>,
    progress: Option<Json<RawJson>>,
    late_by_seconds: Option<f64>,
    final_status: Option<String>,
}

impl AttemptRow {
    pub(super) fn into_attempt(self, event_id: Uuid) -> Result<Attempt> {
        let corrupt = |column, value: &str| Error::corrupt("event_attempts", column, event_id, value);
        Ok(Attempt {
            attempt: self.attempt,
            engine_id: self.engine_id.map(EngineId),
            engine_software_version: self.engine_software_version,
            leased_at: self.leased_at,
            ended_at: self.ended_at,
            outcome: Outcome::parse(&self.outcome).ok_or_else(|| corrupt("outcome", &self.outcome))?,
            answer: parse_optional(self.answer.as_deref(), Answer::parse).map_err(|value| corrupt("answer", &value))?,
            result: self.result.map(|Json(json)| json),
            error: self.error.map(|Json(json)| json),
            progress: self.progress.map(|Json(json)| json),
            late_by_seconds: self.late_by_seconds,
            final_status: parse_optional(self.final_status.as_deref(), Status::parse)
                .map_err(|value| corrupt("final_status", &value))?,
        })
    }
}

/// Gives a dead letter the attempts back that it carried.
pub(super) async fn restore(connection: &mut PgConnection, event_id: EventId, attempts: &[AttemptRow]) -> Result<()> {
    fn column<'a, T>(attempts: &'a [AttemptRow], of: impl Fn(&'a AttemptRow) -> T) -> Vec<T> {
        attempts.iter().map(of).collect()
    }
    fn json(value: Option<&Json<RawJson>>) -> Option<&str> {
        value.map(|Json(json)| json.get())
    }
    sqlx::query(include_str!("sql/restore_attempts.sql"))
        .bind(event_id.0)
        .bind(column(attempts, |attempt| attempt.attempt))
        .bind(column(attempts, |attempt| attempt.engine_id))
        .bind(column(attempts, |attempt| attempt.engine_software_version.as_deref()))
        .bind(column(attempts, |attempt| attempt.incarnation))
        .bind(column(attempts, |attempt| attempt.leased_at))
        .bind(column(attempts, |attempt| attempt.ended_at))
        .bind(column(attempts, |attempt| attempt.outcome.as_str()))
        .bind(column(attempts, |attempt| attempt.answer.as_deref()))
        .bind(column(attempts, |attempt| json(attempt.result.as_ref())))
        .bind(column(attempts, |attempt| json(attempt.error.as_ref())))
        .bind(column(attempts, |attempt| json(attempt.progress.as_ref())))
        .bind(column(attempts, |attempt| attempt.late_by_seconds))
        .bind(column(attempts, |attempt| attempt.final_status.as_deref()))
        .execute(connection)
        .await?;
    Ok(())
}

fn parse_optional<T>(text: Option<&str>, parse: fn(&str) -> Option<T>) -> std::result::Result<Option<T>, String> {
    text.map(|text| parse(text).ok_or_else(|| text.to_owned())).transpose()
}

/// Ended attempts of one event, the newest first: up to `limit` of those before attempt `before`.
pub async fn list(
    connection: &mut PgConnection,
    event_id: EventId,
    before: Option<i32>,
    limit: u32,
) -> Result<Page<Attempt>> {
    let rows: Vec<PageRow<AttemptRow>> = sqlx::query_as(page!(
        order by "attempt desc",
        bytes "coalesce(octet_length(result::text), 0) + coalesce(octet_length(error::text), 0)
            + coalesce(octet_length(progress::text), 0)",
        "select attempt, engine_id, engine_software_version, incarnation, leased_at, ended_at, outcome, answer, result,
                error, progress, late_by_seconds, final_status
         from eventlease.event_attempts
         where event_id = $1 and attempt < coalesce($2, 2147483647)
         order by attempt desc
         limit $3"
    ))
    .bind(event_id.0)
    .bind(before)
    .bind(i64::from(limit) + 1)
    .fetch_all(connection)
    .await?;
    page_of(rows, limit, |row| row.into_attempt(event_id.0))
}

/// What is left to say to a caller whose lease is over.
#[derive(Clone, Debug)]
pub struct Lookback {
    /// The caller is registered, and its type is not that of the event.
    pub is_of_another_type: bool,
    pub event_status: Status,
    pub current_attempt: i32,
    /// The attempt in question, if there ever was one.
    pub ended: Option<EndedLease>,
}

#[derive(Clone, Debug)]
pub struct EndedLease {
    pub attempt: i32,
    pub outcome: Outcome,
    pub answer: Option<Answer>,
    pub available_at: Option<DateTime<Utc>>,
    pub ended_at: DateTime<Utc>,
}

#[derive(sqlx_macros::FromRow)]
struct LookbackRow {
    is_of_another_type: bool,
    event_status: Option<String>,
    current_attempt: i32,
    attempt: Option<i32>,
    outcome: Option<String>,
    answer: Option<String>,
    answer_available_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

/// Finds the ended attempt of `token`; without one, the newest that `caller` (or, unnamed, nobody
/// known) had. `None`: there is no such event.
pub async fn look_back(
    connection: &mut PgConnection,
    event_id: EventId,
    token: Option<LeaseToken>,
    caller: Option<EngineId>,
) -> Result<Option<Lookback>> {
    let row: Option<LookbackRow> = sqlx::query_as(include_str!("sql/look_back.sql"))
        .bind(event_id.0)
        .bind(token.map(LeaseToken::as_uuid))
        .bind(caller.map(|caller| caller.0))
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt = |column, value: &str| Error::corrupt("event_attempts", column, event_id, value);
    let status = row.event_status.as_deref();
    let ended = match (row.attempt, row.outcome, row.ended_at) {
        (Some(attempt), Some(outcome), Some(ended_at)) => Some(EndedLease {
            attempt,
            outcome: Outcome::parse(&outcome).ok_or_else(|| corrupt("outcome", &outcome))?,
            answer: parse_optional(row.answer.as_deref(), Answer::parse).map_err(|value| corrupt("answer", &value))?,
            available_at: row.answer_available_at,
            ended_at,
        }),
        _ => None,
    };
    Ok(Some(Lookback {
        is_of_another_type: row.is_of_another_type,
        event_status: status
            .and_then(Status::parse)
            .ok_or_else(|| corrupt("final_status", status.unwrap_or("null")))?,
        current_attempt: row.current_attempt,
        ended,
    }))
}
