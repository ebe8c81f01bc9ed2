//! `GET /engines/{engine_id}/leases`: what an engine holds.

use axum::Json;
use axum::extract::State;

use crate::domain::ids::{EngineId, EventId};
use crate::domain::leased_event::LeasedEvent;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::leases::leased_event::{HeldEventBody, LeasedEventReply};
use crate::http::pages;
use crate::http::pages::{Page, PageParameters};
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;

/// Lists what an engine holds, with payloads, the newest lease first; tokens for the engine itself.
#[utoipa::path(
    get, path = "/engines/{engine_id}/leases", operation_id = "list_engine_leases", tag = "engines",
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "The engine itself is shown its lease tokens"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of its leases", body = Page<HeldEventBody>),
        (status = 404, description = "Not registered"),
        (status = 422, description = "Not a UUID"),
    )
)]
pub async fn leases(State(api): State<Api>, input: Input) -> Result<Json<Page<LeasedEventReply>>, Problem> {
    let (engine_id, is_itself, asked) = {
        let reader = input.reader();
        let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
        let caller = reader.caller();
        let asked = pages::asked(&reader, EventId);
        reader.finish(|| Some((engine_id?, caller == engine_id, asked)))?
    };
    let found = api.broker.leases_of_engine(engine_id, asked.behind, asked.limit).await?;
    let place = |event: &LeasedEvent| pages::cursor(event.leased_at, event.event_id);
    let item = |event| LeasedEventReply::of(event).with_token_shown(is_itself);
    Ok(Json(Page::of_read(found, place, item)))
}
