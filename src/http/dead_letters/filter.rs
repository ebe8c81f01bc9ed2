//! Which dead letters are meant: the same members in a query and in a body.

use chrono::{DateTime, Utc};
use utoipa::IntoParams;

use crate::domain::dead_letters::{Filter, Wanted};
use crate::domain::event::DeadLetterReason;
use crate::domain::limits::{
    MAX_ERROR_CONTAINS_CHARS, MAX_ERROR_TYPE_CHARS, MAX_FINGERPRINT_CHARS, MAX_SOFTWARE_VERSION_CHARS,
};
use crate::domain::names::{EngineType, EventType, ScenarioRunId};
use crate::http::requests::members::{ScenarioRunIdBody, scenario_run_id};
use crate::http::requests::texts::{number_in, text_up_to, time};
use crate::http::requests::values::{integer, parsed};
use crate::http::requests::{Fields, Patch, Reader, described};

const MAX_REDRIVES: u32 = 1_000_000;

/// The members in which null asks for dead letters without such a text.
const NULL_SAYS_SOMETHING: [&str; 3] = ["error_type", "error_fingerprint", "engine_software_version"];

described! {
    /// Which dead letters are meant: those that are all of it. At least one member.
    #[schema(as = DeadLetterFilter)]
    pub struct FilterBody of fields: Fields<'_> {
        engine_type: Option<String> = optional(parsed(engine_type)),
        event_type: Option<String> = optional(parsed(event_type)),
        reason: Option<DeadLetterReason> = optional(parsed(reason)),
        /// The type of the last error; null: it had none.
        error_type: Patch<String> as Option<String> = patch(parsed(error_type)),
        /// What the server says that errors of one cause have in common, or the engine said; null: housekeeping has yet to make it.
        error_fingerprint: Patch<String> as Option<String> = patch(parsed(error_fingerprint)),
        /// The last error's message has that text, in any case.
        error_contains: Option<String> = optional(parsed(error_contains)),
        scenario_run_id: Option<ScenarioRunId> as Option<ScenarioRunIdBody> = optional(scenario_run_id),
        /// Of the engine that last worked on it; null: it had none, or is not known.
        engine_software_version: Patch<String> as Option<String> = patch(parsed(software_version)),
        /// From then on.
        dead_lettered_after: Option<DateTime<Utc>> = optional(parsed(time)),
        /// Before then.
        dead_lettered_before: Option<DateTime<Utc>> = optional(parsed(time)),
        /// Redriven at most that often.
        #[schema(minimum = 0, maximum = 1_000_000)]
        redrives_max: Option<u32> = optional(integer(0..=MAX_REDRIVES)),
    }
}

/// The same in a query; `redrives_max` stands beside it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query to OpenAPI; `of_query` reads it")]
pub struct FilterParameters {
    /// Only of that queue
    engine_type: Option<String>,
    /// Only of that event type
    event_type: Option<String>,
    /// Only for that reason
    reason: Option<DeadLetterReason>,
    /// Only whose last error had that type; empty: none
    error_type: Option<String>,
    /// Only of that cause; empty: those whose fingerprint is not made yet
    error_fingerprint: Option<String>,
    /// Only whose last error's message has that text, in any case
    error_contains: Option<String>,
    /// Only of that run
    scenario_run_id: Option<String>,
    /// Only last worked on by that version; empty: by none, or an unknown one
    engine_software_version: Option<String>,
    /// Only from then on
    dead_lettered_after: Option<DateTime<Utc>>,
    /// Only before then
    dead_lettered_before: Option<DateTime<Utc>>,
}

fn engine_type(text: &str) -> Result<String, String> {
    EngineType::parse(text).map(|name| name.to_string()).map_err(|error| error.to_string())
}

fn event_type(text: &str) -> Result<String, String> {
    EventType::parse(text).map(|name| name.to_string()).map_err(|error| error.to_string())
}

fn reason(text: &str) -> Result<DeadLetterReason, &'static str> {
    DeadLetterReason::parse(text).ok_or("must be retries_exhausted, not_retryable or lease_losses_exhausted")
}

fn error_type(text: &str) -> Result<String, String> {
    text_up_to(MAX_ERROR_TYPE_CHARS)(text)
}

fn error_fingerprint(text: &str) -> Result<String, String> {
    text_up_to(MAX_FINGERPRINT_CHARS)(text)
}

fn error_contains(text: &str) -> Result<String, String> {
    text_up_to(MAX_ERROR_CONTAINS_CHARS)(text)
}

fn software_version(text: &str) -> Result<String, String> {
    text_up_to(MAX_SOFTWARE_VERSION_CHARS)(text)
}

/// Nothing that can be filtered by is an empty text: in a query it stands for null.
fn or_missing(read: impl Fn(&str) -> Result<String, String>) -> impl Fn(&str) -> Result<Wanted, String> {
    move |text| if text.is_empty() { Ok(Wanted::Missing) } else { read(text).map(Wanted::Text) }
}

/// What a member of a body asks for, in which null is another thing than nothing.
fn wanted(member: Patch<String>) -> Option<Wanted> {
    match member {
        Patch::Keep => None,
        Patch::Clear => Some(Wanted::Missing),
        Patch::Set(text) => Some(Wanted::Text(text)),
    }
}

/// Reads a filter out of a query.
pub fn of_query(reader: &Reader<'_>) -> Filter {
    Filter {
        engine_type: reader.query("engine_type", engine_type),
        engine_types: None,
        event_type: reader.query("event_type", event_type),
        reason: reader.query("reason", reason),
        error_type: reader.query("error_type", or_missing(error_type)),
        error_fingerprint: reader.query("error_fingerprint", or_missing(error_fingerprint)),
        error_contains: reader.query("error_contains", error_contains),
        scenario_run_id: reader.query("scenario_run_id", |text| ScenarioRunId::parse(text).map(|id| id.to_string())),
        engine_software_version: reader.query("engine_software_version", or_missing(software_version)),
        dead_lettered_after: reader.query("dead_lettered_after", time),
        dead_lettered_before: reader.query("dead_lettered_before", time),
        redrives_max: reader.query("redrives_max", number_in(0..=MAX_REDRIVES)).map(u32::cast_signed),
        is_redrivable: false,
    }
}

/// Reads the member `filter`, which says something.
pub fn of_body(fields: &Fields<'_>) -> Filter {
    if fields.says_nothing() && !NULL_SAYS_SOMETHING.iter().any(|name| fields.is_there(name)) {
        fields.refuse("is empty; all: true stands for every dead letter");
    }
    let body = FilterBody::take(fields);
    Filter {
        engine_type: body.engine_type,
        engine_types: None,
        event_type: body.event_type,
        reason: body.reason,
        error_type: wanted(body.error_type),
        error_fingerprint: wanted(body.error_fingerprint),
        error_contains: body.error_contains,
        scenario_run_id: body.scenario_run_id.map(|id| id.to_string()),
        engine_software_version: wanted(body.engine_software_version),
        dead_lettered_after: body.dead_lettered_after,
        dead_lettered_before: body.dead_lettered_before,
        redrives_max: body.redrives_max.map(u32::cast_signed),
        is_redrivable: false,
    }
}

/// Exactly one of `filter` and `all`: what changes many says which.
pub fn of_bulk(body: &Fields<'_>, filter: Option<Filter>, all: Option<bool>) -> Option<Filter> {
    match (body.is_given("filter"), body.is_given("all")) {
        (true, true) => body.error("all", "stands beside filter; send one of the two"),
        (false, false) => body.error("filter", "is missing; all: true stands for every dead letter"),
        (true, false) | (false, true) => {}
    }
    filter.or_else(|| all.map(|_| Filter::default()))
}
