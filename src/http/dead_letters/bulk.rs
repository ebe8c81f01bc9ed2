//! `/dead-letters/redrive` and `/dead-letters/purge`: many at a time.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{self, FilterBody};
use crate::broker::dead_letters::bulk::{Progress, Selection};
use crate::domain::dead_letters::Filter;
use crate::domain::dead_letters::Overrides;
use crate::domain::dead_letters::Schedule;
use crate::domain::ids::EventId;
use crate::domain::limits::{MAX_BULK_DEAD_LETTERS, MAX_DELAY_SECONDS, MAX_EXPECTED_COUNT, MAX_SPREAD_SECONDS};
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::members::{all, priority, visibility_timeout};
use crate::http::requests::retry_policy::RetryPolicyBody;
use crate::http::requests::values::{boolean, integer};
use crate::http::requests::{Fields, Input, described};

described! {
    /// Which dead letters to redrive, and what changes with it. Exactly one of `filter` and `all`.
    #[schema(as = RedriveDeadLetters, example = json!({
        "filter": {"engine_type": "dialogue", "reason": "retries_exhausted"}, "spread_seconds": 600, "dry_run": true
    }))]
    pub struct RedriveManyBody of fields: Fields<'_> {
        filter: Option<Filter> as Option<FilterBody> = part(filter::of_body),
        /// Every dead letter that the token reaches.
        all: Option<bool> = optional(all),
        /// At most that many, the oldest first; 10,000 where it is left out.
        limit: Option<u32> = optional(integer(1..=MAX_BULK_DEAD_LETTERS)),
        /// They become due evenly over that many seconds; all at once where it is left out.
        spread_seconds: Option<u32> = optional(integer(0..=MAX_SPREAD_SECONDS)),
        priority: Option<u8> = optional(priority),
        /// Until the first one is due; 0 where it is left out.
        delay_seconds: Option<u32> = optional(integer(0..=MAX_DELAY_SECONDS)),
        visibility_timeout_seconds: Option<u32> = optional(visibility_timeout()),
        retry_policy: Option<RetryPolicyOverrides> as Option<RetryPolicyBody> = part(RetryPolicyBody::whole),
        /// True: counts, and changes nothing. False where it is left out.
        dry_run: Option<bool> = optional(boolean),
        /// If another number matches, nothing is changed.
        expected_count: Option<u32> = optional(integer(0..=MAX_EXPECTED_COUNT)),
    }
}

/// Puts many dead letters back into their queues, the oldest first, in steps: with a limited token, those of its engine types. A
/// call that was cut off is repeated to go on.
#[utoipa::path(
    post, path = "/dead-letters/redrive", operation_id = "redrive_dead_letters", tag = "dead letters", request_body = RedriveManyBody,
    responses(
        (status = 200, description = "Redriven, up to the limit", body = RedrivenManyReply),
        (status = 409, description = "Another number matches than expected; nothing was changed"),
    )
)]
pub async fn redrive_many(State(api): State<Api>, input: Input) -> Result<Json<RedrivenManyReply>, Problem> {
    let (mut selection, schedule, overrides) = read_redrive(&input)?;
    let filter = &mut selection.filter;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let by = input.actor(&api);
    Ok(Json(RedrivenManyReply::of(api.broker.redrive_many(&by, &selection, schedule, &overrides).await?)))
}

fn read_redrive(input: &Input) -> Result<(Selection, Schedule, Overrides), Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(RedriveManyBody::take);
        let filter = filter::of_bulk(&fields, body.filter, body.all)?;
        let selection = Selection {
            filter: Filter { is_redrivable: true, ..filter },
            limit: body.limit.unwrap_or(MAX_BULK_DEAD_LETTERS),
            expected_count: body.expected_count,
            is_dry_run: body.dry_run.unwrap_or(false),
        };
        let schedule = Schedule {
            delay_seconds: body.delay_seconds.unwrap_or(0),
            spread_seconds: body.spread_seconds.unwrap_or(0),
        };
        let overrides = Overrides {
            priority: body.priority,
            visibility_timeout_seconds: body.visibility_timeout_seconds,
            retry_policy: body.retry_policy,
        };
        Some((selection, schedule, overrides))
    });
    reader.finish(|| read)
}

described! {
    /// Which dead letters to remove. Exactly one of `filter` and `all`.
    #[schema(as = PurgeDeadLetters, example = json!({
        "filter": {"engine_type": "dialogue", "redrives_max": 0}, "expected_count": 12
    }))]
    pub struct PurgeManyBody of fields: Fields<'_> {
        filter: Option<Filter> as Option<FilterBody> = part(filter::of_body),
        /// Every dead letter that the token reaches.
        all: Option<bool> = optional(all),
        /// At most that many, the oldest first; 10,000 where it is left out.
        limit: Option<u32> = optional(integer(1..=MAX_BULK_DEAD_LETTERS)),
        /// True: counts, and changes nothing. False where it is left out.
        dry_run: Option<bool> = optional(boolean),
        /// If another number matches, nothing is changed. May be left out of a dry run, which tells it.
        expected_count: Option<u32> = optional(integer(0..=MAX_EXPECTED_COUNT)),
    }
}

/// Removes many dead letters for good, the oldest first, in steps: with a limited token, those of its engine types. Their events
/// stay `failed`.
#[utoipa::path(
    post, path = "/dead-letters/purge", operation_id = "purge_dead_letters", tag = "dead letters", request_body = PurgeManyBody,
    responses(
        (status = 200, description = "Removed, up to the limit", body = PurgedManyReply),
        (status = 409, description = "Another number matches than expected; nothing was changed"),
    )
)]
pub async fn purge_many(State(api): State<Api>, input: Input) -> Result<Json<PurgedManyReply>, Problem> {
    let mut selection = read_purge(&input)?;
    let filter = &mut selection.filter;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    Ok(Json(PurgedManyReply::of(api.broker.purge_dead_letters(&input.actor(&api), &selection).await?)))
}

fn read_purge(input: &Input) -> Result<Selection, Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(PurgeManyBody::take);
        let is_dry_run = body.dry_run.unwrap_or(false);
        if !is_dry_run && !fields.is_given("expected_count") {
            fields.error("expected_count", "is missing; a dry run tells it");
        }
        let filter = filter::of_bulk(&fields, body.filter, body.all)?;
        let limit = body.limit.unwrap_or(MAX_BULK_DEAD_LETTERS);
        Some(Selection { filter, limit, expected_count: body.expected_count, is_dry_run })
    });
    reader.finish(|| read)
}

/// How far a redrive came.
#[derive(Serialize, ToSchema)]
#[schema(as = RedrivenDeadLetters)]
pub struct RedrivenManyReply {
    /// All that matched when the call began.
    matched: i64,
    /// In their queues again.
    redriven: u64,
    /// Of those that matched, the ones that are dead letters still: beyond the limit, or passed over.
    remaining: i64,
    /// Those passed over, counted by the code that a redrive of one of them is refused with.
    skipped: SkippedReply,
    /// Those redriven, by id, the oldest first; the first 1000. None in a dry run.
    #[schema(value_type = Vec<uuid::Uuid>)]
    event_ids: Vec<EventId>,
}

/// Dead letters that were passed over, by the code of why.
#[derive(Serialize, ToSchema)]
#[schema(as = SkippedDeadLetters)]
pub struct SkippedReply {
    /// Their scenario runs are cancelled.
    run_cancelled: u64,
    /// An open event of their queue has their unique key.
    unique_key_held: u64,
}

impl RedrivenManyReply {
    fn of(progress: Progress) -> Self {
        let Progress { matched, done, remaining, of_cancelled_runs, of_held_keys, event_ids } = progress;
        let skipped = SkippedReply { run_cancelled: of_cancelled_runs, unique_key_held: of_held_keys };
        Self { matched, redriven: done, remaining, skipped, event_ids }
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
        let Progress { matched, done, remaining, event_ids, .. } = progress;
        Self { matched, purged: done, remaining, event_ids }
    }
}
