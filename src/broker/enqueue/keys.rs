//! The idempotency keys of a batch: which event each of them stands for, and whether another body under one is the same.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::terms::sha256_of_terms;
use crate::domain::ids::EventId;
use crate::domain::names::{EngineType, ScenarioRunId};
use crate::domain::new_event::{Due, NewEvent};
use crate::error::Result;
use crate::store::PgConnection;
use crate::store::events::idempotency::{self, ClaimedKey, FirstBody, Key, Likeness};

/// What to do with an event of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// The event is new and is stored, under the id that its key was claimed for; `None` if it has no key.
    Enqueue(Option<EventId>),
    /// The key stands for this event, whose body is the same.
    Duplicate(EventId),
    /// The key stands for this event, whose body has the same terms and other bytes: its payload, once it is stored, decides.
    DuplicateByValue(EventId),
    /// The key stands for this event, whose body differs.
    KeyReused(EventId),
    /// The event would be new, and its run is cancelled; with the id that its key was claimed for.
    RunCancelled(Option<EventId>),
    /// This open event has its unique key.
    Held(EventId),
    /// It is due too far in the future to be taken in; with the id that its idempotency key was claimed for.
    TooFarAway(Option<EventId>),
}

/// Claims the keys of a batch. A key that occurs twice in it is claimed once.
pub async fn plan(connection: &mut PgConnection, events: &[&NewEvent]) -> Result<Vec<Plan>> {
    let keys: Vec<Option<Key<'_>>> = events.iter().map(|event| key_of(event)).collect();
    let mut distinct: Vec<&Key<'_>> = Vec::new();
    let mut position: HashMap<(&EngineType, &str, &str), usize> = HashMap::new();
    for key in keys.iter().flatten() {
        position.entry(name_of(key)).or_insert_with(|| {
            distinct.push(key);
            distinct.len() - 1
        });
    }
    let claims = if distinct.is_empty() { Vec::new() } else { idempotency::claim(connection, &distinct).await? };
    let mut is_used = vec![false; claims.len()];
    Ok(keys
        .iter()
        .map(|key| {
            let Some(key) = key else { return Plan::Enqueue(None) };
            let index = position[&name_of(key)];
            let is_first = !std::mem::replace(&mut is_used[index], true);
            match &claims[index] {
                ClaimedKey::New(event_id) if is_first => Plan::Enqueue(Some(*event_id)),
                ClaimedKey::New(event_id) => judge(*event_id, &FirstBody::of(distinct[index]), key),
                ClaimedKey::Known { event_id, first_body } => judge(*event_id, first_body, key),
            }
        })
        .collect())
}

fn judge(event_id: EventId, first_body: &FirstBody, key: &Key<'_>) -> Plan {
    match first_body.likeness(key) {
        Likeness::SameBytes => Plan::Duplicate(event_id),
        Likeness::SameTerms => Plan::DuplicateByValue(event_id),
        Likeness::Different => Plan::KeyReused(event_id),
    }
}

/// Decides on each event whose key stands for one of the same terms. To be called when the events of the batch are stored, but
/// for those `refused`: what has their terms is refused for the same cause.
pub async fn compare_by_value(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    refused: &HashSet<EventId>,
    plans: &mut [Plan],
) -> Result<()> {
    let undecided = |plan: &Plan| match plan {
        Plan::DuplicateByValue(event_id) => Some(*event_id).filter(|event_id| !refused.contains(event_id)),
        Plan::Enqueue(_)
        | Plan::Duplicate(_)
        | Plan::KeyReused(_)
        | Plan::RunCancelled(_)
        | Plan::Held(_)
        | Plan::TooFarAway(_) => None,
    };
    let payloads: Vec<(EventId, &EngineType, &str)> = events
        .iter()
        .zip(plans.iter())
        .filter_map(|(event, plan)| Some((undecided(plan)?, &event.engine_type, event.payload.get())))
        .collect();
    if payloads.is_empty() {
        return Ok(());
    }
    let mut are_same = idempotency::are_payloads_of(connection, &payloads).await?.into_iter();
    for plan in plans {
        if let Some(event_id) = undecided(plan) {
            let is_same = are_same.next().unwrap_or(false);
            *plan = if is_same { Plan::Duplicate(event_id) } else { Plan::KeyReused(event_id) };
        }
    }
    Ok(())
}

fn name_of<'a>(key: &Key<'a>) -> (&'a EngineType, &'a str, &'a str) {
    (key.engine_type, key.key, key.enqueued_by)
}

/// The event's key, with the fingerprints of its body; `None` without one.
pub fn key_of(event: &NewEvent) -> Option<Key<'_>> {
    let key = event.idempotency_key.as_deref()?;
    let enqueued_by = event.enqueued_by.as_deref().unwrap_or_default();
    let (body_sha256, terms) = (sha256_of_body(event), sha256_of_terms(event));
    Some(Key { engine_type: &event.engine_type, key, enqueued_by, body_sha256, terms })
}

/// What makes two bodies the same without a further look: every field as it was understood, and the payload as it was sent.
fn sha256_of_body(event: &NewEvent) -> [u8; 32] {
    let due = match event.due {
        Due::After { seconds } => format!("after {seconds}"),
        Due::At(at) => format!("at {}", at.to_rfc3339()),
    };
    let policy = serde_json::to_string(&event.retry_policy).expect("a policy is a plain object of numbers");
    let (priority, visibility_timeout, discard_after) = (
        event.priority.to_string(),
        event.visibility_timeout_seconds.unwrap_or(0).to_string(),
        event.discard_after_seconds.unwrap_or(0).to_string(),
    );
    let parts = [
        event.event_type.as_str(),
        event.payload.get(),
        &priority,
        &due,
        event.scenario_run_id.as_ref().map_or("", ScenarioRunId::as_str),
        &visibility_timeout,
        &discard_after,
        &policy,
    ];
    // Without a unique key it is what it was before there were any.
    let parts = parts.into_iter().chain(event.unique_key.as_deref());
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
