//! Settling and renewing, in batches. Completions, by far the most frequent reports, have one statement of their own.

/// Completions with follow-up events.
mod with_follow_ups;
/// All settlements but plain completions: under the locks of their events' rows.
mod under_locks;
/// Reports on leases that are over.
mod late_report;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::batchers::Answers;
use super::effects::Effects;
use super::enqueue::{digest_of_key, digest_of_unique_key};
use super::settled::{Settled, SettledOutcome};
use super::state::Broker;
use crate::batching::{Mode, Size};
use crate::domain::event::Status;
use crate::domain::json::SentJson;
use crate::domain::settlement::{Answer, Report, Settlement};
use crate::error::Result;
use crate::store;
use crate::store::settlement::completion::Completion;

impl Broker {
    /// Settles or renews one lease.
    ///
    /// # Errors
    /// `Error::LeaseLost`, `Error::AlreadySettled`, `Error::NotTheHolder`: nothing was changed, and the same report can never
    /// be taken. `Error::Overloaded`: the caller may try again.
    pub async fn settle(&self, settlement: Settlement) -> Result<Settled> {
        self.submit_settlements(vec![settlement]).await?.pop().expect("one answer for one settlement")
    }

    /// An event may occur once, and so may a key of follow-ups. Those with follow-ups have a batch queue of their
    /// own: they may have to wait for the transaction that just claims a key.
    async fn submit_settlements(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<Settled>>> {
        let has_follow_ups = |settlement: &Settlement| !settlement.report.follow_ups().is_empty();
        if settlements.iter().any(has_follow_ups) && !settlements.iter().all(has_follow_ups) {
            let is_with: Vec<bool> = settlements.iter().map(has_follow_ups).collect();
            let (with, without) = settlements.into_iter().partition(has_follow_ups);
            let mut without = self.submit_alike(without).await?.into_iter();
            let mut with = self.submit_alike(with).await?.into_iter();
            let next = |is_with| if is_with { with.next() } else { without.next() };
            return Ok(is_with.into_iter().map(next).map(|answer| answer.expect("each has its answer")).collect());
        }
        self.submit_alike(settlements).await
    }

    /// All of them have follow-ups, or none has.
    async fn submit_alike(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<Settled>>> {
        let bytes = settlements.iter().map(|settlement| settlement.report.bytes()).sum();
        let follow_ups: usize = settlements.iter().map(|settlement| settlement.report.follow_ups().len()).sum();
        let size = Size { rows: settlements.len() + follow_ups, bytes };
        let touched = settlements.iter().flat_map(touches).collect();
        let batcher = if follow_ups > 0 { &self.batchers.with_follow_ups } else { &self.batchers.settlements };
        batcher.submit(Arc::new(settlements), size, touched).await?
    }

    /// Settles many, each with its own verdict. Of an event that occurs more than once, each report is
    /// judged after the one before; and so are those whose follow-ups have the same key.
    pub async fn settle_many(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<Settled>>> {
        let mut answers: Vec<Option<Result<Settled>>> = Vec::new();
        answers.resize_with(settlements.len(), || None);
        let mut left: Vec<(usize, Settlement)> = settlements.into_iter().enumerate().collect();
        while !left.is_empty() {
            let mut seen = HashSet::new();
            let (round, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, settlement)| {
                let touched: HashSet<Uuid> = touches(settlement).collect();
                let is_free = seen.is_disjoint(&touched);
                seen.extend(touched);
                is_free
            });
            let (places, batch): (Vec<usize>, Vec<Settlement>) = round.into_iter().unzip();
            match self.submit_settlements(batch).await {
                Ok(settled) => {
                    for (place, answer) in places.into_iter().zip(settled) {
                        answers[place] = Some(answer);
                    }
                }
                Err(error) if answers.iter().all(Option::is_none) => return Err(error),
                // What an earlier round committed is answered all the same.
                Err(error) => {
                    for place in places.into_iter().chain(later.iter().map(|(place, _)| *place)) {
                        answers[place] = Some(Err(error.clone()));
                    }
                    break;
                }
            }
            left = later;
        }
        Ok(answers.into_iter().map(|answer| answer.expect("every settlement was answered")).collect())
    }

    /// Settles what several requests report, with one commit. A request whose rows somebody else has locked is to be alone.
    pub(super) async fn settle_batch(
        &self,
        items: &[Arc<Vec<Settlement>>],
        mode: Mode,
    ) -> Result<Answers<Vec<Result<Settled>>>> {
        // Carried out a second time for the sake of one of them, a report without a token could end another lease.
        let is_to_be_alone = |settlements: &[Settlement]| {
            mode == Mode::Together
                && settlements.len() > 1
                && settlements.iter().any(|settlement| settlement.lease_token.is_none())
        };
        let joint = items.iter().filter(|settlements| !is_to_be_alone(settlements));
        let settlements: Vec<&Settlement> = joint.flat_map(|settlements| settlements.iter()).collect();
        let mut answers = self.settle_together(&settlements, mode).await?.into_iter();
        Ok(items
            .iter()
            .map(|settlements| {
                if is_to_be_alone(settlements) {
                    return None;
                }
                let answers: Vec<_> = answers.by_ref().take(settlements.len()).collect();
                answers.into_iter().collect::<Option<Vec<_>>>().map(Ok)
            })
            .collect())
    }

    /// Settles a batch, each with its own verdict; `None` for one whose row somebody else has locked. An event
    /// may occur once. Either all have follow-ups, or none has. Plain completions have one statement and one commit, all else has a transaction.
    async fn settle_together(&self, settlements: &[&Settlement], mode: Mode) -> Result<Answers<Settled>> {
        if settlements.iter().any(|settlement| !settlement.report.follow_ups().is_empty()) {
            return self.settle_with_follow_ups(settlements, mode).await;
        }
        let mut answers: Answers<Settled> = Vec::new();
        answers.resize_with(settlements.len(), || None);
        if mode == Mode::Together && self.settings.coalescing.max_rows > 1 {
            self.complete_plainly(settlements, &mut answers).await?;
        }
        let left: Vec<usize> = (0..settlements.len()).filter(|&index| answers[index].is_none()).collect();
        if !left.is_empty() {
            let rest: Vec<&Settlement> = left.iter().map(|&index| settlements[index]).collect();
            for (index, answer) in left.into_iter().zip(self.settle_under_locks(&rest, mode).await?) {
                answers[index] = answer;
            }
        }
        Ok(answers)
    }

    /// Completes, in one statement, the events that are reported with their current token, and by nobody but its holder.
    async fn complete_plainly(
        &self,
        settlements: &[&Settlement],
        answers: &mut [Option<Result<Settled>>],
    ) -> Result<()> {
        let mut places = HashMap::new();
        let mut completions = Vec::new();
        for (index, settlement) in settlements.iter().enumerate() {
            if let (Some(lease_token), Report::Completed { result, .. }) = (settlement.lease_token, &settlement.report)
            {
                let (event_id, result) = (settlement.event_id, result.as_ref().map(SentJson::get));
                completions.push(Completion { event_id, lease_token, caller: settlement.caller, result });
                places.insert(event_id, index);
            }
        }
        if completions.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        let completed = store::settlement::completion::complete(&mut connection, &mut completions).await?;
        drop(connection);
        let mut effects = Effects::default();
        for event in &completed {
            effects.completed(event);
            self.note_holder_call(event.leased_by);
            answers[places[&event.event_id]] = Some(Ok(Settled {
                event_id: event.event_id,
                status: Status::Completed,
                attempt: event.attempt,
                outcome: SettledOutcome::Ended(Answer::Completed),
                available_at: None,
                renewal: None,
                follow_ups: Vec::new(),
            }));
        }
        self.apply(effects);
        Ok(())
    }
}

/// What no other settlement of a batch may touch: its event, and the keys of its follow-ups.
fn touches(settlement: &Settlement) -> impl Iterator<Item = Uuid> {
    let follow_ups = settlement.report.follow_ups().iter();
    let keys = follow_ups.flat_map(|event| [digest_of_key(event), digest_of_unique_key(event)]).flatten();
    std::iter::once(settlement.event_id.0).chain(keys)
}
