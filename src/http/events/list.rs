//! `GET /events`: what was sent, the newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::reply::EventReply;
use crate::domain::event::Status;
use crate::domain::event::{Event, Filter};
use crate::domain::ids::EventId;
use crate::domain::names::{EngineType, EventType, ScenarioRunId};
use crate::http::api::Api;
use crate::http::errors::{InputPlace, Problem};
use crate::http::pages::{self, Page, PageParameters, includes_payload};
use crate::http::requests::texts::{parse_uuid, time};
use crate::http::requests::{Input, Reader};

/// Parameters of which one must stand beside `status`: with nothing else, all history would be looked through.
const BESIDE_STATUS: [&str; 6] =
    ["engine_type", "event_type", "scenario_run_id", "caused_by", "created_after", "created_before"];

/// Lists events, the newest first. A limited token sees those of its engine types.
#[utoipa::path(
    get, path = "/events", operation_id = "list_events", tag = "events",
    params(
        ("engine_type" = Option<String>, Query, description = "Only of that queue"),
        ("event_type" = Option<String>, Query, description = "Only of that event type"),
        ("status" = Option<Status>, Query, description = "Only in that status; needs another filter, or a time, beside it"),
        ("scenario_run_id" = Option<String>, Query, description = "Only of that run"),
        ("caused_by" = Option<uuid::Uuid>, Query, description = "Only follow-ups of that event"),
        ("created_after" = Option<DateTime<Utc>>, Query, description = "Only from then on"),
        ("created_before" = Option<DateTime<Utc>>, Query, description = "Only before then"),
        ("include" = Option<String>, Query, description = "`payload`: with payloads"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of events", body = Page<EventReply>),
        (status = 504, description = "The filters pass over too much; name a time, a queue or a run"),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<EventReply>>, Problem> {
    let reader = input.reader();
    reader.caller();
    let enqueued_by = input.caller.only_its_own().map(|identity| Arc::clone(&identity.name));
    let mut filter = Filter { enqueued_by, ..read_filter(&reader) };
    let with_payload = includes_payload(&reader);
    let limit = pages::limit(&reader);
    // Ids are in the order of creation: place enough.
    let behind = reader.query("cursor", |text| parse_uuid(text).map_err(|_| pages::BAD_CURSOR)).map(EventId);
    reader.finish(|| Some(()))?;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let found = api.broker.list_events(&filter, behind, limit, with_payload).await?;
    let place = |event: &Event| event.event_id.to_string();
    Ok(Json(Page::of_read(found, place, EventReply::of)))
}

fn read_filter(reader: &Reader<'_>) -> Filter {
    let filter = Filter {
        engine_type: reader.query("engine_type", |text| EngineType::parse(text).map(|name| name.to_string())),
        engine_types: None,
        event_type: reader.query("event_type", |text| EventType::parse(text).map(|name| name.to_string())),
        status: reader.query("status", |text| {
            Status::parse(text).ok_or("must be queued, processing, completed, failed or cancelled")
        }),
        scenario_run_id: reader.query("scenario_run_id", |text| ScenarioRunId::parse(text).map(|id| id.to_string())),
        caused_by: reader.query("caused_by", parse_uuid).map(EventId),
        created_after: reader.query("created_after", time),
        created_before: reader.query("created_before", time),
        enqueued_by: None,
    };
    if filter.status.is_some() && !BESIDE_STATUS.iter().any(|name| reader.has_parameter(name)) {
        let detail = format!("needs one of {} beside it", BESIDE_STATUS.join(", "));
        reader.errors().add(InputPlace::Parameter("status".to_owned()), detail);
    }
    filter
}
