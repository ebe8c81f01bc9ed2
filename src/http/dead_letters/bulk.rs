//! `/dead-letters/redrive` and `/dead-letters/purge`: many at a time.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{self, FilterBody};
use super::redrive::read_overrides;
use crate::broker::dead_letters::bulk::{Progress, Selection};
use crate::domain::dead_letters::Filter;
use crate::domain::dead_letters::Overrides;
use crate::domain::dead_letters::Schedule;
use crate::domain::ids::EventId;
use crate::domain::limits::{MAX_BULK_DEAD_LETTERS, MAX_DELAY_SECONDS, MAX_EXPECTED_COUNT, MAX_SPREAD_SECONDS};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::retry_policy::RetryPolicyBody;
use crate::http::requests::values::{boolean, integer};
use crate::http::requests::{Fields, Input};

/// Which dead letters to redrive, and what changes with it. Exactly one of `filter` and `all`.
#[derive(ToSchema)]
#[schema(as = RedriveDeadLetters, example = json!({
    "filter": {"engine_type": "dialogue", "reason": "retries_exhausted"}, "spread_seconds": 600, "dry_run": true
}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_redrive` reads it")]
pub struct RedriveManyBody {
    filter: Option<FilterBody>,
    /// Every dead letter.
    all: Option<bool>,
    /// At most that many, the oldest first; 10,000 where it is left out.
    limit: Option<u32>,
    /// They become due evenly over that many seconds; all at once where it is left out.
    spread_seconds: Option<u32>,
    priority: Option<u8>,
    /// Until the first one is due; 0 where it is left out.
    delay_seconds: Option<u32>,
    visibility_timeout_seconds: Option<u32>,
    retry_policy: Option<RetryPolicyBody>,
    /// True: counts, and changes nothing. False where it is left out.
    dry_run: Option<bool>,
    /// If another number matches, nothing is changed.
    expected_count: Option<u32>,
}

/// Puts many dead letters back into their queues, the oldest first, in steps. A call that was cut off
/// is repeated to go on.
#[utoipa::path(
    post, path = "/dead-letters/redrive", operation_id = "redrive_dead_letters", tag = "dead letters", request_body = RedriveManyBody,
    responses(
        (status = 200, description = "Redriven, up to the limit", body = RedrivenManyReply),
        (status = 409, description = "Another number matches than expected; nothing was changed"),
    )
)]
pub async fn redrive_many(State(api): State<Api>, input: Input) -> Result<Json<RedrivenManyReply>, Problem> {
    let (selection, schedule, overrides) = read_redrive(&input)?;
    input.caller.may_reach_some(&api, selection.filter.engine_type.as_deref())?;
    let by = input.actor(&api);
    Ok(Json(RedrivenManyReply::of(api.broker.redrive_many(&by, &selection, schedule, &overrides).await?)))
}

fn read_redrive(input: &Input) -> Result<(Selection, Schedule, Overrides), Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.map(|fields| {
        let selection = read_selection(&fields);
        let schedule = Schedule {
            delay_seconds: fields.optional("delay_seconds", integer(0..=MAX_DELAY_SECONDS)).unwrap_or(0),
            spread_seconds: fields.optional("spread_seconds", integer(0..=MAX_SPREAD_SECONDS)).unwrap_or(0),
        };
        let overrides = read_overrides(&fields);
        fields.finish();
        (selection, schedule, overrides)
    });
    reader.finish(|| {
        let (selection, schedule, overrides) = read?;
        let selection = selection?;
        let filter = Filter { is_redrivable: true, ..selection.filter };
        Some((Selection { filter, ..selection }, schedule, overrides))
    })
}

/// Which dead letters to remove. Exactly one of `filter` and `all`.
#[derive(ToSchema)]
#[schema(as = PurgeDeadLetters, example = json!({
    "filter": {"engine_type": "dialogue", "redrives_max": 0}, "expected_count": 12
}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_purge` reads it")]
pub struct PurgeManyBody {
    filter: Option<FilterBody>,
    /// Every dead letter.
    all: Option<bool>,
    /// At most that many, the oldest first; 10,000 where it is left out.
    limit: Option<u32>,
    /// True: counts, and changes nothing. False where it is left out.
    dry_run: Option<bool>,
    /// If another number matches, nothing is changed. May be left out of a dry run, which tells it.
    expected_count: Option<u32>,
}

/// Removes many dead letters for good, the oldest first, in steps. Their events stay `failed`.
#[utoipa::path(
    post, path = "/dead-letters/purge", operation_id = "purge_dead_letters", tag = "dead letters", request_body = PurgeManyBody,
    responses(
        (status = 200, description = "Removed, up to the limit", body = PurgedManyReply),
        (status = 409, description = "Another number matches than expected; nothing was changed"),
    )
)]
pub async fn purge_many(State(api): State<Api>, input: Input) -> Result<Json<PurgedManyReply>, Problem> {
    let selection = read_purge(&input)?;
    input.caller.may_reach_some(&api, selection.filter.engine_type.as_deref())?;
    Ok(Json(PurgedManyReply::of(api.broker.purge_dead_letters(&input.actor(&api), &selection).await?)))
}

fn read_purge(input: &Input) -> Result<Selection, Problem> {
    let reader = input.reader();
    reader.caller();
    let selection = reader.body()?.and_then(|fields| {
        let selection = read_selection(&fields);
        let is_dry_run = fields.peek("dry_run", boolean).unwrap_or(false);
        if !is_dry_run && !fields.is_given("expected_count") {
            fields.error("expected_count", "is missing; a dry run tells it");
        }
        fields.finish();
        selection
    });
    reader.finish(|| selection)
}

fn read_selection(fields: &Fields<'_>) -> Option<Selection> {
    let filter = filter::of_bulk(fields);
    let limit = fields.optional("limit", integer(1..=MAX_BULK_DEAD_LETTERS)).unwrap_or(MAX_BULK_DEAD_LETTERS);
    let expected_count = fields.optional("expected_count", integer(0..=MAX_EXPECTED_COUNT));
    let is_dry_run = fields.optional("dry_run", boolean).unwrap_or(false);
    Some(Selection { filter: filter?, limit, expected_count, is_dry_run })
}

/// How far a redrive came.
#[derive(Serialize, ToSchema)]
#[schema(as = RedrivenDeadLetters)]
pub struct RedrivenManyReply {
    /// All that matched when the call began.
    matched: i64,
    /// In their queues again.
    redriven: u64,
    /// Of those that matched, the ones beyond the limit.
    remaining: i64,
    /// Those redriven, by id, the oldest first; the first 1000. None in a dry run.
    #[schema(value_type = Vec<uuid::Uuid>)]
    event_ids: Vec<EventId>,
}

impl RedrivenManyReply {
    fn of(progress: Progress) -> Self {
        let Progress { matched, done, remaining, event_ids } = progress;
        Self { matched, redriven: done, remaining, event_ids }
    }
}

/// How far a purge came.
#[derive(Serialize, ToSchema)]
#[schema(as = PurgedDeadLetters)]
pub struct PurgedManyReply {
    /// All that matched when the call began.
    matched: i64,
    /// Gone.
    purged: u64,
    /// Of those that matched, the ones beyond the limit.
    remaining: i64,
    /// Those purged, by id, the oldest first; the first 1000. None in a dry run.
    #[schema(value_type = Vec<uuid::Uuid>)]
    event_ids: Vec<EventId>,
}

impl PurgedManyReply {
    fn of(progress: Progress) -> Self {
        let Progress { matched, done, remaining, event_ids } = progress;
        Self { matched, purged: done, remaining, event_ids }
    }
}
