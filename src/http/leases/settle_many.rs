//! `PUT /events/status`: many settlements at once.

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;

use super::entries::{SettlementEntryBody, entries_of, read_entries, settle_entries};
use super::settled::SettledManyReply;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Several reports, each with a verdict of its own.
#[derive(ToSchema)]
#[schema(as = SettlementBatch, example = json!({"settlements": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed",
    "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d"
}]}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `settle_many` reads it")]
pub struct SettleManyBody {
    #[schema(min_items = 1, max_items = 1000)]
    settlements: Vec<SettlementEntryBody>,
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
        let entries = reader.body()?.and_then(|fields| {
            let entries = fields.required("settlements", entries_of);
            fields.finish();
            entries
        });
        read_entries(reader.finish(|| entries)?, input.text(), api.limits, caller)
    };
    Ok(Json(SettledManyReply { results: settle_entries(&api, entries).await? }))
}
