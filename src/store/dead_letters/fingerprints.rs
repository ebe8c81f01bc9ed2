//! Fingerprints of dead letters that have none, or one of an older rule: from an earlier version, or written by a replica of it.

use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::fingerprint::{Cause, RULE, fingerprint};
use crate::domain::limits::MAX_ERROR_MESSAGE_CHARS;
use crate::store::error::{Error, Result};

/// What a fingerprint is made of.
#[derive(sqlx_macros::FromRow)]
struct Row {
    event_id: Uuid,
    error_type: Option<String>,
    error_message: Option<String>,
    /// The error as JSON, where its message is cut.
    error: Option<String>,
    /// The newest attempt as JSON, where no error was reported.
    attempt: Option<String>,
}

/// How an attempt ended, among all that is known of it.
#[derive(Default, Deserialize)]
struct Ended {
    outcome: String,
}

impl Row {
    fn fingerprint(&self) -> Result<String> {
        let loss: Ended = match &self.attempt {
            Some(attempt) => serde_json::from_str(attempt)
                .map_err(|error| Error::corrupt("dead_letters", "attempts", self.event_id, &error.to_string()))?,
            None => Ended::default(),
        };
        let cause = match &self.error_message {
            Some(message) => Cause::Error {
                fingerprint: None,
                kind: self.error_type.as_deref(),
                message,
                json: self.error.as_deref(),
            },
            None => Cause::Loss { outcome: &loss.outcome },
        };
        Ok(fingerprint(cause).text.into_owned())
    }
}

/// Makes the fingerprints of up to `limit` dead letters; says how many. Must run in a transaction.
pub async fn fill_in(connection: &mut PgConnection, limit: u32) -> Result<usize> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("../sql/dead_letters_to_fingerprint.sql"))
        .bind(i64::from(limit))
        .bind(i32::try_from(MAX_ERROR_MESSAGE_CHARS).expect("a small number"))
        .fetch_all(&mut *connection)
        .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let fingerprints = rows.iter().map(Row::fingerprint).collect::<Result<Vec<String>>>()?;
    sqlx::query(include_str!("../sql/set_fingerprints.sql"))
        .bind(rows.iter().map(|row| row.event_id).collect::<Vec<_>>())
        .bind(fingerprints)
        .bind(RULE)
        .execute(connection)
        .await?;
    Ok(rows.len())
}
