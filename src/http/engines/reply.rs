//! An engine, as readers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::metadata::{DynamicStateBody, StaticConfigBody};
use crate::domain::engine::{AfterDrain, Drain, Engine, EngineStatus, heartbeat_interval_seconds};
use crate::domain::ids::EngineId;
use crate::domain::json::RawJson;
use crate::http::shown::shown;

#[derive(Serialize, ToSchema)]
#[schema(as = EngineMetadataReply)]
pub struct MetadataReply {
    #[schema(value_type = StaticConfigBody)]
    static_config: RawJson,
    #[schema(value_type = DynamicStateBody)]
    dynamic_state: RawJson,
}

/// Why an engine is given no more events, and what it is to do.
#[derive(Serialize, ToSchema)]
#[schema(as = EngineDrain)]
pub struct DrainReply {
    reason: Option<String>,
    /// Once it holds nothing.
    then: AfterDrain,
    since: DateTime<Utc>,
}

impl DrainReply {
    /// A drain, as readers and the engine itself see it.
    pub fn of(drain: Drain) -> Self {
        Self { reason: drain.reason, then: drain.then, since: drain.since }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = EngineHoldingOff)]
pub struct HoldingOffReply {
    until: DateTime<Utc>,
    reason: String,
}

shown! {
    /// What the service knows of an engine.
    #[schema(as = Engine)]
    pub struct EngineReply of engine: Engine {
        #[schema(value_type = uuid::Uuid)]
        engine_id: EngineId,
        engine_type: String,
        status: EngineStatus,
        /// Null while it is not draining.
        drain: Option<DrainReply> = engine.drain.map(DrainReply::of),
        /// It asked for no events until then; null once that is over.
        holding_off: Option<HoldingOffReply> =
            engine.holding_off.map(|held| HoldingOffReply { until: held.until, reason: held.reason }),
        /// Its version is quarantined in its queue: it is given no events.
        is_quarantined: bool,
        last_heartbeat: Option<DateTime<Utc>>,
        /// As the engine reports it.
        current_workload: Option<i32>,
        /// As the server counts them.
        leases_held: i32,
        scenario_run_id: Option<String>,
        /// The queues beside its own into which it may enqueue follow-up events, with authentication.
        may_enqueue: Vec<String>,
        metadata: MetadataReply = MetadataReply { static_config: engine.description.static_config, dynamic_state: engine.description.dynamic_state },
        /// How often this id was registered.
        incarnation: i32,
        registered_at: DateTime<Utc>,
        last_seen_at: DateTime<Utc>,
        last_poll_at: Option<DateTime<Utc>>,
        /// Null where the engine registered so: it is judged by its leases alone, and removed after 7 days without any call.
        heartbeat_timeout_seconds: Option<i32>,
        /// How often to send one: a third of the timeout. Null where the timeout is.
        heartbeat_interval_seconds: Option<u32> = engine.heartbeat_timeout_seconds.map(|timeout| heartbeat_interval_seconds(timeout.cast_unsigned())),
    }
}
