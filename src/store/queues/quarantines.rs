//! Quarantines, kept with their queue, whose row every claim reads anyway.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};

use crate::domain::queue::Quarantine;
use crate::store::clock;
use crate::store::error::Result;
use crate::store::row::Field;

impl Field for Vec<Quarantine> {
    fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
        Ok(row.try_get::<Option<Json<Self>>, _>(column)?.map_or_else(Vec::new, |Json(quarantines)| quarantines))
    }
}

/// The time of the database, for the beginning and the end of a quarantine.
pub async fn begin_and_end(
    connection: &mut PgConnection,
    lift_after_seconds: Option<u32>,
) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    let now = clock::now(connection).await?;
    Ok((now, lift_after_seconds.map(|seconds| now + TimeDelta::seconds(seconds.into()))))
}

/// Waits for claims that are under way for engines of that version: they may have begun before its quarantine was committed, and
/// hold the locks of their engines until they end. It cannot wait for one that has none of them yet, since it waits for that of
/// another engine: it does so for 200 ms at most.
pub async fn wait_for_claims(connection: &mut PgConnection, engine_type: &str, version: Option<&str>) -> Result<()> {
    sqlx::query(include_str!("../sql/wait_for_claims.sql")).bind(engine_type).bind(version).execute(connection).await?;
    Ok(())
}

/// Writes the quarantines of a locked queue.
pub async fn write(connection: &mut PgConnection, engine_type: &str, quarantines: &[Quarantine]) -> Result<()> {
    sqlx::query(include_str!("../sql/write_quarantines.sql"))
        .bind(engine_type)
        .bind((!quarantines.is_empty()).then_some(Json(quarantines)))
        .execute(connection)
        .await?;
    Ok(())
}
