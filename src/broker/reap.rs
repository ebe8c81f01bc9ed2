//! The reaper: finds engines that fell silent, and ends leases that nobody will settle.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::effects::{Effects, end_in_silence};
use super::state::Broker;
use crate::domain::verdict::{Ending, Loss};
use crate::error::Result;
use crate::store;
use crate::store::engines::liveness;
use crate::store::leases::open_events::{self, OpenEvent};
use crate::store::pool::commit;

/// Leases ended in one transaction.
const BATCH: u32 = 500;
/// In one round, no batch of leases begins later than this after the first one; the next round goes on. So the service's sign
/// is left in time, and engines that fell silent are found, also while very many leases end.
const BATCHES_BEGIN_WITHIN: Duration = Duration::from_secs(5);
/// Engines that are named in the log.
const MAX_NAMED: usize = 5;

/// What one round of the reaper changed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reaped {
    /// Engines that were silent for longer than their heartbeat timeout.
    pub engines_marked_unresponsive: usize,
    /// The first of them, for people.
    pub unresponsive: Vec<String>,
    /// Leases that ran out.
    pub leases_expired: usize,
    /// Leases that ended because their engine was unresponsive.
    pub leases_of_unresponsive: usize,
    /// Events cancelled because nobody leased them within their `discard_after_seconds`.
    pub events_too_old: usize,
}

impl Reaped {
    /// True if the round changed nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The batches of one kind in a round. Each has a time limit of its own, so that a round with much to do is not taken for
/// a database that is silent.
#[derive(Debug)]
struct Batches {
    began_at: Instant,
    ended: usize,
    /// The latest batch was not full.
    was_last: bool,
}

impl Batches {
    fn begin() -> Self {
        Self { began_at: Instant::now(), ended: 0, was_last: false }
    }

    fn are_to_go_on(&self) -> bool {
        !self.was_last && self.began_at.elapsed() < BATCHES_BEGIN_WITHIN
    }

    const fn note(&mut self, ended: usize) {
        self.ended += ended;
        self.was_last = ended < BATCH as usize;
    }
}

impl Broker {
    /// One round. After the service or the database was away nobody is judged for a while: nobody
    /// could have been heard. Whether it was, each statement asks anew: it may be away in mid-round.
    pub async fn reap(&self) -> Result<Reaped> {
        self.dead_letter_log.flush();
        let mut reaped = Reaped::default();
        let (now, grace_since) = self.leave_service_sign().await?;
        let silent = self.in_time(async { Ok(liveness::mark_unresponsive(&self.pool).await?) }).await?;
        for (engine_id, engine_type) in &silent {
            self.liveness.is_unresponsive(*engine_id);
            self.metrics.engines_marked_unresponsive.with_label_values(&[self.metrics.queue(engine_type)]).inc();
        }
        reaped.engines_marked_unresponsive = silent.len();
        let named = silent.iter().take(MAX_NAMED);
        reaped.unresponsive = named.map(|(engine_id, engine_type)| format!("{engine_id} of {engine_type}")).collect();
        reaped.leases_of_unresponsive = self.end_leases_of_unresponsive().await?;
        reaped.events_too_old = self.in_time(self.cancel_too_old()).await?;
        let is_grace =
            grace_since.is_some_and(|since| now - since <= TimeDelta::seconds(self.settings.grace_seconds.into()));
        let began_at = Instant::now();
        let since = self.dispatch.expiring().begin(began_at);
        let (leases_expired, are_all_ended) = self.end_expired_leases(since).await?;
        reaped.leases_expired = leases_expired;
        let until = (!is_grace && are_all_ended).then_some(now);
        self.dispatch.expiring().end(began_at, since, until, Instant::now());
        Ok(reaped)
    }

    /// Leaves a sign that the service is there. Answers the database's time, and since when nobody is judged.
    pub async fn leave_service_sign(&self) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>)> {
        let sign = self.in_time(async { Ok(liveness::leave_service_sign(&self.pool).await?) }).await?;
        self.readiness.note_write();
        self.troubles.note_write();
        Ok(sign)
    }

    async fn end_leases_of_unresponsive(&self) -> Result<usize> {
        let mut batches = Batches::begin();
        while batches.are_to_go_on() {
            batches.note(self.in_time(self.end_some_of_unresponsive()).await?);
        }
        Ok(batches.ended)
    }

    async fn end_some_of_unresponsive(&self) -> Result<usize> {
        let mut transaction = self.begin().await?;
        let held = open_events::lock_held_by_unresponsive(&mut transaction, BATCH).await?;
        let lost = held.into_iter().map(|event| (event, Ending::Lost(Loss::EngineUnresponsive))).collect();
        self.end(transaction, lost).await
    }

    /// Ends leases that ran out. Says how many, and whether those were all.
    async fn end_expired_leases(&self, since: DateTime<Utc>) -> Result<(usize, bool)> {
        let mut batches = Batches::begin();
        while batches.are_to_go_on() {
            batches.note(self.in_time(self.end_some_expired(since)).await?);
        }
        Ok((batches.ended, batches.was_last))
    }

    async fn end_some_expired(&self, since: DateTime<Utc>) -> Result<usize> {
        let mut transaction = self.begin().await?;
        let expired = open_events::lock_expired(&mut transaction, since, BATCH, self.settings.grace_seconds).await?;
        let lost = expired
            .into_iter()
            .map(|event| {
                let ending = Ending::Lost(event.expiry());
                (event, ending)
            })
            .collect();
        self.end(transaction, lost).await
    }

    /// Ends the leases of locked events, and says how many those are.
    async fn end(&self, mut transaction: store::Transaction, lost: Vec<(OpenEvent, Ending)>) -> Result<usize> {
        let mut effects = Effects::default();
        end_in_silence(&mut transaction, &lost, self.settings.suspect_isolation, &mut effects).await?;
        commit(transaction).await?;
        // A round that ends many leases may last for longer than a replica is ready without a sign.
        self.readiness.note_write();
        self.apply(effects);
        Ok(lost.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_go_on_while_they_are_full_but_not_for_long() {
        let mut batches = Batches::begin();
        assert!(batches.are_to_go_on());
        batches.note(BATCH as usize);
        assert!(batches.are_to_go_on());
        batches.began_at = Instant::now().checked_sub(BATCHES_BEGIN_WITHIN).expect("the clock began before");
        assert!(!batches.are_to_go_on());
        assert!(!batches.was_last, "the next round goes on");
        let mut batches = Batches::begin();
        batches.note(BATCH as usize - 1);
        assert!(!batches.are_to_go_on());
        assert!(batches.was_last);
    }
}
