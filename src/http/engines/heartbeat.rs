//! `POST /engines/{engine_id}/heartbeat`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::metadata::DynamicStateBody;
use super::reply::DrainReply;
use crate::broker::heartbeat::{Heartbeat, HeartbeatAnswer, HeldLease, LeaseAnswer, LeaseVerdict};
use crate::domain::engine::{EngineStatus, HoldingOff, HoldingOffChange};
use crate::domain::event::Outcome;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::{RawJson, SentJson};
use crate::domain::limits::{
    MAX_HEARTBEAT_LEASES, MAX_HEARTBEAT_WAIT_SECONDS, MAX_HOLDING_OFF_REASON_CHARS, MAX_WORKLOAD,
};
use crate::domain::orders::{Command, Orders};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::leases::renewal::RenewalReply;
use crate::http::requests::texts::{parse_uuid, time};
use crate::http::requests::values::{any_object, boolean, checked_text, integer, parsed, uuid};
use crate::http::requests::{Fields, Input, Patch, described};

described! {
    /// A heartbeat, with what has changed.
    #[derive(Default)]
    #[schema(as = Heartbeat, example = json!({
        "current_workload": 1, "resource_utilization": {"cpu_usage_percent": 45.2, "memory_usage_mb": 512},
        "leases": [{"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d"}]
    }))]
    pub struct HeartbeatBody of fields: Fields<'_> {
        /// The engine's own measure of its load, like the number of events it works on.
        #[schema(minimum = 0, maximum = 1_000_000)]
        current_workload: Option<u32> = optional(integer(0..=MAX_WORKLOAD)),
        /// Kept as `metadata.dynamic_state.resource_utilization`.
        resource_utilization: Option<RawJson> as Option<ResourceUtilizationBody> =
            optional(any_object(fields.limits().detail().of_a_member())),
        /// Merged into `metadata.dynamic_state`, member by member; null removes one.
        dynamic_state: Option<RawJson> as Option<DynamicStateBody> = optional(any_object(fields.limits().detail())),
        /// The engine wants no events until then. Null ends it.
        holding_off: Patch<Option<HoldingOffChange>> as Option<HoldingOffBody> = part_patch(read_holding_off),
        /// Waits that long for something to tell that the engine was not told before: a command, an event to cancel, another
        /// limit. Longer than its heartbeat interval, it waits that. A newer heartbeat ends the wait.
        wait_seconds: Option<u32> = optional(integer(0..=MAX_HEARTBEAT_WAIT_SECONDS)),
        /// Leases to renew, each by its own visibility timeout from now, or only to ask about.
        leases: Option<Vec<HeldLease>> as Option<Vec<HeldLeaseBody>> = parts(MAX_HEARTBEAT_LEASES, read_lease),
    }
}

/// What the engine measures of itself: members of its own choosing.
#[derive(ToSchema)]
#[schema(as = ResourceUtilization, value_type = Object)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_heartbeat` reads it")]
pub struct ResourceUtilizationBody(Value);

described! {
    /// An engine's own wish to be given no events for a while, as when what it calls refuses calls.
    #[schema(as = HoldOff, example = json!({"until": "2030-01-31T12:10:00Z", "reason": "the provider answers 429"}))]
    pub struct HoldingOffBody of fields: Fields<'_> {
        /// At most a day away. The past ends it.
        until: Option<DateTime<Utc>> as DateTime<Utc> = required(parsed(time)),
        reason: Option<String> as String = required(checked_text(MAX_HOLDING_OFF_REASON_CHARS)),
    }
}

described! {
    /// A lease that the engine holds.
    #[schema(as = HeldLease)]
    pub struct HeldLeaseBody of fields: Fields<'_> {
        event_id: Option<uuid::Uuid> as uuid::Uuid = required(uuid),
        lease_token: Option<LeaseToken> as String = required(parsed(str::parse::<LeaseToken>)),
        /// False: the lease stays as it is, and the reply says whether it is still held. True where it is left out.
        renew: Option<bool> = optional(boolean),
        /// Only with a renewal.
        progress: Option<SentJson> as Option<Value> = optional(fields.any_json(fields.limits().detail())),
    }
}

/// Takes a heartbeat and renews the leases it lists.
///
/// With `wait_seconds` the reply waits until there is something to tell. Everything is written when the heartbeat comes, and only
/// its coming shows that the engine is alive.
#[utoipa::path(
    post, path = "/engines/{engine_id}/heartbeat", operation_id = "send_heartbeat", tag = "engines", request_body = Option<HeartbeatBody>,
    params(
        ("engine_id" = uuid::Uuid, Path, description = "The engine"),
        ("X-Engine-Incarnation" = Option<String>, Header, description = "The incarnation that the engine registered as; any other than the registered one is refused"),
    ),
    responses(
        (status = 200, description = "What the engine should do, and how its leases stand", body = HeartbeatReply),
        (status = 404, description = "Not registered: register again"),
        (status = 409, description = "The engine has registered again"),
    )
)]
pub async fn heartbeat(State(api): State<Api>, input: Input) -> Result<Json<HeartbeatReply>, Problem> {
    let (engine_id, heartbeat) = read_heartbeat(&input)?;
    let written = api.broker.heartbeat(engine_id, heartbeat).await?;
    // Its body counts as held until it is written, and not while it waits.
    let caller = input.into_caller();
    let answer = caller.after_wait(&api, api.broker.wait_for_news(written).await)?;
    Ok(Json(HeartbeatReply::of(answer)))
}

fn read_heartbeat(input: &Input) -> Result<(EngineId, Heartbeat), Problem> {
    let reader = input.reader();
    let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
    reader.caller();
    let mut heartbeat = Heartbeat { incarnation: reader.incarnation(true), ..Heartbeat::default() };
    if let Some(fields) = reader.optional_body()? {
        let body = fields.exactly(HeartbeatBody::take);
        if body.dynamic_state.is_some() {
            // Doubled members are reported.
            fields.object("dynamic_state");
        }
        heartbeat.current_workload = body.current_workload;
        heartbeat.dynamic_state = body.dynamic_state;
        heartbeat.resource_utilization = body.resource_utilization;
        heartbeat.holding_off = match body.holding_off {
            Patch::Keep => None,
            Patch::Clear => Some(HoldingOffChange::Ends),
            Patch::Set(change) => change,
        };
        heartbeat.wait = Duration::from_secs(body.wait_seconds.unwrap_or(0).into());
        heartbeat.leases = body.leases.unwrap_or_default();
        report_repeated_leases(&fields, &heartbeat.leases);
    }
    reader.finish(|| Some((engine_id?, heartbeat)))
}

fn read_lease(fields: &Fields<'_>) -> Option<HeldLease> {
    let HeldLeaseBody { event_id, lease_token, renew, progress } = HeldLeaseBody::take(fields);
    let is_to_be_renewed = renew.unwrap_or(true);
    if progress.is_some() && !is_to_be_renewed {
        fields.error("progress", "stands beside renew: false, with which nothing is written");
    }
    Some(HeldLease { event_id: event_id.map(EventId)?, lease_token: lease_token?, is_to_be_renewed, progress })
}

fn read_holding_off(fields: &Fields<'_>) -> Option<HoldingOffChange> {
    let HoldingOffBody { until, reason } = HoldingOffBody::take(fields);
    Some(HoldingOffChange::Begins(HoldingOff { until: until?, reason: reason? }))
}

fn report_repeated_leases(fields: &Fields<'_>, leases: &[HeldLease]) {
    let mut ids: Vec<EventId> = leases.iter().map(|lease| lease.event_id).collect();
    ids.sort_unstable();
    if let Some([event_id, _]) = ids.array_windows().find(|[one, next]| one == next) {
        fields.error("leases", format!("lists event {event_id} twice"));
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = HeartbeatAnswer, example = json!({"status": "active", "command": "continue", "leases_held": 1, "max_concurrent_events": 5,
    "events_to_cancel": [], "leases": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "outcome": "renewed", "expires_at": "2030-01-31T12:05:00Z", "expires_in_seconds": 300.0
}]}))]
pub struct HeartbeatReply {
    status: EngineStatus,
    command: Command,
    /// Why it drains, and what it is to do then; left out while it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    drain: Option<DrainReply>,
    /// As the server counts them.
    leases_held: u32,
    /// The limit in force; null where the engine has none of its own.
    max_concurrent_events: Option<u32>,
    /// Of the events that it holds, listed here or not, those somebody wants cancelled: stop working on them, and report as you
    /// see fit.
    #[schema(value_type = Vec<uuid::Uuid>)]
    events_to_cancel: Vec<EventId>,
    /// In the order sent.
    leases: Vec<HeldLeaseReply>,
}

impl HeartbeatReply {
    fn of(answer: HeartbeatAnswer) -> Self {
        let command = answer.orders.command();
        let Orders { status, drain, leases_held, max_concurrent_events, events_to_cancel } = answer.orders;
        let leases = answer.leases.iter().map(HeldLeaseReply::of).collect();
        let drain = drain.map(DrainReply::of);
        Self { status, command, drain, leases_held, max_concurrent_events, events_to_cancel, leases }
    }
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldLeaseOutcome {
    Renewed,
    /// It was only asked about, and is held.
    Held,
    /// Stop working on the event.
    Lost,
}

/// How a lease stands that the engine listed.
#[derive(Serialize, ToSchema)]
#[schema(as = HeldLeaseAnswer)]
pub struct HeldLeaseReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    outcome: HeldLeaseOutcome,
    /// How it was lost; left out where there never was such a lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Outcome>,
    #[serde(flatten)]
    renewal: RenewalReply,
}

impl HeldLeaseReply {
    fn of(answer: &LeaseAnswer) -> Self {
        let (outcome, reason, renewal) = match answer.verdict {
            LeaseVerdict::Renewed(renewal) => (HeldLeaseOutcome::Renewed, None, RenewalReply::of(renewal)),
            LeaseVerdict::Held(lease) => (HeldLeaseOutcome::Held, None, RenewalReply::of(lease)),
            LeaseVerdict::Lost { ended_by } => (HeldLeaseOutcome::Lost, ended_by, RenewalReply::default()),
        };
        Self { event_id: answer.event_id, outcome, reason, renewal }
    }
}
