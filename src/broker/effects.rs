//! Ending attempts, and what follows from it after the commit: waiting polls are served, readers wake, metrics count. A
//! use-case collects `Effects` and applies them once.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::dead_letter_log::DeadLettered;
use super::state::Broker;
use crate::dispatch::Landed;
use crate::domain::event::{CancelReason, Outcome};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::lane::SuspectIsolation;
use crate::domain::retry_policy::RetryPolicy;
use crate::domain::settlement::Answer;
use crate::domain::verdict::{self, Ending, Loss, Verdict};
use crate::store::leases::open_events::OpenEvent;
use crate::store::settlement::completion::Completed;
use crate::store::settlement::{self, AttemptWords, EndedAttempt};
use crate::store::{self, PgConnection, policies_of_leased_events};

/// What a transaction has done that others must learn of once it is committed.
#[derive(Debug, Default)]
pub struct Effects {
    landed: HashMap<String, Vec<Landed>>,
    freed_engines: Vec<EngineId>,
    ended: Vec<(String, End)>,
    dead_lettered: Vec<DeadLettered>,
    cancelled: Vec<(String, CancelReason)>,
    /// Events that are final now.
    finals: Vec<EventId>,
    /// Engine types whose engines have something to hear.
    told_types: BTreeSet<String>,
}

/// What a lease's end counts as.
#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    /// Its engine settled it.
    Settled { outcome: Outcome, answer: Answer, held_seconds: f64, is_late: bool },
    /// It ended without a report.
    Lost(Loss),
    /// The engine left in order, or never heard of the lease: neither a settlement nor a loss.
    HandedBack,
}

impl End {
    const fn of(attempt: &EndedAttempt<'_>, held_seconds: f64) -> Self {
        match attempt.ending {
            Ending::Completed | Ending::Failed { .. } | Ending::Released { .. } => {
                let (outcome, is_late) = (attempt.ending.outcome(), attempt.late_by_seconds.is_some());
                Self::Settled { outcome, answer: attempt.answer(), held_seconds, is_late }
            }
            Ending::Lost(loss) => Self::Lost(loss),
            Ending::HandedBack | Ending::Undelivered | Ending::Cancelled => Self::HandedBack,
        }
    }
}

impl Effects {
    /// Notes an event that came into a queue, or back into it.
    pub fn landed(&mut self, engine_type: &str, landed: Landed) {
        match self.landed.get_mut(engine_type) {
            Some(of_queue) => of_queue.push(landed),
            None => drop(self.landed.insert(engine_type.to_owned(), vec![landed])),
        }
    }

    fn freed(&mut self, engine_id: Option<EngineId>) {
        self.freed_engines.extend(engine_id);
    }

    /// Engines of these types have something to hear.
    pub fn told(&mut self, engine_types: &[&str]) {
        self.told_types.extend(engine_types.iter().map(|engine_type| (*engine_type).to_owned()));
    }

    /// An engine completed an event.
    pub fn completed(&mut self, event: &Completed) {
        self.freed(event.leased_by);
        let Completed { held_seconds, is_late, .. } = *event;
        let end = End::Settled { outcome: Outcome::Completed, answer: Answer::Completed, held_seconds, is_late };
        self.ended.push((event.engine_type.clone(), end));
        self.finals.push(event.event_id);
    }

    /// A queued event was cancelled.
    pub fn cancelled(&mut self, event: &OpenEvent, reason: CancelReason) {
        self.cancelled.push((event.engine_type.clone(), reason));
        self.finals.push(event.event_id);
    }

    /// A lease ended. `available_at`: when the event is due again, if it is requeued.
    pub fn ended(&mut self, event: &OpenEvent, attempt: &EndedAttempt<'_>, available_at: Option<DateTime<Utc>>) {
        self.freed(event.lease.holder);
        self.ended.push((event.engine_type.clone(), End::of(attempt, event.held_seconds)));
        match attempt.verdict {
            Verdict::Complete | Verdict::DeadLetter { .. } | Verdict::Cancel => self.finals.push(event.event_id),
            Verdict::Requeue { .. } => {}
        }
        match (attempt.verdict, available_at) {
            (Verdict::Requeue { after, lane, .. }, Some(available_at)) => {
                let (event_id, priority) = (event.event_id, event.priority);
                let landed = Landed { event_id, priority, lane, available_at, is_due: after.is_zero() };
                self.landed(&event.engine_type, landed);
            }
            (Verdict::DeadLetter { reason, .. }, _) => {
                let (event_id, engine_type, attempt) = (event.event_id, event.engine_type.clone(), event.attempt);
                self.dead_lettered.push(DeadLettered { event_id, engine_type, reason, attempt });
            }
            (Verdict::Cancel, _) => {
                self.cancelled.push((event.engine_type.clone(), CancelReason::WhileProcessing));
            }
            (Verdict::Complete | Verdict::Requeue { .. }, _) => {}
        }
    }
}

impl Broker {
    /// To be called after the commit.
    pub(super) fn apply(&self, effects: Effects) {
        for (engine_type, events) in effects.landed {
            self.dispatch.landed(&engine_type, &events);
        }
        for engine_id in effects.freed_engines {
            self.dispatch.engine_freed(engine_id);
        }
        for engine_type in effects.told_types {
            self.dispatch.orders_changed(&engine_type);
        }
        for event_id in effects.finals {
            self.event_waits.wake(&event_id);
        }
        for (engine_type, end) in effects.ended {
            self.dispatch.place_freed(&engine_type);
            self.count_end(&engine_type, end);
        }
        for letter in effects.dead_lettered {
            let label = self.metrics.queue(&letter.engine_type);
            self.metrics.events_dead_lettered.with_label_values(&[label, letter.reason.as_str()]).inc();
            self.activity.count(&letter.engine_type, |counts| counts.happened.dead_lettered += 1);
            self.dead_letter_log.note(letter);
        }
        for (engine_type, reason) in effects.cancelled {
            let labels = [self.metrics.queue(&engine_type), reason.as_str()];
            self.metrics.events_cancelled.with_label_values(&labels).inc();
            self.activity.count(&engine_type, |counts| counts.happened.cancelled += 1);
        }
    }

    fn count_end(&self, engine_type: &str, end: End) {
        let label = self.metrics.queue(engine_type);
        match end {
            End::Settled { outcome, answer, held_seconds, is_late } => {
                self.activity.count(engine_type, |counts| {
                    counts.happened.completed += i64::from(outcome == Outcome::Completed);
                    counts.happened.failed += i64::from(outcome == Outcome::Failed);
                    counts.happened.released += i64::from(outcome == Outcome::Released);
                    counts.happened.late += i64::from(is_late);
                    counts.durations.note(held_seconds);
                });
                self.metrics.settlements.with_label_values(&[label, answer.as_str()]).inc();
                self.metrics.attempt_seconds.with_label_values(&[label]).observe(held_seconds);
                if is_late {
                    self.metrics.settlements_late.with_label_values(&[label]).inc();
                }
            }
            End::Lost(loss) => {
                self.activity.count(engine_type, |counts| counts.happened.lost += 1);
                if matches!(loss, Loss::Expired | Loss::MaxLease) {
                    self.metrics.leases_expired.with_label_values(&[label]).inc();
                }
                self.metrics.leases_lost.with_label_values(&[label, loss.as_str()]).inc();
            }
            End::HandedBack => {}
        }
    }
}

/// What follows for an event whose attempt ended so.
pub fn verdict_of(ending: Ending, event: &OpenEvent, policy: &RetryPolicy, isolation: SuspectIsolation) -> Verdict {
    verdict::verdict(ending, event.spent, policy, isolation, event.is_cancel_requested, jitter())
}

/// Ends the leases of locked events without a report of their engine.
pub async fn end_in_silence(
    connection: &mut PgConnection,
    events: &[(OpenEvent, Ending)],
    isolation: SuspectIsolation,
    effects: &mut Effects,
) -> store::Result<()> {
    end_with_words(connection, events, AttemptWords::default(), isolation, effects).await
}

/// The same with words that are recorded with each attempt, in the place of what an engine would say of it.
pub async fn end_with_words(
    connection: &mut PgConnection,
    events: &[(OpenEvent, Ending)],
    words: AttemptWords<'_>,
    isolation: SuspectIsolation,
    effects: &mut Effects,
) -> store::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let ids: Vec<EventId> = events.iter().map(|(event, _)| event.event_id).collect();
    let policies = policies_of_leased_events(connection, &ids).await?;
    let ended: Vec<EndedAttempt<'_>> = events
        .iter()
        .map(|(event, ending)| EndedAttempt {
            event_id: event.event_id,
            ending: *ending,
            verdict: verdict_of(*ending, event, &policies[&event.event_id], isolation),
            words,
            late_by_seconds: None,
            follow_ups: None,
        })
        .collect();
    let due = settlement::apply(connection, &ended).await?;
    for ((event, _), attempt) in events.iter().zip(&ended) {
        effects.ended(event, attempt, due.get(&event.event_id).copied());
    }
    Ok(())
}

/// A random number from −1 to 1, for the jitter.
fn jitter() -> f64 {
    rand::random_range(-1.0..=1.0)
}
