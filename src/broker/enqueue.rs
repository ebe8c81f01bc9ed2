//! Taking events in.

/// Which event each idempotency key of a batch stands for.
pub(super) mod keys;
/// Which queues may be made.
pub(super) mod new_queues;
/// What of a body is compared under an idempotency key.
mod terms;
/// Which events of a batch get their unique keys.
mod unique_keys;

use std::collections::HashSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::batchers::Answers;
use super::effects::Effects;
use super::known_queues::AsOf;
use super::state::Broker;
use super::taken::Taken;
use crate::batching::{Mode, Size};
use crate::dispatch::Landed;
use crate::domain::ids::EventId;
use crate::domain::lane::Lane;
use crate::domain::limits::MAX_DELAY_SECONDS;
use crate::domain::new_event::{DuplicateOf, Enqueued, NewEvent};
use crate::error::{Error, Result};
use crate::store::events::{idempotency, open_keys};
use crate::store::pool::commit;
use crate::store::{self, PgConnection};

use keys::{Plan, key_of};
use new_queues::{Made, NewQueues};

impl Broker {
    /// Takes events in, in order; durable when this returns. One that cannot be taken keeps no other out.
    ///
    /// # Errors
    /// [`Error::Overloaded`], [`Error::ShuttingDown`]: none was taken in, and the caller may try again. What is wrong with one
    /// event stands in its own answer.
    pub async fn enqueue(&self, events: Arc<Vec<NewEvent>>) -> Result<Vec<Result<Taken>>> {
        if self.stopping.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let bytes = events.iter().map(|event| event.payload.get().len()).sum();
        let size = Size { rows: events.len(), bytes };
        let keys: Vec<Uuid> = events.iter().filter_map(digest_of_key).collect();
        let batcher =
            if events.iter().any(NewEvent::has_key) { &self.batchers.keyed_events } else { &self.batchers.events };
        batcher.submit(events, size, keys).await?
    }

    /// Takes all of the events in, or none.
    ///
    /// # Errors
    /// As of [`Broker::enqueue`]. If one event is refused, the answers of all others are [`Error::BatchRefused`].
    pub async fn enqueue_atomically(&self, events: &[NewEvent]) -> Result<Vec<Result<Taken>>> {
        if self.stopping.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let events: Vec<&NewEvent> = events.iter().collect();
        let (new_queues, as_of) = self.known_queues.unknown_of(&events);
        let mut transaction = self.begin().await?;
        let (taken, made) = self.take_in_within(&mut transaction, &events, &new_queues).await?;
        if taken.iter().any(Result::is_err) {
            return Ok(taken.into_iter().map(|taken| taken.and(Err(Error::BatchRefused))).collect());
        }
        commit(transaction).await?;
        made.keep();
        self.announce_enqueued(&events, &taken, as_of);
        Ok(taken)
    }

    /// Takes the events of several requests in, with one commit.
    pub(super) async fn take_in(
        &self,
        requests: &[Arc<Vec<NewEvent>>],
        mode: Mode,
    ) -> Result<Answers<Vec<Result<Taken>>>> {
        let events: Vec<&NewEvent> = requests.iter().flat_map(|events| events.iter()).collect();
        let has_keys = events.iter().any(|event| event.has_key());
        let (new_queues, as_of) = self.known_queues.unknown_of(&events);
        let taken = if has_keys || !new_queues.is_empty() {
            // Somebody may be making the same queue, in a transaction that takes its time.
            let mut transaction = match mode {
                Mode::Together => self.begin_impatient().await?,
                Mode::Alone => self.begin().await?,
            };
            let (taken, queues_made) = self.take_in_within(&mut transaction, &events, &new_queues).await?;
            commit(transaction).await?;
            queues_made.keep();
            taken
        } else {
            let planned: Vec<_> = events.iter().map(|event| (*event, None)).collect();
            let mut connection = self.connection().await?;
            let enqueued = store::events::enqueue::enqueue(&mut connection, &planned, &[], MAX_DELAY_SECONDS).await?;
            enqueued.into_iter().map(|enqueued| enqueued.map(Taken::New).ok_or(Error::AvailableTooFarAway)).collect()
        };
        self.announce_enqueued(&events, &taken, as_of);
        let mut taken = taken.into_iter();
        Ok(requests.iter().map(|events| Some(Ok(taken.by_ref().take(events.len()).collect()))).collect())
    }

    /// Takes events in as far as there may be their queues, some of which may be new.
    async fn take_in_within(
        &self,
        connection: &mut PgConnection,
        events: &[&NewEvent],
        new_queues: &[&str],
    ) -> Result<(Vec<Result<Taken>>, Made)> {
        let mut admission = NewQueues::look(self, connection, new_queues).await?;
        let admitted: Vec<Result<()>> = events.iter().map(|event| admission.admit(event)).collect();
        let within = events.iter().zip(&admitted).filter(|(_, admitted)| admitted.is_ok());
        let within: Vec<&NewEvent> = within.map(|(event, _)| *event).collect();
        let mut taken = enqueue_with_keys(connection, &within, new_queues).await?.into_iter();
        let taken = admitted
            .into_iter()
            .map(|admitted| match admitted {
                Ok(()) => taken.next().expect("one answer for each event that was admitted"),
                Err(refused) => Err(refused),
            })
            .collect();
        Ok((taken, admission.end()))
    }

    /// Lets the rest of this replica know of events that were taken in; to be called after their commit.
    pub(in crate::broker) fn announce_enqueued(&self, events: &[&NewEvent], taken: &[Result<Taken>], as_of: AsOf) {
        let accepted = events.iter().zip(taken).filter(|(_, taken)| matches!(taken, Ok(Taken::New(_))));
        self.known_queues.note(accepted.map(|(event, _)| event.engine_type.as_str()), as_of);
        let mut effects = Effects::default();
        for (event, taken) in events.iter().zip(taken) {
            if let Ok(Taken::New(enqueued)) = taken {
                let engine_type = event.engine_type.as_str();
                let Enqueued { event_id, available_at, is_due, .. } = *enqueued;
                let landed = Landed { event_id, priority: event.priority, lane: Lane::Normal, available_at, is_due };
                effects.landed(engine_type, landed);
                self.metrics.events_enqueued.with_label_values(&[self.metrics.queue(engine_type)]).inc();
                self.activity.count(engine_type, |counts| counts.enqueued += 1);
            }
        }
        self.apply(effects);
    }
}

/// Stands for an event's idempotency key. The second event of a key is judged when it is known what became of the first.
pub(in crate::broker) fn digest_of_key(event: &NewEvent) -> Option<Uuid> {
    let key = event.idempotency_key.as_deref()?;
    let whose = event.enqueued_by.as_deref().unwrap_or_default();
    // None of them has a control character.
    let parts = [event.engine_type.as_str(), "\0", key, "\0", whose];
    let digest = parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize();
    Some(Uuid::from_slice(&digest[..16]).expect("sixteen bytes"))
}

/// Stands for an event's unique key.
pub(in crate::broker) fn digest_of_unique_key(event: &NewEvent) -> Option<Uuid> {
    let parts = [event.engine_type.as_str(), "\0unique\0", event.unique_key.as_deref()?];
    let digest = parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize();
    Some(Uuid::from_slice(&digest[..16]).expect("sixteen bytes"))
}

/// What the keys of an event came to.
#[derive(Clone, Copy, Debug)]
pub(in crate::broker) struct Claim {
    /// By its idempotency key alone.
    pub first: Plan,
    /// By both.
    pub plan: Plan,
}

/// Claims all keys of a batch: what has to be waited for before rows of open events are locked.
pub(in crate::broker) async fn claim_keys(connection: &mut PgConnection, events: &[&NewEvent]) -> Result<Vec<Claim>> {
    let first = keys::plan(connection, events).await?;
    let mut plans = first.clone();
    unique_keys::claim(connection, events, &mut plans).await?;
    Ok(first.into_iter().zip(plans).map(|(first, plan)| Claim { first, plan }).collect())
}

/// Claims the unique keys that `freed` events had, whose rows the transaction has locked, and which it has freed: nobody is
/// waited for.
pub(in crate::broker) async fn claim_freed_keys(
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

/// Gives the keys back that were claimed for an event which is not taken in.
pub(in crate::broker) async fn give_back_keys(
    connection: &mut PgConnection,
    event: &NewEvent,
    claim: Claim,
) -> Result<()> {
    if let (Plan::Enqueue(Some(_)), Some(key)) = (claim.first, key_of(event)) {
        idempotency::give_back(connection, &key).await?;
    }
    if let (Plan::Enqueue(_), Some(unique_key)) = (claim.plan, event.unique_key.as_deref()) {
        open_keys::give_back(connection, event.engine_type.as_str(), unique_key).await?;
    }
    Ok(())
}

async fn enqueue_with_keys(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    new_queues: &[&str],
) -> Result<Vec<Result<Taken>>> {
    let claims = claim_keys(connection, events).await?;
    enqueue_claimed(connection, events, &claims, new_queues).await
}

/// Stores those events whose keys were claimed for them, and answers for all. Waits for nobody but who makes one of
/// `new_queues`.
pub(in crate::broker) async fn enqueue_claimed(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    claims: &[Claim],
    new_queues: &[&str],
) -> Result<Vec<Result<Taken>>> {
    let mut plans: Vec<Plan> = claims.iter().map(|claim| claim.plan).collect();
    let redirected = unique_keys::redirected(claims.iter().map(|claim| (claim.first, claim.plan)));
    let to_enqueue: Vec<(&NewEvent, Option<EventId>)> = events
        .iter()
        .zip(&plans)
        .filter_map(|(event, plan)| match plan {
            Plan::Enqueue(event_id) => Some((*event, *event_id)),
            Plan::Duplicate(_)
            | Plan::DuplicateByValue(_)
            | Plan::KeyReused(_)
            | Plan::Held(_)
            | Plan::TooFarAway(_) => None,
        })
        .collect();
    let enqueued = store::events::enqueue::enqueue(connection, &to_enqueue, new_queues, MAX_DELAY_SECONDS).await?;
    unique_keys::redirect(connection, events, &redirected, &mut plans).await?;
    let mut refused: HashSet<EventId> = to_enqueue
        .iter()
        .zip(&enqueued)
        .filter_map(|((_, event_id), enqueued)| event_id.filter(|_| enqueued.is_none()))
        .collect();
    refused
        .extend(plans.iter().filter_map(|plan| if let Plan::TooFarAway(event_id) = plan { *event_id } else { None }));
    keys::compare_by_value(connection, events, &refused, &mut plans).await?;
    let mut enqueued = enqueued.into_iter();
    let mut taken = Vec::with_capacity(events.len());
    for (event, plan) in events.iter().zip(plans) {
        taken.push(match plan {
            Plan::Enqueue(_) => match enqueued.next().flatten() {
                Some(enqueued) => Ok(Taken::New(enqueued)),
                None => Err(refuse(connection, event, true).await?),
            },
            Plan::TooFarAway(_) => Err(refuse(connection, event, false).await?),
            Plan::Duplicate(event_id) | Plan::DuplicateByValue(event_id) => {
                duplicate(connection, event, event_id, DuplicateOf::IdempotencyKey).await?
            }
            Plan::Held(event_id) => duplicate(connection, event, event_id, DuplicateOf::UniqueKey).await?,
            Plan::KeyReused(event_id) => Err(Error::IdempotencyKeyReused { event_id }),
        });
    }
    Ok(taken)
}

/// Gives the keys back of an event that is not taken in.
async fn refuse(connection: &mut PgConnection, event: &NewEvent, has_unique_key: bool) -> Result<Error> {
    if let Some(key) = key_of(event) {
        idempotency::give_back(connection, &key).await?;
    }
    if let Some(unique_key) = event.unique_key.as_deref().filter(|_| has_unique_key) {
        open_keys::give_back(connection, event.engine_type.as_str(), unique_key).await?;
    }
    Ok(Error::AvailableTooFarAway)
}

/// The answer for an event one of whose keys stands for another. What somebody else brought is told by its id alone.
async fn duplicate(
    connection: &mut PgConnection,
    event: &NewEvent,
    event_id: EventId,
    of: DuplicateOf,
) -> Result<Result<Taken>> {
    Ok(match store::events::read(connection, event_id, false).await? {
        Some(known) if known.enqueued_by.as_deref() == event.enqueued_by.as_deref() => {
            Ok(Taken::Duplicate(Box::new(known), of))
        }
        Some(known) => Ok(Taken::OfAnother(known.event_id, of)),
        // The first one of this very batch was not taken in.
        None => Err(Error::AvailableTooFarAway),
    })
}
