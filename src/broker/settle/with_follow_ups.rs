//! Completions with follow-up events: both in one transaction, or neither.
//!
//! The order of locks is that of all others: the keys of the follow-ups are claimed before the rows of the open events are
//! locked. So nobody waits for a key who holds a row that others wait for. What was claimed for a settlement that is not taken
//! is given back. A unique key that one of the completed events has is claimed when it is free.

use std::collections::HashMap;

use super::under_locks::{admit_all, end_live};
use crate::batching::Mode;
use crate::broker::batchers::Answers;
use crate::broker::effects::Effects;
use crate::broker::enqueue::claims::{self, Claim, Claims};
use crate::broker::enqueue::new_queues::NewQueues;
use crate::broker::enqueue::{enqueue_claimed, naming_no_undone};
use crate::broker::settled::Settled;
use crate::broker::state::Broker;
use crate::broker::taken::Taken;
use crate::domain::follow_up::{Cause, FollowUp, Reach};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::new_event::NewEvent;
use crate::domain::run::CancelledRuns;
use crate::domain::settlement::Settlement;
use crate::error::{Error, FollowUpsRefused, Result};
use crate::store::events::{follow_ups, open_keys};
use crate::store::leases::open_events::OpenEvent;
use crate::store::pool::{begin_savepoint, commit, keep_savepoint, roll_back_savepoint};
use crate::store::{PgConnection, Transaction};

/// The follow-ups of one settlement.
struct FollowUps {
    /// With what they inherit.
    events: Vec<NewEvent>,
    /// What their keys came to.
    claims: Vec<Claim>,
}

/// The follow-ups of settlements that are taken, as far as is known.
struct Accepted<'a> {
    live: Vec<(usize, OpenEvent)>,
    follow_ups: &'a [FollowUps],
    cancelled: &'a CancelledRuns,
}

/// What became of the follow-ups of one settlement.
type Outcomes = Vec<Result<Taken>>;

impl Broker {
    /// Completes events and enqueues their follow-ups; together, `None` for one whose row somebody else has locked. An event
    /// may occur once, and so may an idempotency key.
    pub(super) async fn settle_with_follow_ups(
        &self,
        settlements: &[&Settlement],
        mode: Mode,
    ) -> Result<Answers<Settled>> {
        // Somebody may be claiming the same key, or making the same queue, in a transaction that takes its time.
        let mut transaction = match mode {
            Mode::Together => self.begin_impatient().await?,
            Mode::Alone => self.begin().await?,
        };
        let mut follow_ups = complete_follow_ups(&mut transaction, settlements).await?;
        let reaches = self.reaches(&mut transaction, settlements).await?;
        let events = follow_ups.iter().flat_map(|of_one| of_one.events.clone()).collect::<Vec<_>>();
        let (new_queues, as_of) = self.known_queues.unknown_of(&events.iter().collect::<Vec<_>>());
        let mut admission = NewQueues::look(self, &mut transaction, &new_queues).await?;
        let cancelled = claim(&mut transaction, &mut follow_ups).await?;

        let mut answers: Answers<Settled> = Vec::new();
        answers.resize_with(settlements.len(), || None);
        let live = admit_all(&mut transaction, settlements, mode, &mut answers).await?;
        let mut accepted = Accepted { live, follow_ups: &follow_ups, cancelled: &cancelled };
        accepted.refuse(&mut answers, |index, event| beyond_reach(reaches.as_ref(), settlements[index], event));
        // A refusal may be found when the others are enqueued already; then all is done again without that settlement.
        let outcomes = loop {
            admission.start_anew();
            accepted.refuse(&mut answers, |_, event| admission.admit(event).err());
            let outcomes = accepted.enqueue(&mut transaction, &new_queues).await?;
            if accepted.keep_unrefused(&mut answers, &outcomes) {
                break outcomes;
            }
        };
        let live = accepted.live;
        give_back(&mut transaction, &follow_ups, &live).await?;
        let kept: HashMap<usize, Vec<FollowUp>> =
            live.iter().zip(&outcomes).map(|((index, _), outcomes)| (*index, kept(outcomes))).collect();
        let (isolation, mut effects) = (self.settings.suspect_isolation, Effects::default());
        end_live(&mut transaction, settlements, &live, &kept, isolation, &mut answers, &mut effects).await?;
        commit(transaction).await?;

        admission.end().keep();
        self.apply(effects);
        let events = live.iter().flat_map(|(index, _)| &follow_ups[*index].events).collect::<Vec<_>>();
        self.announce_enqueued(&events, &outcomes.into_iter().flatten().collect::<Vec<_>>(), as_of);
        self.note_settled(settlements, &live);
        Ok(answers)
    }

    /// Into which queues the engines may enqueue; `None`: everybody into all, since nobody is authenticated.
    async fn reaches(
        &self,
        connection: &mut PgConnection,
        settlements: &[&Settlement],
    ) -> Result<Option<HashMap<EngineId, Reach>>> {
        if !self.settings.issues_engine_tokens {
            return Ok(None);
        }
        let engines: Vec<EngineId> = settlements.iter().filter_map(|settlement| settlement.caller).collect();
        Ok(Some(follow_ups::reaches(connection, &engines).await?))
    }
}

impl Accepted<'_> {
    fn events(&self, index: usize) -> &[NewEvent] {
        &self.follow_ups[index].events
    }

    /// Refuses the settlements that have a follow-up for which `refusal` has an error.
    fn refuse(
        &mut self,
        answers: &mut [Option<Result<Settled>>],
        mut refusal: impl FnMut(usize, &NewEvent) -> Option<Error>,
    ) {
        let follow_ups = self.follow_ups;
        self.live.retain(|(index, open)| {
            let events = follow_ups[*index].events.iter().enumerate();
            let refused = events.filter_map(|(place, event)| Some((place, refusal(*index, event)?))).collect();
            note_refusal(answers, *index, open.event_id, refused)
        });
    }

    /// Enqueues the follow-ups of all, and frees the unique keys of the events that are completed; undone if one was refused.
    async fn enqueue(&self, transaction: &mut Transaction, new_queues: &[&str]) -> Result<Vec<Outcomes>> {
        let events: Vec<&NewEvent> = self.live.iter().flat_map(|(index, _)| self.events(*index)).collect();
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let mut claims: Vec<Claim> =
            self.live.iter().flat_map(|(index, _)| &self.follow_ups[*index].claims).copied().collect();
        let completed: Vec<EventId> = self.live.iter().map(|(_, open)| open.event_id).collect();
        let mut savepoint = begin_savepoint(transaction).await?;
        // Before the follow-ups, so that one of them may have the key.
        open_keys::free(&mut savepoint, &completed).await?;
        claims::claim_freed(&mut savepoint, &events, &mut claims, &completed).await?;
        let taken = enqueue_claimed(&mut savepoint, &events, &claims, self.cancelled, new_queues).await?;
        let taken = if taken.iter().any(|taken| refusal_in(taken).is_some()) {
            roll_back_savepoint(savepoint).await?;
            naming_no_undone(taken)
        } else {
            keep_savepoint(savepoint).await?;
            taken
        };
        let mut taken = taken.into_iter();
        Ok(self.live.iter().map(|(index, _)| taken.by_ref().take(self.events(*index).len()).collect()).collect())
    }

    /// Refuses the settlements that have a refused follow-up; true if there was none.
    fn keep_unrefused(&mut self, answers: &mut [Option<Result<Settled>>], outcomes: &[Outcomes]) -> bool {
        let count = self.live.len();
        let mut outcomes = outcomes.iter();
        self.live.retain(|(index, open)| {
            let outcomes = outcomes.next().into_iter().flatten().enumerate();
            let refused = outcomes.filter_map(|(place, outcome)| Some((place, refusal_in(outcome)?.clone()))).collect();
            note_refusal(answers, *index, open.event_id, refused)
        });
        self.live.len() == count
    }
}

/// Answers a settlement some of whose follow-ups were refused; true if none was.
fn note_refusal(
    answers: &mut [Option<Result<Settled>>],
    index: usize,
    event_id: EventId,
    refused: Vec<(usize, Error)>,
) -> bool {
    if refused.is_empty() {
        return true;
    }
    answers[index] = Some(Err(Error::FollowUpsRefused(Box::new(FollowUpsRefused { event_id, refused }))));
    false
}

/// The follow-ups of each settlement, with what they inherit. Those of an event that is not known are none: its settlement is
/// refused for that.
async fn complete_follow_ups(connection: &mut PgConnection, settlements: &[&Settlement]) -> Result<Vec<FollowUps>> {
    let ids: Vec<EventId> = settlements.iter().map(|settlement| settlement.event_id).collect();
    let causes = follow_ups::causes(connection, &ids).await?;
    let of_one = |settlement: &&Settlement| {
        let complete =
            |cause: &Cause| settlement.report.follow_ups().iter().map(|event| cause.complete(event)).collect();
        let events = causes.get(&settlement.event_id).map(complete).unwrap_or_default();
        FollowUps { events, claims: Vec::new() }
    };
    Ok(settlements.iter().map(of_one).collect())
}

/// Claims the keys of all, and answers which of their runs are cancelled.
async fn claim(connection: &mut PgConnection, follow_ups: &mut [FollowUps]) -> Result<CancelledRuns> {
    let events: Vec<&NewEvent> = follow_ups.iter().flat_map(|of_one| &of_one.events).collect();
    let Claims { claims, cancelled } = claims::claim(connection, &events).await?;
    let mut claims = claims.into_iter();
    for of_one in follow_ups {
        of_one.claims = claims.by_ref().take(of_one.events.len()).collect();
    }
    Ok(cancelled)
}

/// Gives the keys back that were claimed for settlements which are not taken.
async fn give_back(connection: &mut PgConnection, follow_ups: &[FollowUps], live: &[(usize, OpenEvent)]) -> Result<()> {
    for (index, FollowUps { events, claims }) in follow_ups.iter().enumerate() {
        if live.iter().any(|(taken, _)| *taken == index) {
            continue;
        }
        for (event, claim) in events.iter().zip(claims) {
            claims::give_back(connection, event, *claim).await?;
        }
    }
    Ok(())
}

/// The refusal of a follow-up into a queue that its engine may not enqueue into.
fn beyond_reach(
    reaches: Option<&HashMap<EngineId, Reach>>,
    settlement: &Settlement,
    event: &NewEvent,
) -> Option<Error> {
    let reach = settlement.caller.and_then(|engine_id| reaches?.get(&engine_id));
    let is_allowed = reaches.is_none() || reach.is_some_and(|reach| reach.includes(event.engine_type.as_str()));
    (!is_allowed).then(|| Error::MayNotEnqueue(event.engine_type.clone()))
}

/// Why a follow-up refuses its settlement. A cancelled run does not: the completion stands, and the event is not made.
const fn refusal_in(outcome: &Result<Taken>) -> Option<&Error> {
    match outcome {
        Ok(_) | Err(Error::RunCancelled(_)) => None,
        Err(refusal) => Some(refusal),
    }
}

/// What is answered of follow-ups none of which refuses its settlement, and kept with the attempt.
fn kept(outcomes: &[Result<Taken>]) -> Vec<FollowUp> {
    let of_one = |outcome: &Result<Taken>| match outcome {
        Ok(Taken::New(enqueued)) => Some(FollowUp::Made { event_id: enqueued.event_id.0 }),
        Ok(Taken::Duplicate(event, of)) => Some(FollowUp::Duplicate { event_id: event.event_id.0, duplicate_of: *of }),
        Ok(Taken::OfAnother(event_id, of)) => Some(FollowUp::Duplicate { event_id: event_id.0, duplicate_of: *of }),
        Err(Error::RunCancelled(run)) => Some(FollowUp::RunCancelled { run_cancelled: run.to_string() }),
        Err(_) => None,
    };
    outcomes.iter().filter_map(of_one).collect()
}
