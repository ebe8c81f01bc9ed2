//! `GET /queues/{engine_type}/peek`: what would be leased next.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::domain::limits::MAX_PRIORITY;
use crate::domain::names::EngineType;
use crate::domain::queue::{PeekPlace, PeekedEvent};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::pages::{self, Page, PageParameters, includes_payload};
use crate::http::requests::Input;
use crate::http::shown::shown;

/// Looks at the events that would be leased next, without leasing them.
#[utoipa::path(
    get, path = "/queues/{engine_type}/peek", operation_id = "peek_queue", tag = "queues",
    params(
        ("engine_type" = String, Path, description = "The queue"),
        PageParameters,
        ("include" = Option<String>, Query, description = "`payload`: with payloads"),
    ),
    responses(
        (status = 200, description = "In the order of leasing", body = Page<PeekedEventReply>),
        (status = 404, description = "It had no event, engine or setting yet"),
    )
)]
pub async fn peek(State(api): State<Api>, input: Input) -> Result<Json<Page<PeekedEventReply>>, Problem> {
    let (engine_type, limit, behind, with_payload) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        let limit = pages::limit(&reader);
        let behind = reader.query("cursor", parse_place);
        let with_payload = includes_payload(&reader);
        reader.finish(|| Some((engine_type?, limit, behind, with_payload)))?
    };
    let found = api.broker.peek_queue(&engine_type, behind, limit, with_payload).await?;
    let place =
        |event: &PeekedEvent| format!("{}_{}", event.priority, pages::cursor(event.available_at, event.event_id));
    Ok(Json(Page::of_read(found, place, PeekedEventReply::of)))
}

/// A place in the order of leasing: the priority, and the place within it.
fn parse_place(text: &str) -> Result<PeekPlace, String> {
    let bad = || pages::BAD_CURSOR.to_owned();
    let (priority, place) = text.split_once('_').ok_or_else(bad)?;
    let priority = priority.parse::<u8>().ok().filter(|priority| *priority <= MAX_PRIORITY).ok_or_else(bad)?;
    let (available_at, event_id) = pages::parse_cursor(place)?;
    Ok(PeekPlace { priority, available_at, event_id: EventId(event_id) })
}

shown! {
    /// An event that waits to be leased.
    #[schema(as = PeekedEvent)]
    pub struct PeekedEventReply of event: PeekedEvent {
        #[schema(value_type = uuid::Uuid)]
        event_id: EventId,
        event_type: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Value>)]
        payload: Option<RawJson>,
        payload_bytes: i32,
        priority: i16,
        /// Attempts so far.
        attempt: i32,
        /// It had a silent loss: it is leased alone, or beside no other such event.
        is_suspect: bool,
        created_at: DateTime<Utc>,
        available_at: DateTime<Utc>,
    }
}
