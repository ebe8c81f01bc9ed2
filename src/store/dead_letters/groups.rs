//! Dead letters counted by what they have in common, and how attempts ended by version.

use sqlx::PgConnection;
use uuid::Uuid;

use super::wanted::bind;
use crate::domain::dead_letters::{Filter, Group, GroupBy, MainCause, VersionAttempts};
use crate::domain::limits::{
    ATTEMPTS_BY_VERSION, ATTEMPTS_BY_VERSION_OF_QUEUE, COMPARED_DEAD_LETTERS, MAX_QUOTED_MESSAGE_CHARS,
    MAX_SAMPLE_MESSAGE_CHARS, MAX_VERSIONS, SCANNED_ATTEMPTS,
};
use crate::store::error::Result;
use crate::store::row::from_row;

from_row!(Group, "dead_letters", sample_event_id: Uuid, {
    engine_type, reason, event_type, error_type, error_fingerprint, engine_software_version, count, redrivable,
    first_dead_lettered_at, last_dead_lettered_at, sample_event_id, sample_message,
});

from_row!(MainCause, "dead_letters", sample_event_id: Uuid, {
    error_type, error_fingerprint, engine_software_version, count, all_count, causes, sample_message,
});

from_row!(VersionAttempts, "event_attempts", engine_type: String, {
    engine_type, engine_software_version, attempts, failed, lost, since,
});

/// Groups those that the filter lets through; up to `limit` groups, the largest first.
pub async fn group(connection: &mut PgConnection, filter: &Filter, by: &[GroupBy], limit: u32) -> Result<Vec<Group>> {
    let statement =
        concat!(include_str!("../sql/wanted_dead_letters.sql"), include_str!("../sql/group_dead_letters.sql"));
    let by: Vec<&str> = by.iter().map(|by| by.as_str()).collect();
    Ok(bind(sqlx::query_as(statement), filter)
        .bind(by)
        .bind(i64::from(limit))
        .bind(MAX_SAMPLE_MESSAGE_CHARS)
        .fetch_all(connection)
        .await?)
}

/// What most of the newest dead letters of a queue died of, of those of the last seconds; `None` where there are none.
pub async fn main_cause(connection: &mut PgConnection, engine_type: &str, seconds: u32) -> Result<Option<MainCause>> {
    Ok(sqlx::query_as(include_str!("../sql/main_cause.sql"))
        .bind(engine_type)
        .bind(f64::from(seconds))
        .bind(COMPARED_DEAD_LETTERS)
        .bind(MAX_QUOTED_MESSAGE_CHARS)
        .fetch_optional(connection)
        .await?)
}

/// How the newest attempts of these queues (`None`: of all) ended, by version; the versions with the most attempts.
pub async fn attempts_by_version(
    connection: &mut PgConnection,
    engine_types: Option<&[&str]>,
) -> Result<Vec<VersionAttempts>> {
    Ok(sqlx::query_as(include_str!("../sql/attempts_by_version.sql"))
        .bind(engine_types)
        .bind(SCANNED_ATTEMPTS)
        .bind(ATTEMPTS_BY_VERSION_OF_QUEUE)
        .bind(ATTEMPTS_BY_VERSION)
        .bind(MAX_VERSIONS)
        .fetch_all(connection)
        .await?)
}
