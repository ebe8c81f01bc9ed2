//! Ended attempts, as they are read.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::attempt::Attempt;
use crate::domain::event::{Outcome, Status};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::json::RawJson;
use crate::domain::json::object::member_named;
use crate::domain::json::string::JsonString;
use crate::domain::limits::MAX_BRIEF_ERROR_CHARS;
use crate::domain::page::Page;
use crate::domain::settlement::Answer;
use crate::store::error::{Error, Result};
use crate::store::page::{PageRow, page, page_of};
use crate::store::row::from_row;

/// An attempt as a dead letter carries it.
#[derive(Deserialize)]
pub struct CarriedAttempt {
    attempt: i32,
    engine_id: Option<Uuid>,
    engine_software_version: Option<String>,
    incarnation: Option<i32>,
    leased_at: Option<DateTime<Utc>>,
    ended_at: DateTime<Utc>,
    outcome: String,
    answer: Option<String>,
    // Attempts that were carried before it was kept with them have none.
    answer_available_at: Option<DateTime<Utc>>,
    result: Option<RawJson>,
    error: Option<RawJson>,
    progress: Option<RawJson>,
    // Attempts that were carried before there were such words have none.
    code: Option<String>,
    reason: Option<String>,
    late_by_seconds: Option<f64>,
    // Attempts that were carried before it was noted have none.
    refused_report_at: Option<DateTime<Utc>>,
    refused_report_status: Option<String>,
    final_status: Option<String>,
}

impl CarriedAttempt {
    /// Fails where a stored value is not understood.
    pub fn into_attempt(self, event_id: Uuid) -> Result<Attempt> {
        let corrupt = |column, value: &str| Error::corrupt("event_attempts", column, event_id, value);
        Ok(Attempt {
            attempt: self.attempt,
            engine_id: self.engine_id.map(EngineId),
            engine_software_version: self.engine_software_version,
            incarnation: self.incarnation,
            leased_at: self.leased_at,
            ended_at: self.ended_at,
            outcome: Outcome::parse(&self.outcome).ok_or_else(|| corrupt("outcome", &self.outcome))?,
            answer: parse_optional(self.answer.as_deref(), Answer::parse).map_err(|value| corrupt("answer", &value))?,
            next_available_at: self.answer_available_at,
            result_bytes: bytes_of(self.result.as_ref()),
            result: self.result,
            error_type: text_of(self.error.as_ref(), "type"),
            error_message: text_of(self.error.as_ref(), "message"),
            error_bytes: bytes_of(self.error.as_ref()),
            error: self.error,
            progress_bytes: bytes_of(self.progress.as_ref()),
            progress: self.progress,
            code: self.code,
            reason: self.reason,
            late_by_seconds: self.late_by_seconds,
            refused_report_at: self.refused_report_at,
            refused_report_status: parse_optional(self.refused_report_status.as_deref(), Status::parse)
                .map_err(|value| corrupt("refused_report_status", &value))?,
            final_status: parse_optional(self.final_status.as_deref(), Status::parse)
                .map_err(|value| corrupt("final_status", &value))?,
            // What is a dead letter has not completed.
            follow_ups: None,
        })
    }
}

fn bytes_of(json: Option<&RawJson>) -> u32 {
    json.map_or(0, |json| u32::try_from(json.get().len()).unwrap_or(u32::MAX))
}

/// A text within an error, as the statements have it.
fn text_of(error: Option<&RawJson>, member: &str) -> Option<String> {
    let value = member_named(error?, member)?;
    JsonString::decode(value).map(|text| text.storable(MAX_BRIEF_ERROR_CHARS))
}

from_row!(Attempt, "event_attempts", event_id: EventId, {
    attempt, engine_id, engine_software_version, incarnation, leased_at, ended_at, outcome, answer, next_available_at, result,
    result_bytes, error, error_type, error_message, error_bytes, progress, progress_bytes, code, reason, late_by_seconds,
    refused_report_at, refused_report_status, final_status, follow_ups,
});

/// Gives a dead letter the attempts back that it carried.
pub async fn restore(connection: &mut PgConnection, event_id: EventId, attempts: &[CarriedAttempt]) -> Result<()> {
    fn column<'a, T>(attempts: &'a [CarriedAttempt], of: impl Fn(&'a CarriedAttempt) -> T) -> Vec<T> {
        attempts.iter().map(of).collect()
    }
    sqlx::query(include_str!("../sql/restore_attempts.sql"))
        .bind(event_id.0)
        .bind(column(attempts, |attempt| attempt.attempt))
        .bind(column(attempts, |attempt| attempt.engine_id))
        .bind(column(attempts, |attempt| attempt.engine_software_version.as_deref()))
        .bind(column(attempts, |attempt| attempt.incarnation))
        .bind(column(attempts, |attempt| attempt.leased_at))
        .bind(column(attempts, |attempt| attempt.ended_at))
        .bind(column(attempts, |attempt| attempt.outcome.as_str()))
        .bind(column(attempts, |attempt| attempt.answer.as_deref()))
        .bind(column(attempts, |attempt| attempt.result.as_ref().map(|json| json.get())))
        .bind(column(attempts, |attempt| attempt.error.as_ref().map(|json| json.get())))
        .bind(column(attempts, |attempt| attempt.progress.as_ref().map(|json| json.get())))
        .bind(column(attempts, |attempt| attempt.late_by_seconds))
        .bind(column(attempts, |attempt| attempt.final_status.as_deref()))
        .bind(column(attempts, |attempt| attempt.code.as_deref()))
        .bind(column(attempts, |attempt| attempt.reason.as_deref()))
        .bind(column(attempts, |attempt| attempt.answer_available_at))
        .bind(column(attempts, |attempt| attempt.refused_report_at))
        .bind(column(attempts, |attempt| attempt.refused_report_status.as_deref()))
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
    is_brief: bool,
) -> Result<Page<Attempt>> {
    let rows: Vec<PageRow<Attempt>> = sqlx::query_as(page!(
        order by "attempt desc",
        bytes "coalesce(octet_length(result::text), 0) + coalesce(octet_length(error::text), 0)
            + coalesce(octet_length(progress::text), 0) + coalesce(octet_length(follow_ups::text), 0)",
        include_str!("../sql/list_attempts.sql")
    ))
    .bind(event_id.0)
    .bind(before)
    .bind(i64::from(limit) + 1)
    .bind(is_brief)
    .fetch_all(connection)
    .await?;
    Ok(page_of(rows, limit))
}
