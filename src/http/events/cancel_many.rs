//! `POST /events/cancel`: queued events, by a filter.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::reschedule::{QueuedFilterBody, of_filter, one_of_filter_and_all};
use crate::broker::reschedule::{Progress, Selection};
use crate::domain::limits::{MAX_BULK_EVENTS, MAX_EXPECTED_COUNT};
use crate::domain::rescheduling::QueuedFilter;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::members::all;
use crate::http::requests::values::{boolean, integer};
use crate::http::requests::{Fields, Input, described};

described! {
    /// Which queued events to cancel. Exactly one of `filter` and `all`.
    #[schema(as = CancelEvents, example = json!({"filter": {"engine_type": "dialogue", "event_type": "line.requested"}, "dry_run": true}))]
    pub struct CancelManyBody of fields: Fields<'_> {
        filter: Option<QueuedFilter> as Option<QueuedFilterBody> = part(of_filter),
        /// Every queued event that the token reaches.
        all: Option<bool> = optional(all),
        /// At most that many, the oldest first; 10,000 where it is left out.
        limit: Option<u32> = optional(integer(1..=MAX_BULK_EVENTS)),
        /// True: counts, and changes nothing. False where it is left out.
        dry_run: Option<bool> = optional(boolean),
        /// If another number matches, nothing is changed.
        expected_count: Option<u32> = optional(integer(0..=MAX_EXPECTED_COUNT)),
    }
}

/// Cancels queued events: the oldest first, in steps. A limited token cancels those of its engine types. What an engine works on
/// stays as it is; events that are just being leased are passed over, and count as remaining.
#[utoipa::path(
    post, path = "/events/cancel", operation_id = "cancel_events", tag = "events", request_body = CancelManyBody,
    responses(
        (status = 200, description = "Cancelled, up to the limit", body = CancelledReply),
        (status = 409, description = "Another number matches than expected; nothing was changed"),
    )
)]
pub async fn cancel_many(State(api): State<Api>, input: Input) -> Result<Json<CancelledReply>, Problem> {
    let mut selection = read(&input)?;
    match &selection.filter.engine_type {
        Some(engine_type) => input.caller.may_reach(&api, engine_type)?,
        None => selection.filter.engine_types = input.caller.engine_types().map(<[String]>::to_vec),
    }
    let progress = api.broker.cancel_events(&input.actor(&api), &selection).await?;
    Ok(Json(CancelledReply::of(progress)))
}

fn read(input: &Input) -> Result<Selection, Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(CancelManyBody::take);
        one_of_filter_and_all(&fields);
        Some(Selection {
            filter: body.filter.or_else(|| body.all.map(|_| QueuedFilter::default()))?,
            limit: body.limit.unwrap_or(MAX_BULK_EVENTS),
            expected_count: body.expected_count,
            is_dry_run: body.dry_run.unwrap_or(false),
        })
    });
    reader.finish(|| read)
}

/// How far it came.
#[derive(Serialize, ToSchema)]
#[schema(as = CancelledEvents)]
pub struct CancelledReply {
    /// All that matched when the call began.
    matched: i64,
    /// Cancelled.
    cancelled: i64,
    /// Of those that matched, the ones that were not: beyond the limit, just being leased, or not queued any more.
    remaining: i64,
}

impl CancelledReply {
    const fn of(progress: Progress) -> Self {
        let Progress { matched, done } = progress;
        Self { matched, cancelled: done, remaining: matched - done }
    }
}
