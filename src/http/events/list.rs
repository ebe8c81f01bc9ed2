//! `GET /events`: what was sent, the newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::reply::EventReply;
use crate::domain::event::Status;
use crate::domain::event::{Event, Filter};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::limits::{
    MAX_DEAD_LETTER_THRESHOLD, MAX_ERROR_TYPE_CHARS, MAX_IDEMPOTENCY_KEY_CHARS, MAX_UNIQUE_KEY_CHARS,
};
use crate::domain::names::{EngineType, EventType, ScenarioRunId};
use crate::http::api::Api;
use crate::http::errors::{InputPlace, Problem};
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::texts::{number_in, parse_uuid, text_up_to, time};
use crate::http::requests::{Input, Reader};

/// Parameters of which one must stand beside `status`: with nothing else, all history would be looked through.
const BESIDE_STATUS: [&str; 10] = [
    "engine_type",
    "event_type",
    "scenario_run_id",
    "caused_by",
    "created_after",
    "created_before",
    "lease_losses_min",
    "failing",
    "leased_by",
    "error_type",
];

/// Filters of open events, which the service finds by what they do.
const OF_OPEN_EVENTS: [&str; 3] = ["lease_losses_min", "failing", "leased_by"];
/// Filters by which a few events are found, whatever they do. They stand beside none of the others.
const OF_FEW_EVENTS: [&str; 3] = ["caused_by", "idempotency_key", "unique_key"];

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
        ("lease_losses_min" = Option<u32>, Query, description = "Only open events with that many silent losses at least; with status=completed, failed or cancelled, those that ended so, also where they were lost before they were redriven, which needs created_after or scenario_run_id beside it"),
        ("failing" = Option<bool>, Query, description = "`true`: only open events of which a failure was reported since they were enqueued or redriven"),
        ("leased_by" = Option<uuid::Uuid>, Query, description = "Only events that this engine holds"),
        ("error_type" = Option<String>, Query, description = "Only with that type of the last error; needs failing=true, leased_by or lease_losses_min beside it, or status=failed, which then means dead letters"),
        ("idempotency_key" = Option<String>, Query, description = "Only those that this key stands for, of any caller and while it is remembered; needs engine_type beside it"),
        ("unique_key" = Option<String>, Query, description = "Only the open event that has this key; needs engine_type beside it"),
        ("include" = Option<String>, Query, description = "`payload`: with payloads"),
        ("view" = Option<String>, Query, description = "`brief`: without results, errors, progress and policies, but for their sizes and the beginning of an error's message"),
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
    let parts = pages::shown_parts(&reader);
    let limit = pages::limit(&reader);
    // Ids are in the order of creation: place enough.
    let behind = reader.query("cursor", |text| parse_uuid(text).map_err(|_| pages::BAD_CURSOR)).map(EventId);
    reader.finish(|| Some(()))?;
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let found = api.broker.list_events(&filter, behind, limit, parts).await?;
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
        lease_losses_min: reader.query("lease_losses_min", number_in(0..=MAX_DEAD_LETTER_THRESHOLD)),
        is_failing: reader
            .query("failing", |text| if text == "true" { Ok(()) } else { Err("can be true, nothing else") })
            .is_some(),
        leased_by: reader.query("leased_by", parse_uuid).map(EngineId),
        error_type: reader.query("error_type", text_up_to(MAX_ERROR_TYPE_CHARS)),
        idempotency_key: reader.query("idempotency_key", text_up_to(MAX_IDEMPOTENCY_KEY_CHARS)),
        unique_key: reader.query("unique_key", text_up_to(MAX_UNIQUE_KEY_CHARS)),
        created_after: reader.query("created_after", time),
        created_before: reader.query("created_before", time),
        enqueued_by: None,
    };
    if filter.status.is_some() && !BESIDE_STATUS.iter().any(|name| reader.has_parameter(name)) {
        let detail = format!("needs one of {} beside it", BESIDE_STATUS.join(", "));
        reader.errors().add(InputPlace::Parameter("status".to_owned()), detail);
    }
    check_company(reader, &filter);
    filter
}

/// Refuses filters that need another one beside them, and those that do not go together: no index finds what they mean.
fn check_company(reader: &Reader<'_>, filter: &Filter) {
    let refuse = |name: &str, detail: String| {
        reader.errors().add(InputPlace::Parameter(name.to_owned()), detail);
    };
    for name in ["idempotency_key", "unique_key"] {
        if reader.has_parameter(name) && !reader.has_parameter("engine_type") {
            refuse(name, "needs engine_type beside it".to_owned());
        }
    }
    let is_of_dead_letters = filter.status == Some(Status::Failed);
    let is_of_open = OF_OPEN_EVENTS.iter().any(|name| reader.has_parameter(name));
    if reader.has_parameter("error_type") && !is_of_open && !is_of_dead_letters {
        refuse("error_type", "needs failing=true, leased_by, lease_losses_min or status=failed beside it".to_owned());
    }
    if filter.ended_losses().is_some() {
        if !["created_after", "scenario_run_id"].iter().any(|name| reader.has_parameter(name)) {
            // They are few among many, and no index has them.
            refuse(
                "lease_losses_min",
                "needs created_after or scenario_run_id beside a status of events that have ended".to_owned(),
            );
        }
        for name in ["failing", "leased_by", "error_type"].into_iter().filter(|name| reader.has_parameter(name)) {
            refuse(name, "does not stand beside lease_losses_min with a status of events that have ended".to_owned());
        }
    }
    let few: Vec<&str> = OF_FEW_EVENTS.into_iter().filter(|name| reader.has_parameter(name)).collect();
    let open = OF_OPEN_EVENTS.into_iter().chain(["error_type"]).find(|name| reader.has_parameter(name));
    if let ([first, ..], Some(other)) = (few.as_slice(), open) {
        refuse(first, format!("does not stand beside {other}"));
    }
    if let [first, second, ..] = few.as_slice() {
        refuse(second, format!("does not stand beside {first}"));
    }
}
