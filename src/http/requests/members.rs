//! Members that several bodies have.

use utoipa::ToSchema;

use super::values::{integer, kind, text};
use crate::domain::limits::{MAX_PRIORITY, MAX_VISIBILITY_TIMEOUT_SECONDS, MIN_VISIBILITY_TIMEOUT_SECONDS};
use crate::domain::names::ScenarioRunId;

/// A text of 1 to 64 characters, or a whole number, which is kept as its decimal text.
#[derive(ToSchema)]
#[schema(as = ScenarioRunId)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `scenario_run_id` reads it")]
#[serde(untagged)]
pub enum ScenarioRunIdBody {
    Text(ScenarioRunIdText),
    Number(i64),
}

#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 64, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
#[expect(dead_code, reason = "describes the body to OpenAPI; `scenario_run_id` reads it")]
pub struct ScenarioRunIdText(String);

/// A text, or a whole number kept as its decimal text.
pub fn scenario_run_id(raw: &serde_json::value::RawValue) -> Result<ScenarioRunId, String> {
    let json = raw.get();
    let is_whole = !json.is_empty() && json.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
    let id = if is_whole {
        json.into()
    } else if json.starts_with('"') {
        text(raw)?
    } else {
        return Err(format!("must be a string or a whole number, not {}", kind(raw)));
    };
    ScenarioRunId::parse(&id).map_err(|error| error.to_string())
}

/// The member `all`, which stands for everything that a filter could let through.
pub fn all(raw: &serde_json::value::RawValue) -> Result<bool, String> {
    if raw.get() == "true" { Ok(true) } else { Err("can be true, nothing else".to_owned()) }
}

/// A priority, from 0 to 9.
pub fn priority(raw: &serde_json::value::RawValue) -> Result<u8, String> {
    integer(0..=MAX_PRIORITY.into())(raw).map(|number| u8::try_from(number).expect("no more than 9"))
}

/// Reads `visibility_timeout_seconds`, 1 to 43200.
pub fn visibility_timeout() -> impl FnOnce(&serde_json::value::RawValue) -> Result<u32, String> {
    integer(MIN_VISIBILITY_TIMEOUT_SECONDS..=MAX_VISIBILITY_TIMEOUT_SECONDS)
}
