//! The unique keys of a batch: which of its events get theirs, and which event answers for each of the others.

use super::keys::{Plan, key_of};
use crate::domain::ids::EventId;
use crate::domain::limits::MAX_DELAY_SECONDS;
use crate::domain::new_event::{Due, NewEvent};
use crate::error::Result;
use crate::store::PgConnection;
use crate::store::events::idempotency;
use crate::store::events::open_keys::{self, ClaimedKey, WantedKey};

/// An event whose idempotency key was claimed for it, and is to stand for another event.
#[derive(Clone, Copy, Debug)]
pub struct Redirected {
    /// Its place in the batch.
    index: usize,
    /// The id that the key was claimed for; no event gets it.
    claimed_for: EventId,
    /// The open event that has its unique key.
    holder: EventId,
}

/// Claims the unique keys of the events that are to be stored, after their idempotency keys and runs. Of several events with one key, the
/// first gets it.
pub async fn claim(connection: &mut PgConnection, events: &[&NewEvent], plans: &mut [Plan]) -> Result<()> {
    let mut places = Vec::new();
    let mut wanted = Vec::new();
    for (place, (event, plan)) in events.iter().zip(plans.iter()).enumerate() {
        if let (Some(unique_key), Plan::Enqueue(event_id)) = (event.unique_key.as_deref(), plan) {
            let available_at = match event.due {
                Due::At(at) => Some(at),
                Due::After { .. } => None,
            };
            let (engine_type, event_id) = (event.engine_type.as_str(), *event_id);
            places.push(place);
            wanted.push(WantedKey { engine_type, unique_key, event_id, place, available_at });
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let claimed = open_keys::claim(connection, &wanted, MAX_DELAY_SECONDS).await?;
    for ((index, wanted), claimed) in places.into_iter().zip(&wanted).zip(claimed) {
        plans[index] = match claimed {
            ClaimedKey::Ours(event_id) => Plan::Enqueue(Some(event_id)),
            ClaimedKey::TooFarAway => Plan::TooFarAway(wanted.event_id),
            ClaimedKey::Held(holder) => Plan::Held(holder),
        };
    }
    Ok(())
}

/// The idempotency keys that are to stand for other events, by the plans before and after the unique keys were claimed: see
/// [`redirect`].
pub fn redirected(plans: impl Iterator<Item = (Plan, Plan)>) -> Vec<Redirected> {
    let redirected = |(index, plans)| match plans {
        (Plan::Enqueue(Some(claimed_for)), Plan::Held(holder)) => Some(Redirected { index, claimed_for, holder }),
        _ => None,
    };
    plans.enumerate().filter_map(redirected).collect()
}

/// Lets idempotency keys stand for the events that were answered in the place of their own, also for the events of this batch
/// that came with such a key. To be called when the events of the batch are stored.
pub async fn redirect(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    redirected: &[Redirected],
    plans: &mut [Plan],
) -> Result<()> {
    for &Redirected { index, claimed_for, holder } in redirected {
        let event = events[index];
        let Some(key) = key_of(event) else { continue };
        // The payload that came with the key is stored nowhere, unless the other event has the same.
        let has_its_payload = idempotency::redirect(connection, &key, holder, event.payload.get()).await?;
        for plan in plans.iter_mut() {
            match plan {
                Plan::Duplicate(known) | Plan::KeyReused(known) if *known == claimed_for => *known = holder,
                Plan::DuplicateByValue(known) if *known == claimed_for => {
                    *plan = if has_its_payload { Plan::DuplicateByValue(holder) } else { Plan::KeyReused(holder) };
                }
                Plan::Duplicate(_)
                | Plan::KeyReused(_)
                | Plan::DuplicateByValue(_)
                | Plan::Enqueue(_)
                | Plan::RunCancelled(_)
                | Plan::Held(_)
                | Plan::TooFarAway(_) => {}
            }
        }
    }
    Ok(())
}
