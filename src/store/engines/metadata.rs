//! What an engine says of itself, as it is stored: one column of JSON with two objects.

use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::json::RawJson;
use crate::store::{Error, Result};

/// The parts of `metadata`. They are taken apart here, since PostgreSQL's `->` refuses JSON with a `\u0000` or an unpaired
/// surrogate anywhere in it.
#[derive(Deserialize)]
pub(super) struct StoredMetadata {
    pub static_config: RawJson,
    pub dynamic_state: RawJson,
}

impl StoredMetadata {
    /// Of an engine's row.
    pub fn of(engine_id: Uuid, Json(metadata): &Json<RawJson>) -> Result<Self> {
        let json = metadata.get();
        let corrupt = || Error::corrupt("engine_states", "metadata", engine_id, json);
        let stored: Self = serde_json::from_str(json).map_err(|_| corrupt())?;
        let are_objects = [&stored.static_config, &stored.dynamic_state].iter().all(|part| part.get().starts_with('{'));
        if are_objects { Ok(stored) } else { Err(corrupt()) }
    }
}
