//! The steps of redrive jobs. One step is one transaction: it locks the job, checks how some of its events ended, judges it, redrives
//! some dead letters, records them, and writes how far the job is. So none is redriven twice, and none is forgotten, whichever replica
//! takes the next step.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::broker::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::ids::EventId;
use crate::domain::json::RawJson;
use crate::domain::limits::{CHECKED_EVENTS_OF_STEP, PATCHED_BYTES_OF_STEP};
use crate::domain::redrive_job::{RedriveJobId, StateReason, WorkingJob, patched};
use crate::error::Result;
use crate::store::dead_letters::bulk::{self, Next};
use crate::store::dead_letters::redrive::{self, AsNew, Redrive};
use crate::store::pool::{commit, plan_for_parts_given};
use crate::store::{self, Transaction, redrive_jobs};

/// In one round, no step begins later than this after the first one.
const STEPS_BEGIN_WITHIN: Duration = Duration::from_secs(2);
/// A job whose step failed lets others go first for so long.
const AFTER_A_FAILURE_SECONDS: f64 = 10.0;

impl Broker {
    /// Takes steps of the jobs that have something to do, each in turn. Answers how many dead letters were redriven.
    pub async fn carry_on_with_redrive_jobs(&self) -> Result<usize> {
        let (began_at, mut done) = (Instant::now(), 0);
        while began_at.elapsed() < STEPS_BEGIN_WITHIN && !self.stopping.is_cancelled() {
            match self.step_of_redrive_jobs().await? {
                Some(redriven) => done += redriven,
                None => break,
            }
        }
        Ok(done)
    }

    /// One step of one job. `None`: no job has something to do now.
    pub async fn step_of_redrive_jobs(&self) -> Result<Option<usize>> {
        let mut transaction = self.begin().await?;
        let Some(job_id) = redrive_jobs::lock_next(&mut transaction).await? else { return Ok(None) };
        // Within the limit, not around it: a job that takes too long, too, lets the others go first.
        let outcome = self.in_time(self.step(transaction, job_id)).await;
        if outcome.is_err() {
            // The others need not wait for this one.
            let mut connection = self.connection().await?;
            redrive_jobs::postpone(&mut connection, job_id, AFTER_A_FAILURE_SECONDS).await?;
        }
        outcome.map(Some)
    }

    async fn step(&self, mut transaction: Transaction, job_id: RedriveJobId) -> Result<usize> {
        plan_for_parts_given(&mut transaction).await?;
        let Some((mut working, now)) = redrive_jobs::lock(&mut transaction, job_id).await? else { return Ok(0) };
        let ended = note_ends(&mut transaction, &mut working).await?;
        let mut is_moved = working.judge(now);
        let redrive = self.redrive_next(&mut transaction, &mut working, now).await?;
        is_moved |= working.judge(now);
        working.set_next_step(now);
        working.catch_up(ended > CHECKED_EVENTS_OF_STEP / 2, now);
        redrive_jobs::write(&mut transaction, &working).await?;
        let job = &working.job;
        if is_moved {
            let details = json!({
                "state": job.state, "state_reason": job.state_reason, "redriven": job.counts.redriven,
                "completed": job.counts.completed, "died_again": job.counts.died_again,
            });
            let (by, subject) = (Actor::named(Actor::SERVER), job_id.to_string());
            store::audit::record(&mut transaction, &by, Operation::RedriveDeadLetters, &subject, &details).await?;
        }
        commit(transaction).await?;
        if job.settings.payload_patch.is_some() {
            self.announce_redriven_as_new(&redrive.redriven);
        } else {
            self.announce_redriven(&redrive.redriven);
        }
        if is_moved {
            let (state, reason) = (job.state.as_str(), job.state_reason.map(StateReason::as_str));
            tracing::info!(%job_id, state, reason, redriven = job.counts.redriven, "redrive job goes on");
        }
        Ok(redrive.redriven.len())
    }

    /// Redrives the next dead letters of a locked job, as many as it has room for.
    async fn redrive_next(
        &self,
        transaction: &mut Transaction,
        working: &mut WorkingJob,
        now: DateTime<Utc>,
    ) -> Result<Redrive> {
        let room = working.room(now);
        if room == 0 {
            return Ok(Redrive::default());
        }
        let died_by = working.job.created_at;
        let behind = working.place.chosen_up_to_at.zip(working.place.chosen_up_to_id);
        let mut next = bulk::choose_next(transaction, &working.job.settings.filter, died_by, behind, room).await?;
        let found = next.len();
        if working.job.settings.payload_patch.is_some() {
            keep_small(&mut next);
        }
        let is_last = found < room && next.len() == found;
        let redrive = self.redrive_these(transaction, working, &next, now).await?;
        if is_last {
            working.note_all_chosen(now);
        }
        Ok(redrive)
    }

    async fn redrive_these(
        &self,
        transaction: &mut Transaction,
        working: &mut WorkingJob,
        next: &[Next],
        now: DateTime<Utc>,
    ) -> Result<Redrive> {
        let died_by = working.job.created_at;
        let Some(last) = next.last() else { return Ok(Redrive::default()) };
        working.place.chosen_up_to_at = Some(last.dead_lettered_at);
        working.place.chosen_up_to_id = Some(last.event_id);
        let (first_due_at, gap_seconds) = working.schedule(now);
        // Seconds count from when the job was made, as those of a bulk redrive count from when its dead letters were chosen.
        let first_delay_seconds = (first_due_at - died_by).as_seconds_f64();
        #[expect(clippy::cast_precision_loss, reason = "a step is small")]
        let delay_of = |place: usize| (place as f64).mul_add(gap_seconds, first_delay_seconds);
        let overrides = &working.job.settings.overrides;
        let (redrive, places) = match &working.job.settings.payload_patch {
            None => {
                let due: Vec<_> =
                    next.iter().enumerate().map(|(place, next)| (EventId(next.event_id), delay_of(place))).collect();
                let redrive = redrive::redrive(transaction, &due, Some(died_by), overrides).await?;
                let places = places(due.iter().map(|(event_id, _)| *event_id), &redrive);
                (redrive, places)
            }
            Some(patch) => {
                let (payloads, skipped) = self.patched_payloads(transaction, next, patch).await?;
                let made: Vec<AsNew<'_>> = payloads
                    .iter()
                    .enumerate()
                    .map(|(place, (event_id, payload))| AsNew {
                        event_id: EventId(*event_id),
                        payload: payload.get(),
                        delay_seconds: delay_of(place),
                    })
                    .collect();
                let redrive = redrive::redrive_as_new(transaction, &made, Some(died_by), overrides).await?;
                working.job.counts.skipped.payload_patch += skipped;
                let places = places(made.iter().map(|made| made.event_id), &redrive);
                (redrive, places)
            }
        };
        redrive_jobs::record(transaction, working.job.job_id, &redrive.redriven).await?;
        working.job.counts.skipped.run_cancelled += count(redrive.of_cancelled_runs.len());
        working.job.counts.skipped.unique_key_held += count(redrive.held.len());
        working.note_redriven(redrive.redriven.len(), places, now);
        Ok(redrive)
    }

    /// The payloads of dead letters with a patch applied, in the same order, and how many it cannot be applied to. One that is no
    /// dead letter any more is in neither.
    async fn patched_payloads(
        &self,
        transaction: &mut Transaction,
        next: &[Next],
        patch: &RawJson,
    ) -> Result<(Vec<(Uuid, RawJson)>, i64)> {
        let event_ids: Vec<Uuid> = next.iter().map(|next| next.event_id).collect();
        let mut payloads = bulk::payloads(transaction, &event_ids).await?;
        let (mut changed, mut skipped) = (Vec::with_capacity(event_ids.len()), 0);
        for event_id in event_ids {
            let Some(payload) = payloads.remove(&event_id) else { continue };
            match patched(&payload, patch, self.settings.max_payload_bytes, self.settings.max_json_depth) {
                Some(payload) => changed.push((event_id, payload)),
                None => skipped += 1,
            }
        }
        Ok((changed, skipped))
    }
}

/// Checks how open events of a locked job ended, and counts them. Answers how many had ended.
async fn note_ends(transaction: &mut Transaction, working: &mut WorkingJob) -> Result<i64> {
    if working.job.counts.open == 0 {
        return Ok(0);
    }
    let ends = redrive_jobs::note_ends(transaction, working, CHECKED_EVENTS_OF_STEP).await?;
    let are_forgotten = ends.checked == 0 && working.place.checked_up_to_id.is_none();
    // After the last one, the next check begins with the first one.
    working.place.checked_up_to_id = ends.checked_up_to_id.filter(|_| ends.checked == CHECKED_EVENTS_OF_STEP);
    let counts = &mut working.job.counts;
    counts.open -= ends.ended;
    counts.completed += ends.completed;
    counts.died_again += ends.died_again;
    counts.cancelled += ends.cancelled;
    counts.unknown += ends.unknown;
    if are_forgotten {
        // The job was paused for as long as jobs are kept, and continued while it was being forgotten.
        counts.unknown += std::mem::take(&mut counts.open);
    }
    Ok(ends.ended)
}

/// Keeps the first of them, as far as their payloads fit into a step: one at least.
fn keep_small(next: &mut Vec<Next>) {
    let mut bytes = 0;
    let fit = next.iter().take_while(|next| {
        bytes += i64::from(next.payload_bytes);
        bytes <= PATCHED_BYTES_OF_STEP
    });
    let count = fit.count().max(1);
    next.truncate(count);
}

/// How many dead letters of a step stand up to the last one that was redriven, with it.
fn places(asked: impl Iterator<Item = EventId>, redrive: &Redrive) -> usize {
    let redriven: HashSet<EventId> = redrive.redriven.iter().map(|redriven| redriven.dead_letter_id).collect();
    asked.enumerate().filter(|(_, event_id)| redriven.contains(event_id)).last().map_or(0, |(place, _)| place + 1)
}

fn count(letters: usize) -> i64 {
    i64::try_from(letters).expect("a step is small")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_up_to_the_last_one_that_was_redriven() {
        let id = |number| EventId(Uuid::from_u128(number));
        let redriven = |number| redrive::Redriven {
            event_id: id(number + 100),
            dead_letter_id: id(number),
            engine_type: "dialogue".to_owned(),
            priority: 5,
            available_at: DateTime::UNIX_EPOCH,
            is_due: true,
        };
        let of = |numbers: &[u128]| Redrive {
            redriven: numbers.iter().copied().map(redriven).collect(),
            ..Redrive::default()
        };
        let asked = || [9, 2, 7, 4].into_iter().map(id);
        assert_eq!(places(asked(), &of(&[7, 2])), 3);
        assert_eq!(places(asked(), &of(&[4])), 4);
        assert_eq!(places(asked(), &of(&[])), 0);
    }
}
