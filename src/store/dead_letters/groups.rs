//! Dead letters counted by what they have in common.

use sqlx::PgConnection;
use uuid::Uuid;

use super::wanted::bind;
use crate::domain::dead_letters::{Filter, Group, GroupBy};
use crate::store::error::Result;
use crate::store::row::from_row;

from_row!(Group, "dead_letters", sample_event_id: Uuid, {
    reason, event_type, error_type, engine_software_version, count, redrivable, first_dead_lettered_at,
    last_dead_lettered_at, sample_event_id,
});

/// Groups those that the filter lets through; up to `limit` groups, the largest first.
pub async fn group(connection: &mut PgConnection, filter: &Filter, by: &[GroupBy], limit: u32) -> Result<Vec<Group>> {
    let statement =
        concat!(include_str!("../sql/wanted_dead_letters.sql"), include_str!("../sql/group_dead_letters.sql"));
    let by: Vec<&str> = by.iter().map(|by| by.as_str()).collect();
    Ok(bind(sqlx::query_as(statement), filter).bind(by).bind(i64::from(limit)).fetch_all(connection).await?)
}
