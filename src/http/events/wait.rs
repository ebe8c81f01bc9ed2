//! `POST /events/wait`.

use std::collections::HashSet;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::broker::wait_for_many::{Awaited, Until};
use crate::domain::event::BriefEvent;
use crate::domain::ids::EventId;
use crate::domain::limits::{MAX_AWAITED_EVENTS, MAX_WAIT_SECONDS};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::values::{integer, parsed, uuid};
use crate::http::requests::{Fields, Input, described};

/// What a wait lasts for, unless its time is over before.
#[derive(ToSchema)]
#[schema(as = WaitUntil, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the body to OpenAPI; `until` reads it")]
pub enum WaitUntilBody {
    /// The end of one of the events.
    Any,
    /// The end of the last of them.
    All,
}

fn until(text: &str) -> Result<Until, &'static str> {
    match text {
        "any" => Ok(Until::Any),
        "all" => Ok(Until::All),
        _ => Err("must be any or all"),
    }
}

described! {
    /// Which events to wait for, and for how long.
    #[schema(as = WaitForEvents, example = json!({
        "event_ids": ["01926f5e-7a3c-7d2e-9b54-3f1c8a6d2e10"], "wait_seconds": 20, "until": "all"
    }))]
    pub struct WaitBody of fields: Fields<'_> {
        /// One that is named twice is answered once.
        event_ids: Option<Vec<uuid::Uuid>> as Vec<uuid::Uuid> = items(MAX_AWAITED_EVENTS, uuid),
        /// Answers at once where it is left out.
        wait_seconds: Option<u32> = optional(integer(0..=MAX_WAIT_SECONDS)),
        /// `all` where it is left out.
        until: Option<Until> as Option<WaitUntilBody> = optional(parsed(until)),
    }
}

/// Waits for the ends of up to 100 events: until one of them has ended, or all, or the time is over.
#[utoipa::path(
    post, path = "/events/wait", operation_id = "wait_for_events", tag = "events", request_body = WaitBody,
    responses((status = 200, description = "How they stand", body = AwaitedReply))
)]
pub async fn wait(State(api): State<Api>, input: Input) -> Result<Json<AwaitedReply>, Problem> {
    let (event_ids, until, wait) = read_wait(&input)?;
    let own = input.caller.only_its_own().map(|identity| &*identity.name);
    let is_visible = |event: &BriefEvent| {
        own.is_none_or(|name| event.enqueued_by.as_deref() == Some(name)) && input.caller.reaches(&event.engine_type)
    };
    let awaited = api.broker.wait_for_events(&event_ids, until, wait, input.calling_engine(), is_visible).await;
    let Awaited { ended, open, unknown } = input.caller.after_wait(&api, awaited)?;
    Ok(Json(AwaitedReply { events: ended, open, unknown }))
}

fn read_wait(input: &Input) -> Result<(Vec<EventId>, Until, Duration), Problem> {
    let reader = input.reader();
    reader.caller();
    let read = reader.body()?.and_then(|fields| {
        let WaitBody { event_ids, wait_seconds, until } = fields.exactly(WaitBody::take);
        match &event_ids {
            Some(event_ids) if event_ids.is_empty() => fields.error("event_ids", "must have at least one event"),
            None if !fields.is_given("event_ids") => fields.error("event_ids", "is missing"),
            Some(_) | None => {}
        }
        let mut seen = HashSet::new();
        let event_ids = event_ids?.into_iter().map(EventId).filter(|event_id| seen.insert(*event_id)).collect();
        let wait = Duration::from_secs(wait_seconds.unwrap_or(0).into());
        Some((event_ids, until.unwrap_or(Until::All), wait))
    });
    reader.finish(|| read)
}

/// How the events stand, in the order in which they were asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = AwaitedEvents)]
pub struct AwaitedReply {
    /// Those that have ended.
    events: Vec<BriefEvent>,
    /// Those that are open still.
    #[schema(value_type = Vec<uuid::Uuid>)]
    open: Vec<EventId>,
    /// Those that are not known, or that the caller may not read.
    #[schema(value_type = Vec<uuid::Uuid>)]
    unknown: Vec<EventId>,
}
