//! What an engine says of itself, as it is stored: one column of JSON with two objects.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;

use crate::domain::engine::Description;
use crate::domain::json::RawJson;
use crate::store::row::{Field, unknown};

/// The parts of the column `metadata`. They are taken apart here, since PostgreSQL's `->` refuses JSON with a `\u0000` or
/// an unpaired surrogate anywhere in it.
impl Field for Description {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        let Json(metadata): Json<RawJson> = row.try_get("metadata")?;
        serde_json::from_str(metadata.get())
            .ok()
            .filter(|Self { static_config, dynamic_state }: &Self| {
                [static_config, dynamic_state].iter().all(|part| part.get().starts_with('{'))
            })
            .ok_or_else(|| unknown("metadata", metadata))
    }
}
