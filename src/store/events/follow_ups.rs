//! Follow-up events: what they inherit, and into which queues their engines may enqueue.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::follow_up::{Cause, Reach};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::names::ScenarioRunId;
use crate::store::error::Result;
use crate::store::row::from_row;

#[derive(Clone, Debug)]
struct Fact {
    event_id: EventId,
    engine_type: String,
    scenario_run_id: Option<String>,
    traceparent: Option<String>,
    tracestate: Option<String>,
}

from_row!(Fact, "events", event_id: EventId, { event_id, engine_type, scenario_run_id, traceparent, tracestate });

/// What follow-ups have from each of `events`. Facts never change, so nothing is locked. An event whose history was dropped
/// is not in the answer.
pub async fn causes(connection: &mut PgConnection, events: &[EventId]) -> Result<HashMap<EventId, Cause>> {
    let ids: Vec<Uuid> = events.iter().map(|event_id| event_id.0).collect();
    let facts: Vec<Fact> = sqlx::query_as(include_str!("../sql/causes.sql")).bind(ids).fetch_all(connection).await?;
    let cause = |fact: Fact| {
        let Fact { event_id, engine_type, scenario_run_id, traceparent, tracestate } = fact;
        // One from before there were rules for it is not inherited: the completion must not fail for it.
        let scenario_run_id = scenario_run_id.and_then(|run| ScenarioRunId::parse(&run).ok());
        (event_id, Cause { event_id, engine_type, scenario_run_id, traceparent, tracestate })
    };
    Ok(facts.into_iter().map(cause).collect())
}

/// Into which queues each of the engines may enqueue. An engine that is not registered is not in the answer.
pub async fn reaches(connection: &mut PgConnection, engines: &[EngineId]) -> Result<HashMap<EngineId, Reach>> {
    let ids: Vec<Uuid> = engines.iter().map(|engine_id| engine_id.0).collect();
    let rows: Vec<(Uuid, String, Vec<String>)> =
        sqlx::query_as(include_str!("../sql/reaches.sql")).bind(ids).fetch_all(connection).await?;
    let reach = |(engine_id, engine_type, may_enqueue)| (EngineId(engine_id), Reach { engine_type, may_enqueue });
    Ok(rows.into_iter().map(reach).collect())
}
