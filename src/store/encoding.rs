//! In which encoding the database stores text. Only UTF-8 can store every character that a payload may have.

use std::sync::Arc;

use sqlx::PgConnection;

use super::error::{Error, Result};

/// Refuses a database of another encoding: it would take most events in, and fail at the first character it lacks.
pub async fn check(connection: &mut PgConnection) -> Result<()> {
    let (database, found): (String, String) =
        sqlx::query_as("select current_database()::text, current_setting('server_encoding')")
            .fetch_one(connection)
            .await?;
    if found == "UTF8" {
        return Ok(());
    }
    let problem = format!(
        "the database {database:?} has the encoding {found}, which cannot store all of Unicode, and UTF8 is needed; an encoding cannot be changed, so make another database: create database NAME encoding 'UTF8' locale 'C' template template0;"
    );
    Err(Error::Unusable(Arc::from(problem)))
}
