//! Taking in events that are due at once and have no settings of their own, into queues that exist: the usual case, with a
//! statement that answers for all of them in one row.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::names::ScenarioRunId;
use crate::domain::new_event::{Due, Enqueued, NewEvent};
use crate::store::error::Result;

#[derive(sqlx_macros::FromRow)]
struct Taken {
    now: DateTime<Utc>,
    id_beginning: Uuid,
    queues_without_engines: Vec<String>,
}

/// Whether the event can be taken in by this statement.
pub fn is_plain(event: &NewEvent) -> bool {
    // Each member is named, so that a new one is not forgotten here.
    matches!(
        event,
        NewEvent {
            due: Due::After { seconds: 0.0 },
            visibility_timeout_seconds: None,
            retry_policy: None,
            discard_after_seconds: None,
            idempotency_key: None,
            caused_by: None,
            unique_key: None,
            engine_type: _,
            event_type: _,
            payload: _,
            priority: _,
            scenario_run_id: _,
            traceparent: _,
            tracestate: _,
            enqueued_by: _,
            requester: _,
        }
    )
}

/// Takes the events in, in order, each with a new id.
pub async fn enqueue(connection: &mut PgConnection, events: &[&NewEvent]) -> Result<Vec<Enqueued>> {
    fn column<'a, T>(events: &[&'a NewEvent], of: impl Fn(&'a NewEvent) -> T) -> Vec<T> {
        events.iter().map(|event| of(event)).collect()
    }
    let bytes = |event: &NewEvent| i32::try_from(event.payload.get().len()).expect("a payload's limit is far below");
    let id_endings: Vec<Uuid> = (0..events.len()).map(|ordinal| EventId::ending(ordinal, rand::random())).collect();
    let mut queues = column(events, |event| event.engine_type.as_str());
    queues.sort_unstable();
    queues.dedup();
    let taken: Taken = sqlx::query_as(include_str!("../../sql/enqueue_plain.sql"))
        .bind(id_endings.iter().map(|ending| ending.to_string().split_off(19)).collect::<Vec<_>>())
        .bind(column(events, |event| event.engine_type.as_str()))
        .bind(column(events, |event| event.event_type.as_str()))
        .bind(column(events, |event| event.payload.get()))
        .bind(column(events, bytes))
        .bind(column(events, |event| i16::from(event.priority)))
        .bind(column(events, |event| event.scenario_run_id.as_ref().map(ScenarioRunId::as_str)))
        .bind(column(events, |event| event.traceparent.as_deref()))
        .bind(column(events, |event| event.tracestate.as_deref()))
        .bind(column(events, |event| event.enqueued_by.as_deref()))
        .bind(queues)
        .fetch_one(connection)
        .await?;
    let (beginning, _) = taken.id_beginning.as_u64_pair();
    let without_engines: HashSet<&str> = taken.queues_without_engines.iter().map(String::as_str).collect();
    let enqueued = |(event, ending): (&&NewEvent, &Uuid)| Enqueued {
        event_id: EventId(Uuid::from_u64_pair(beginning, ending.as_u64_pair().1)),
        created_at: taken.now,
        available_at: taken.now,
        is_due: true,
        has_engine: !without_engines.contains(event.engine_type.as_str()),
    };
    Ok(events.iter().zip(&id_endings).map(enqueued).collect())
}
