//! Taking events in: facts and queue rows of a whole batch in one statement.

/// The usual case.
mod plain;

use sqlx::PgConnection;

use crate::domain::ids::EventId;
use crate::domain::names::ScenarioRunId;
use crate::domain::new_event::{Due, Enqueued, NewEvent};
use crate::store::error::Result;
use crate::store::policies;
use crate::store::row::from_row;

from_row!(Enqueued, "events", event_id: EventId, { event_id, created_at, available_at, is_due, has_engine });

#[derive(sqlx_macros::FromRow)]
struct Row {
    is_within_bound: bool,
    #[sqlx(flatten)]
    enqueued: Enqueued,
}

/// Takes the events in, in order, each with the id given, or else with a new one, and makes `queues` exist. They must be
/// in the order of their names, so that no two batches wait for each other's. `None` stands for one that was not taken because its
/// `available_at` is more than `max_delay_seconds` away by the database's clock.
pub async fn enqueue(
    connection: &mut PgConnection,
    events: &[(&NewEvent, Option<EventId>)],
    queues: &[&str],
    max_delay_seconds: u32,
) -> Result<Vec<Option<Enqueued>>> {
    if queues.is_empty() && events.iter().all(|(event, event_id)| event_id.is_none() && plain::is_plain(event)) {
        let events: Vec<&NewEvent> = events.iter().map(|(event, _)| *event).collect();
        return Ok(plain::enqueue(connection, &events).await?.into_iter().map(Some).collect());
    }
    let count = events.len();
    let mut engine_types = Vec::with_capacity(count);
    let mut event_types = Vec::with_capacity(count);
    let mut payloads = Vec::with_capacity(count);
    let mut priorities = Vec::with_capacity(count);
    let mut delays = Vec::with_capacity(count);
    let mut available_ats = Vec::with_capacity(count);
    let mut scenario_run_ids = Vec::with_capacity(count);
    let mut visibility_timeouts = Vec::with_capacity(count);
    let mut retry_policies = Vec::with_capacity(count);
    let mut traceparents = Vec::with_capacity(count);
    let mut tracestates = Vec::with_capacity(count);
    let mut discard_afters = Vec::with_capacity(count);
    let mut event_ids = Vec::with_capacity(count);
    let mut idempotency_keys = Vec::with_capacity(count);
    let mut id_endings = Vec::with_capacity(count);
    let mut enqueued_bys = Vec::with_capacity(count);
    let mut unique_keys = Vec::with_capacity(count);
    let mut caused_bys = Vec::with_capacity(count);
    for (ordinal, (event, event_id)) in events.iter().enumerate() {
        enqueued_bys.push(event.enqueued_by.as_deref());
        unique_keys.push(event.unique_key.as_deref());
        caused_bys.push(event.caused_by.map(|event_id| event_id.0));
        id_endings.push(EventId::ending(ordinal, rand::random()));
        discard_afters.push(event.discard_after_seconds.map(f64::from));
        event_ids.push(event_id.map(|event_id| event_id.0));
        idempotency_keys.push(event.idempotency_key.as_deref());
        engine_types.push(event.engine_type.as_str());
        event_types.push(event.event_type.as_str());
        payloads.push(event.payload.get());
        priorities.push(i16::from(event.priority));
        let (delay, available_at) = match event.due {
            Due::After { seconds } => (Some(seconds), None),
            Due::At(at) => (None, Some(at)),
        };
        delays.push(delay);
        available_ats.push(available_at);
        scenario_run_ids.push(event.scenario_run_id.as_ref().map(ScenarioRunId::as_str));
        visibility_timeouts.push(event.visibility_timeout_seconds.map(u32::cast_signed));
        retry_policies.push(event.retry_policy.as_ref().map(policies::to_json));
        traceparents.push(event.traceparent.as_deref());
        tracestates.push(event.tracestate.as_deref());
    }
    let rows: Vec<Row> = sqlx::query_as(include_str!("../sql/enqueue.sql"))
        .bind(engine_types)
        .bind(event_types)
        .bind(payloads)
        .bind(priorities)
        .bind(delays)
        .bind(available_ats)
        .bind(scenario_run_ids)
        .bind(visibility_timeouts)
        .bind(retry_policies)
        .bind(traceparents)
        .bind(tracestates)
        .bind(f64::from(max_delay_seconds))
        .bind(event_ids)
        .bind(idempotency_keys)
        .bind(discard_afters)
        .bind(queues)
        .bind(id_endings)
        .bind(enqueued_bys)
        .bind(unique_keys)
        .bind(caused_bys)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.is_within_bound.then_some(row.enqueued)).collect())
}
