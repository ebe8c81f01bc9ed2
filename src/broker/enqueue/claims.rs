//! What has to be waited for before the events of a batch are stored: their keys and runs.

use super::keys::{self, Plan, key_of};
use super::unique_keys;
use crate::domain::ids::EventId;
use crate::domain::names::ScenarioRunId;
use crate::domain::new_event::NewEvent;
use crate::domain::run::CancelledRuns;
use crate::error::{Error, Result};
use crate::store::events::{idempotency, open_keys};
use crate::store::{self, PgConnection};

/// What the keys and the run of an event came to.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Without its unique key.
    pub first: Plan,
    /// With it.
    pub plan: Plan,
}

/// The claims of a batch.
#[derive(Debug)]
pub struct Claims {
    /// In the order of the events.
    pub claims: Vec<Claim>,
    /// Their runs that take no more events.
    pub cancelled: CancelledRuns,
}

/// Claims the keys of a batch and locks its runs. To be called before rows of engines and of open events are locked.
pub async fn claim(connection: &mut PgConnection, events: &[&NewEvent]) -> Result<Claims> {
    let mut first = keys::plan(connection, events).await?;
    let cancelled = refuse_events_of_cancelled_runs(connection, events, &mut first).await?;
    // After the runs: an event that is refused takes no key from another of the batch.
    let mut plans = first.clone();
    unique_keys::claim(connection, events, &mut plans).await?;
    let claims = first.into_iter().zip(plans).map(|(first, plan)| Claim { first, plan }).collect();
    Ok(Claims { claims, cancelled })
}

/// Claims the unique keys that `freed` events had, whose rows the transaction has locked, and which it has freed: nobody is
/// waited for.
pub async fn claim_freed(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    claims: &mut [Claim],
    freed: &[EventId],
) -> Result<()> {
    let is_freed = |claim: &Claim| matches!(&claim.plan, Plan::Held(holder) if freed.contains(holder));
    let places: Vec<usize> = (0..claims.len()).filter(|&place| is_freed(&claims[place])).collect();
    let wanted: Vec<&NewEvent> = places.iter().map(|&place| events[place]).collect();
    let mut plans: Vec<Plan> = places.iter().map(|&place| claims[place].first).collect();
    unique_keys::claim(connection, &wanted, &mut plans).await?;
    for (place, plan) in places.into_iter().zip(plans) {
        claims[place].plan = plan;
    }
    Ok(())
}

/// Gives the keys back that were claimed for an event which is not taken in after all.
pub async fn give_back(connection: &mut PgConnection, event: &NewEvent, claim: Claim) -> Result<()> {
    match claim.first {
        Plan::Enqueue(_) | Plan::RunCancelled(_) => {
            give_keys_back(connection, event, matches!(claim.plan, Plan::Enqueue(_))).await
        }
        Plan::Duplicate(_) | Plan::DuplicateByValue(_) | Plan::KeyReused(_) | Plan::Held(_) | Plan::TooFarAway(_) => {
            Ok(())
        }
    }
}

/// Gives the keys back of an event that is not taken in.
pub async fn give_keys_back(connection: &mut PgConnection, event: &NewEvent, has_unique_key: bool) -> Result<()> {
    if let Some(key) = key_of(event) {
        idempotency::give_back(connection, &key).await?;
    }
    if let Some(unique_key) = event.unique_key.as_deref().filter(|_| has_unique_key) {
        open_keys::give_back(connection, event.engine_type.as_str(), unique_key).await?;
    }
    Ok(())
}

/// Locks the runs of what would be new, and refuses it where they are cancelled.
async fn refuse_events_of_cancelled_runs(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    plans: &mut [Plan],
) -> Result<CancelledRuns> {
    let new = events.iter().zip(&*plans).filter(|(_, plan)| matches!(plan, Plan::Enqueue(_)));
    let runs = new.filter_map(|(event, _)| event.scenario_run_id.as_ref().map(ScenarioRunId::as_str));
    let cancelled = store::runs::lock(connection, runs).await?;
    for (event, plan) in events.iter().zip(plans) {
        if let Plan::Enqueue(event_id) = *plan
            && cancelled_run_of(event, &cancelled).is_some()
        {
            *plan = Plan::RunCancelled(event_id);
        }
    }
    Ok(cancelled)
}

/// The refusal of an event whose run is cancelled.
pub fn cancelled_run_of(event: &NewEvent, cancelled: &CancelledRuns) -> Option<Error> {
    let run = event.scenario_run_id.as_ref()?;
    cancelled.has(run.as_str(), event.engine_type.as_str()).then(|| Error::RunCancelled(run.clone()))
}
