//! `POST /events/reschedule`: queued events become due at another time, or get another priority.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::broker::reschedule::{Progress, Selection};
use crate::domain::ids::EventId;
use crate::domain::limits::{MAX_BULK_EVENTS, MAX_DELAY_SECONDS, MAX_EXPECTED_COUNT, MAX_IDS_OF_FILTER};
use crate::domain::names::{EngineType, EventType, ScenarioRunId};
use crate::domain::rescheduling::{QueuedFilter, Reschedule};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::members::{ScenarioRunIdBody, all, priority, scenario_run_id};
use crate::http::requests::texts::time;
use crate::http::requests::values::{boolean, integer, parsed, uuid};
use crate::http::requests::{Fields, Input, described};

described! {
    /// Which queued events are meant: those that are all of it. At least one member.
    #[schema(as = QueuedEventFilter)]
    pub struct QueuedFilterBody of fields: Fields<'_> {
        engine_type: Option<EngineType> = optional(parsed(EngineType::parse)),
        event_type: Option<String> = optional(parsed(event_type)),
        scenario_run_id: Option<ScenarioRunId> as Option<ScenarioRunIdBody> = optional(scenario_run_id),
        event_ids: Option<Vec<uuid::Uuid>> = items(MAX_IDS_OF_FILTER, uuid),
    }
}

described! {
    /// Which queued events to change, and how. Exactly one of `filter` and `all`; at least one of `available_at`,
    /// `delay_seconds` and `priority`.
    #[schema(as = RescheduleEvents, example = json!({
        "filter": {"scenario_run_id": "night-42"}, "delay_seconds": 3600, "dry_run": true
    }))]
    pub struct RescheduleBody of fields: Fields<'_> {
        filter: Option<QueuedFilter> as Option<QueuedFilterBody> = part(of_filter),
        /// Every queued event that the token reaches.
        all: Option<bool> = optional(all),
        /// When they are due; a time in the past means now.
        available_at: Option<DateTime<Utc>> = optional(parsed(time)),
        /// Until they are due, from now on. Not beside `available_at`.
        delay_seconds: Option<u32> = optional(integer(0..=MAX_DELAY_SECONDS)),
        priority: Option<u8> = optional(priority),
        /// At most that many, the oldest first; 10,000 where it is left out.
        limit: Option<u32> = optional(integer(1..=MAX_BULK_EVENTS)),
        /// True: counts, and changes nothing. False where it is left out.
        dry_run: Option<bool> = optional(boolean),
        /// If another number matches, nothing is changed.
        expected_count: Option<u32> = optional(integer(0..=MAX_EXPECTED_COUNT)),
    }
}

/// Changes when queued events are due, and their priority: the oldest first, in steps. A limited token changes those of its
/// engine types. Events that are just being leased are passed over, and count as remaining.
#[utoipa::path(
    post, path = "/events/reschedule", operation_id = "reschedule_events", tag = "events", request_body = RescheduleBody,
    responses(
        (status = 200, description = "Changed, up to the limit", body = RescheduledReply),
        (status = 409, description = "Another number matches than expected; nothing was changed"),
    )
)]
pub async fn reschedule(State(api): State<Api>, input: Input) -> Result<Json<RescheduledReply>, Problem> {
    let (mut selection, change) = read(&input)?;
    let filter = &mut selection.filter;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let progress = api.broker.reschedule_events(&input.actor(&api), &selection, &change).await?;
    Ok(Json(RescheduledReply::of(progress)))
}

fn read(input: &Input) -> Result<(Selection, Reschedule), Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let body = fields.exactly(RescheduleBody::take);
        one_of_filter_and_all(&fields);
        if fields.is_given("available_at") && fields.is_given("delay_seconds") {
            fields.error("available_at", "stands beside delay_seconds; send one of the two");
        }
        if !["available_at", "delay_seconds", "priority"].iter().any(|name| fields.is_given(name)) {
            fields.error("delay_seconds", "is missing; send it, or available_at, or priority");
        }
        let selection = Selection {
            filter: body.filter.or_else(|| body.all.map(|_| QueuedFilter::default()))?,
            limit: body.limit.unwrap_or(MAX_BULK_EVENTS),
            expected_count: body.expected_count,
            is_dry_run: body.dry_run.unwrap_or(false),
        };
        let change =
            Reschedule { delay_seconds: body.delay_seconds, available_at: body.available_at, priority: body.priority };
        Some((selection, change))
    });
    reader.finish(|| read)
}

/// Refuses a body with both, and one with neither.
pub fn one_of_filter_and_all(fields: &Fields<'_>) {
    match (fields.is_given("filter"), fields.is_given("all")) {
        (true, true) => fields.error("all", "stands beside filter; send one of the two"),
        (false, false) => fields.error("filter", "is missing; all: true stands for every queued event"),
        (true, false) | (false, true) => {}
    }
}

/// Reads the filter of a body.
pub fn of_filter(fields: &Fields<'_>) -> QueuedFilter {
    if fields.says_nothing() {
        fields.refuse("is empty; all: true stands for every queued event");
    }
    let body = QueuedFilterBody::take(fields);
    QueuedFilter {
        engine_type: body.engine_type.map(|name| name.to_string()),
        engine_types: None,
        event_type: body.event_type,
        scenario_run_id: body.scenario_run_id.map(|id| id.to_string()),
        event_ids: body.event_ids.map(|ids| ids.into_iter().map(EventId).collect()),
    }
}

fn event_type(text: &str) -> Result<String, String> {
    EventType::parse(text).map(|name| name.to_string()).map_err(|error| error.to_string())
}

/// How far it came.
#[derive(Serialize, ToSchema)]
#[schema(as = RescheduledEvents)]
pub struct RescheduledReply {
    /// All that matched when the call began. Events that are as asked already do not match: so a call with `available_at` is
    /// repeated to go on.
    matched: i64,
    /// Changed.
    rescheduled: i64,
    /// Of those that matched, the ones that were not: beyond the limit, just being leased, or not queued any more.
    remaining: i64,
}

impl RescheduledReply {
    const fn of(progress: Progress) -> Self {
        let Progress { matched, done } = progress;
        Self { matched, rescheduled: done, remaining: matched - done }
    }
}
