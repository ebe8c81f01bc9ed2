//! `POST /events/queue/{engine_type}/lease`: settling what is done and leasing what is next, in one call.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::entries::{Entry, SettlementEntryBody, read_entries, settle_entries};
use super::leased_event::LeasedEventReply;
use super::poll::lease_while_good;
use super::reply::{LeaseReply, NoticeReply};
use super::settled::SettleResult;
use crate::broker::lease::Poll;
use crate::domain::limits::{MAX_BATCH_EVENTS, MAX_LEASE_LIMIT, MAX_WAIT_SECONDS};
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::{Problem, ProblemBody};
use crate::http::requests::members::visibility_timeout;
use crate::http::requests::values::{array, integer, uuid};
use crate::http::requests::{Fields, Input, described};

described! {
    /// A poll, and what the engine has to say first. Everything may be left out.
    #[derive(Default)]
    #[schema(as = Exchange, example = json!({"limit": 3, "wait_seconds": 20, "settlements": [{
        "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d"
    }]}))]
    pub struct ExchangeBody<'a> of fields: Fields<'a> {
        limit: Option<u32> = optional(integer(1..=MAX_LEASE_LIMIT)),
        wait_seconds: Option<u32> = optional(integer(0..=MAX_WAIT_SECONDS)),
        visibility_timeout_seconds: Option<u32> = optional(visibility_timeout()),
        /// Repeated with the same id, a poll answers the leases it got that still hold.
        poll_id: Option<uuid::Uuid> = optional(uuid),
        settlements: Option<Vec<&'a RawValue>> as Option<Vec<SettlementEntryBody>> =
            optional(|raw| array(raw, MAX_BATCH_EVENTS)),
    }
}

/// Settles what is done and leases what is next, in one call. The form to prefer.
///
/// The settlements are committed before any waiting; one that is refused ends the waiting. Where leasing is refused after
/// that, the reply is 200 with their verdicts, and says why in `lease_error`.
#[utoipa::path(
    post, path = "/events/queue/{engine_type}/lease", operation_id = "exchange_leases", tag = "leases", request_body = Option<ExchangeBody>,
    params(
        ("engine_type" = String, Path, description = "The queue"),
        ("engine_id" = Option<uuid::Uuid>, Query, description = "Who polls, where X-Engine-Id is not sent"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who polls; without it the lease is anonymous"),
        ("X-Engine-Incarnation" = Option<String>, Header, description = "The incarnation that the engine registered as; with any other than the registered one nothing is leased. Settlements do not depend on it"),
    ),
    responses(
        (status = 200, description = "The settlements' verdicts, and the leased events or none", body = ExchangeReply),
        (status = 403, description = "A browser's navigation"),
        (status = 404, description = "The engine is not registered"),
        (status = 409, description = "The engine is of another type, or has registered again"),
    )
)]
pub async fn exchange(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let (mut poll, entries) = read_exchange(&input, &api)?;
    let caller = input.into_caller();
    let results = if entries.is_empty() { Vec::new() } else { settle_entries(&api, entries).await? };
    if results.iter().any(SettleResult::is_refused) {
        poll.wait = Duration::ZERO;
    }
    let reply = match lease_while_good(&api, &caller, poll).await {
        Ok(polled) => ExchangeReply::of(results, LeaseReply::of(polled)),
        Err(problem) if results.is_empty() => return Err(problem),
        // The settlements are committed, and their verdicts must not be lost with the leases.
        Err(problem) => ExchangeReply::of_settlements(results, api.told(problem.with_wait_in_body())),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(reply)).into_response())
}

fn read_exchange(input: &Input, api: &Api) -> Result<(Poll, Vec<Entry>), Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    let engine_id = reader.caller();
    let incarnation = reader.incarnation(input.names_engine());
    let fields = reader.optional_body()?;
    let body = fields.as_ref().map(|fields| fields.exactly(ExchangeBody::take)).unwrap_or_default();
    let entries = read_entries(body.settlements.unwrap_or_default(), &reader, engine_id, input.requester(api));
    let poll = reader.finish(|| {
        Some(Poll {
            engine_type: engine_type?,
            engine_id,
            incarnation,
            limit: body.limit,
            wait: Duration::from_secs(body.wait_seconds.unwrap_or(0).into()),
            visibility_timeout_seconds: body.visibility_timeout_seconds,
            poll_id: body.poll_id,
        })
    })?;
    Ok((poll, entries))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Exchanged)]
pub struct ExchangeReply {
    /// In the order of the settlements sent.
    results: Vec<SettleResult>,
    events: Vec<LeasedEventReply>,
    notice: Option<NoticeReply>,
    /// Why nothing could be leased, although the settlements were answered: what would be the whole reply to a poll without
    /// settlements. Left out where leasing was not refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    lease_error: Option<ProblemBody>,
}

impl ExchangeReply {
    fn of(results: Vec<SettleResult>, leased: LeaseReply) -> Self {
        let LeaseReply { events, notice } = leased;
        Self { results, events, notice, lease_error: None }
    }

    const fn of_settlements(results: Vec<SettleResult>, lease_error: ProblemBody) -> Self {
        Self { results, events: Vec::new(), notice: None, lease_error: Some(lease_error) }
    }
}
