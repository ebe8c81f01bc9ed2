//! `/event-types`: retry policies of their own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::names::EventType;
use crate::domain::retry_policy::EventTypePolicy;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;
use crate::http::requests::retry_policy::RetryPolicyBody;

/// Lists the event types that have a retry policy of their own, by name.
#[utoipa::path(
    get, path = "/event-types", operation_id = "list_event_types", tag = "retry policies",
    params(
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of event types", body = Page<EventTypeReply>),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<EventTypeReply>>, Problem> {
    let (limit, behind) = {
        let reader = input.reader();
        let limit = pages::limit(&reader);
        let behind = pages::behind_name(&reader);
        reader.finish(|| Some((limit, behind)))?
    };
    let found = api.broker.list_event_types(behind.as_deref(), limit + 1).await?;
    Ok(Json(Page::of(found, limit, |policy| policy.event_type.clone(), EventTypeReply::of)))
}

/// Reads the retry policy of an event type.
#[utoipa::path(
    get, path = "/event-types/{event_type}/retry-policy", operation_id = "read_retry_policy", tag = "retry policies",
    params(("event_type" = String, Path, description = "The event type")),
    responses(
        (status = 200, description = "The policy", body = EventTypeReply),
        (status = 404, description = "It has none of its own"),
        (status = 422, description = "Not the name of an event type"),
    )
)]
pub async fn get(State(api): State<Api>, input: Input) -> Result<Json<EventTypeReply>, Problem> {
    let event_type = input.read_path("event_type", EventType::parse)?;
    Ok(Json(EventTypeReply::of(api.broker.read_event_type_policy(&event_type).await?)))
}

/// Sets the retry policy of an event type; what it leaves out is inherited. It holds from the next
/// verdict on, for events that are there as well.
#[utoipa::path(
    put, path = "/event-types/{event_type}/retry-policy", operation_id = "set_retry_policy", tag = "retry policies", request_body = RetryPolicyBody,
    params(("event_type" = String, Path, description = "The event type")),
    responses(
        (status = 200, description = "The policy", body = EventTypeReply),
    )
)]
pub async fn put(State(api): State<Api>, input: Input) -> Result<Json<EventTypeReply>, Problem> {
    let (event_type, retry_policy) = {
        let reader = input.reader();
        let event_type = reader.path("event_type", EventType::parse);
        reader.caller();
        let policy = reader.body()?.map(|fields| fields.exactly(RetryPolicyBody::whole));
        reader.finish(|| Some((event_type?, policy?)))?
    };
    api.broker.set_event_type_policy(&input.actor(&api), &event_type, &retry_policy).await?;
    Ok(Json(EventTypeReply { event_type: event_type.to_string(), retry_policy }))
}

/// Removes the retry policy of an event type.
#[utoipa::path(
    delete, path = "/event-types/{event_type}/retry-policy", operation_id = "remove_retry_policy", tag = "retry policies",
    params(("event_type" = String, Path, description = "The event type")),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "It has none of its own"),
        (status = 422, description = "Not the name of an event type"),
    )
)]
pub async fn delete(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let event_type = input.read_path("event_type", EventType::parse)?;
    api.broker.remove_event_type_policy(&input.actor(&api), &event_type).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An event type's own retry policy; what is missing is inherited.
#[derive(Serialize, ToSchema)]
#[schema(as = EventTypePolicy)]
pub struct EventTypeReply {
    event_type: String,
    retry_policy: RetryPolicyOverrides,
}

impl EventTypeReply {
    fn of(policy: EventTypePolicy) -> Self {
        Self { event_type: policy.event_type, retry_policy: policy.retry_policy }
    }
}
