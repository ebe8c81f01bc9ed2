//! `POST /engines/{engine_id}/heartbeat`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::metadata::DynamicStateBody;
use crate::broker::heartbeat::{Heartbeat, HeldLease, LeaseAnswer, LeaseVerdict};
use crate::domain::engine::{Command, EngineStatus};
use crate::domain::event::Outcome;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::{RawJson, SentJson};
use crate::domain::limits::{MAX_HEARTBEAT_LEASES, MAX_WORKLOAD};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::leases::renewal::RenewalReply;
use crate::http::requests::texts::parse_uuid;
use crate::http::requests::values::{any_object, integer, parsed, uuid};
use crate::http::requests::{Fields, Input, described};

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
        /// Leases to renew, each by its own visibility timeout from now.
        leases: Option<Vec<HeldLease>> as Option<Vec<HeldLeaseBody>> = parts(MAX_HEARTBEAT_LEASES, read_lease),
    }
}

/// What the engine measures of itself: members of its own choosing.
#[derive(ToSchema)]
#[schema(as = ResourceUtilization, value_type = Object)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_heartbeat` reads it")]
pub struct ResourceUtilizationBody(Value);

described! {
    /// A lease that the engine holds, to be renewed.
    #[schema(as = HeldLease)]
    pub struct HeldLeaseBody of fields: Fields<'_> {
        event_id: Option<uuid::Uuid> as uuid::Uuid = required(uuid),
        lease_token: Option<LeaseToken> as String = required(parsed(str::parse::<LeaseToken>)),
        progress: Option<SentJson> as Option<Value> = optional(fields.any_json(fields.limits().detail())),
    }
}

/// Takes a heartbeat and renews the leases it lists.
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
    let answer = api.broker.heartbeat(engine_id, heartbeat).await?;
    Ok(Json(HeartbeatReply {
        status: answer.status,
        command: answer.command,
        leases: answer.leases.iter().map(HeldLeaseReply::of).collect(),
    }))
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
        heartbeat.leases = body.leases.unwrap_or_default();
        report_repeated_leases(&fields, &heartbeat.leases);
    }
    reader.finish(|| Some((engine_id?, heartbeat)))
}

fn read_lease(fields: &Fields<'_>) -> Option<HeldLease> {
    let HeldLeaseBody { event_id, lease_token, progress } = HeldLeaseBody::take(fields);
    Some(HeldLease { event_id: event_id.map(EventId)?, lease_token: lease_token?, progress })
}

fn report_repeated_leases(fields: &Fields<'_>, leases: &[HeldLease]) {
    let mut ids: Vec<EventId> = leases.iter().map(|lease| lease.event_id).collect();
    ids.sort_unstable();
    if let Some([event_id, _]) = ids.array_windows().find(|[one, next]| one == next) {
        fields.error("leases", format!("lists event {event_id} twice"));
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = HeartbeatAnswer, example = json!({"status": "active", "command": "continue", "leases": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "outcome": "renewed", "expires_at": "2030-01-31T12:05:00Z", "expires_in_seconds": 300.0
}]}))]
pub struct HeartbeatReply {
    status: EngineStatus,
    command: Command,
    /// In the order sent.
    leases: Vec<HeldLeaseReply>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldLeaseOutcome {
    Renewed,
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
            LeaseVerdict::Lost { ended_by } => (HeldLeaseOutcome::Lost, ended_by, RenewalReply::default()),
        };
        Self { event_id: answer.event_id, outcome, reason, renewal }
    }
}
