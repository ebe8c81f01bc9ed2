//! Taking events in.

/// Which keys of a batch are its own, and which of its runs are cancelled.
pub(super) mod claims;
/// Which events of a batch get their unique keys.
mod unique_keys;
mod keys;
/// Which queues may be made.
pub(super) mod new_queues;
/// What of a body is compared under an idempotency key.
mod terms;

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
use crate::domain::run::CancelledRuns;
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::{self, PgConnection};

use claims::{Claim, Claims, cancelled_run_of, give_keys_back};
use keys::Plan;
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
            let taken = naming_no_undone(taken);
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
        // Locks of keys and of runs are held until the events are committed.
        let has_locks = events.iter().any(|event| event.has_key() || event.scenario_run_id.is_some());
        let (new_queues, as_of) = self.known_queues.unknown_of(&events);
        let taken = if has_locks || !new_queues.is_empty() {
            // Somebody may be making the same queue, or cancelling the run, in a transaction that takes its time.
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
                self.activity.count(engine_type, |counts| counts.happened.enqueued += 1);
            }
        }
        self.apply(effects);
    }
}

/// The answers for events that are all undone: none names an event that would have been made beside it.
pub(in crate::broker) fn naming_no_undone(taken: Vec<Result<Taken>>) -> Vec<Result<Taken>> {
    let made: HashSet<EventId> = taken
        .iter()
        .filter_map(|taken| match taken {
            Ok(Taken::New(enqueued)) => Some(enqueued.event_id),
            Ok(Taken::Duplicate(..) | Taken::OfAnother(..)) | Err(_) => None,
        })
        .collect();
    let told = |taken| match taken {
        Err(Error::IdempotencyKeyReused { event_id }) if made.contains(&event_id) => Err(Error::IdempotencyKeyTwice),
        other => other,
    };
    taken.into_iter().map(told).collect()
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

async fn enqueue_with_keys(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    new_queues: &[&str],
) -> Result<Vec<Result<Taken>>> {
    let Claims { claims, cancelled } = claims::claim(connection, events).await?;
    enqueue_claimed(connection, events, &claims, &cancelled, new_queues).await
}

/// Stores those events whose keys were claimed for them, and answers for all. Waits for nobody but who makes one of
/// `new_queues`.
pub(in crate::broker) async fn enqueue_claimed(
    connection: &mut PgConnection,
    events: &[&NewEvent],
    claims: &[Claim],
    cancelled: &CancelledRuns,
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
            | Plan::RunCancelled(_)
            | Plan::Held(_)
            | Plan::TooFarAway(_) => None,
        })
        .collect();
    let enqueued = store::events::enqueue::enqueue(connection, &to_enqueue, new_queues, MAX_DELAY_SECONDS).await?;
    unique_keys::redirect(connection, events, &redirected, &mut plans).await?;
    let refused: HashSet<EventId> = to_enqueue
        .iter()
        .zip(&enqueued)
        .filter_map(|((_, event_id), enqueued)| event_id.filter(|_| enqueued.is_none()))
        .chain(plans.iter().filter_map(|plan| match plan {
            Plan::RunCancelled(event_id) | Plan::TooFarAway(event_id) => *event_id,
            Plan::Enqueue(_) | Plan::Duplicate(_) | Plan::DuplicateByValue(_) | Plan::KeyReused(_) | Plan::Held(_) => {
                None
            }
        }))
        .collect();
    keys::compare_by_value(connection, events, &refused, &mut plans).await?;
    let mut enqueued = enqueued.into_iter();
    let mut taken = Vec::with_capacity(events.len());
    for (event, plan) in events.iter().zip(plans) {
        taken.push(match plan {
            Plan::Enqueue(_) => {
                if let Some(enqueued) = enqueued.next().flatten() {
                    Ok(Taken::New(enqueued))
                } else {
                    give_keys_back(connection, event, true).await?;
                    Err(Error::AvailableTooFarAway)
                }
            }
            Plan::TooFarAway(_) => {
                give_keys_back(connection, event, false).await?;
                Err(Error::AvailableTooFarAway)
            }
            Plan::Duplicate(event_id) | Plan::DuplicateByValue(event_id) => {
                duplicate(connection, event, event_id, DuplicateOf::IdempotencyKey, cancelled).await?
            }
            Plan::Held(event_id) => duplicate(connection, event, event_id, DuplicateOf::UniqueKey, cancelled).await?,
            Plan::KeyReused(event_id) => Err(Error::IdempotencyKeyReused { event_id }),
            Plan::RunCancelled(_) => {
                give_keys_back(connection, event, false).await?;
                Err(cancelled_run_of(event, cancelled).unwrap_or(Error::Crashed))
            }
        });
    }
    Ok(taken)
}

/// The answer for an event one of whose keys stands for another. What somebody else brought is told by its id alone.
async fn duplicate(
    connection: &mut PgConnection,
    event: &NewEvent,
    event_id: EventId,
    of: DuplicateOf,
    cancelled: &CancelledRuns,
) -> Result<Result<Taken>> {
    Ok(match store::events::read(connection, event_id, false).await? {
        Some(known) if known.enqueued_by.as_deref() == event.enqueued_by.as_deref() => {
            Ok(Taken::Duplicate(Box::new(known), of))
        }
        Some(known) => Ok(Taken::OfAnother(known.event_id, of)),
        // The first one of this very batch was not taken in.
        None => Err(cancelled_run_of(event, cancelled).unwrap_or(Error::AvailableTooFarAway)),
    })
}
