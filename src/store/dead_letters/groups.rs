//! Dead letters counted by what they have in common.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Filter;
use crate::domain::dead_letters::GroupBy;
use crate::store::Result;

/// Dead letters that have something in common. What they were not grouped by is `None`.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Group {
    pub reason: Option<String>,
    pub event_type: Option<String>,
    pub error_type: Option<String>,
    pub engine_software_version: Option<String>,
    pub count: i64,
    /// Those of them that were not redriven as another event.
    pub redrivable: i64,
    pub first_dead_lettered_at: DateTime<Utc>,
    pub last_dead_lettered_at: DateTime<Utc>,
    /// The newest event among them.
    pub sample_event_id: Uuid,
}

/// Groups those that the filter lets through; up to `limit` groups, the largest first.
pub async fn group(connection: &mut PgConnection, filter: &Filter, by: &[GroupBy], limit: u32) -> Result<Vec<Group>> {
    let statement =
        concat!(include_str!("../sql/wanted_dead_letters.sql"), include_str!("../sql/group_dead_letters.sql"));
    let by: Vec<&str> = by.iter().map(|by| by.as_str()).collect();
    Ok(filter.bind(sqlx::query_as(statement)).bind(by).bind(i64::from(limit)).fetch_all(connection).await?)
}
