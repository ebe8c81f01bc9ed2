//! `PUT /events/{event_id}/status` and `PUT /events/status`: settling and renewing.

use axum::Json;
use axum::extract::State;
use serde_json::value::RawValue;

use super::entries::{SettlementEntryBody, entries_of, read_entries, settle_entries};
use super::settled::{SettledManyReply, SettledReply};
use super::settlement::{SettleBody, read_what_is_reported};
use crate::domain::ids::EventId;
use crate::domain::settlement::Settlement;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::texts::parse_uuid;
use crate::http::requests::{Fields, Input, described};

/// Reports on an event: completed, failed, handed back (queued), or still at it (processing).
///
/// The lease token is the fence. A report that comes late is taken as long as nobody has leased the
/// event since; a repeated one is answered as the first time.
#[utoipa::path(
    put, path = "/events/{event_id}/status", operation_id = "settle_event", tag = "leases",
    request_body(content = SettleBody, examples(
        ("completed" = (summary = "Done", value = json!({"status": "completed", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "result": {"text": "Hello to you"}}))),
        ("with_follow_ups" = (summary = "Done, and what comes next", value = json!({"status": "completed", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "enqueue": [{"engine_type": "speech", "event_type": "speech.requested", "payload": {"text": "Hello to you"}, "idempotency_key": "speech-1"}]}))),
        ("failed" = (summary = "Failed: the retry policy decides", value = json!({"status": "failed", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "error": {"type": "Timeout", "message": "the model did not answer", "details": {"seconds": 30}}}))),
        ("released" = (summary = "Handed back", value = json!({"status": "queued", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "delay_seconds": 10}))),
        ("renewed" = (summary = "Still at it", value = json!({"status": "processing", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "progress": {"words": 120}}))),
    )),
    params(
        ("event_id" = uuid::Uuid, Path, description = "The event"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who reports; needed only without a lease token"),
    ),
    responses(
        (status = 200, description = "Settled, or renewed", body = SettledReply, examples(
            ("failed" = (summary = "A failure that is tried again: the event is queued", value = json!({"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "queued", "attempt": 1, "outcome": "retry_scheduled", "available_at": "2030-01-31T12:00:30Z"}))),
            ("completed" = (summary = "Done", value = json!({"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed", "attempt": 1, "outcome": "completed"}))),
            ("with_follow_ups" = (summary = "Done, and what comes next is enqueued", value = json!({"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed", "attempt": 1, "outcome": "completed", "enqueued": [{"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6d"}]}))),
            ("renewed" = (summary = "Renewed", value = json!({"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "processing", "attempt": 1, "outcome": "renewed", "expires_at": "2030-01-31T12:05:00Z", "expires_in_seconds": 300.0}))),
        )),
        (status = 403, description = "The lease belongs to another engine than the one named"),
        (status = 404, description = "No such event"),
        (status = 409, description = "The lease is over, or was settled otherwise; nothing was changed"),
        (status = 422, description = "A follow-up event cannot be enqueued, so the event is not completed: its lease stays. Or the body is wrong"),
    )
)]
pub async fn settle(State(api): State<Api>, input: Input) -> Result<Json<SettledReply>, Problem> {
    let settlement = read_settlement(&input, &api)?;
    match api.broker.settle(settlement).await {
        Ok(settled) => Ok(Json(SettledReply::of(&settled))),
        Err(error) => {
            let problem = Problem::from(error);
            api.metrics.settlements_refused.with_label_values(&[problem.code()]).inc();
            Err(problem)
        }
    }
}

fn read_settlement(input: &Input, api: &Api) -> Result<Settlement, Problem> {
    let (reader, requester) = (input.reader(), input.requester(api));
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    let caller = reader.caller();
    let read = reader.body()?.and_then(|fields| read_what_is_reported(&fields, reader.errors(), requester));
    let settlement = reader.finish(|| {
        let (lease_token, report) = read?;
        Some(Settlement { event_id: event_id?, lease_token, caller, report })
    });
    settlement.map_err(|problem| problem.of_follow_ups(""))
}

described! {
    /// Several reports, each with a verdict of its own.
    #[schema(as = SettlementBatch, example = json!({"settlements": [{
        "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed",
        "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d"
    }]}))]
    pub struct SettleManyBody<'a> of fields: Fields<'a> {
        settlements: Option<Vec<&'a RawValue>> as Vec<SettlementEntryBody> = required(entries_of),
    }
}

/// Reports on up to 1000 events at once. One that is refused keeps no other out.
#[utoipa::path(
    put, path = "/events/status", operation_id = "settle_batch", tag = "leases", request_body = SettleManyBody,
    params(("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who reports; needed only without a lease token")),
    responses(
        (status = 200, description = "Each one's verdict", body = SettledManyReply),
        (status = 422, description = "The list itself is wrong"),
    )
)]
pub async fn settle_many(State(api): State<Api>, input: Input) -> Result<Json<SettledManyReply>, Problem> {
    let entries = {
        let reader = input.reader();
        let caller = reader.caller();
        let items = reader.body()?.and_then(|fields| fields.exactly(SettleManyBody::take).settlements);
        let entries = items.map(|items| read_entries(items, &reader, caller, input.requester(&api)));
        reader.finish(|| entries)?
    };
    Ok(Json(SettledManyReply { results: settle_entries(&api, entries).await? }))
}
