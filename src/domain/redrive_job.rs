//! Redrive jobs: dead letters that the server puts back into their queues, in steps. A few may be tried first, a rate may be kept,
//! and a job goes no further where too many die again.

/// What is known of a job.
mod job;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::json::object::members;
use super::json::{RawJson, depth};
use super::limits::{BULK_BATCH_DEAD_LETTERS, MAX_REDRIVE_RATE, MIN_JUDGED_REDRIVEN};
use super::merge_patch;
pub use job::{Canary, Counts, RedriveJob, RedriveJobId, Settings, Skipped, State, StateReason};

/// Where the next step of a job goes on.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The canary is still to be judged.
    pub has_canary_ahead: bool,
    /// Then the canary is undecided; `None` while some of it are still to be redriven.
    pub canary_judged_by: Option<DateTime<Utc>>,
    /// The last dead letter that was chosen: when it died.
    pub chosen_up_to_at: Option<DateTime<Utc>>,
    /// The same: its id.
    pub chosen_up_to_id: Option<Uuid>,
    /// No dead letter is left to choose.
    pub is_all_chosen: bool,
    /// The last dead letter whose event was checked for how it ended; `None`: the next check begins with the first one.
    pub checked_up_to_id: Option<Uuid>,
    /// When the next dead letter may be due, by the rate.
    pub next_due_at: DateTime<Utc>,
    /// When the next step is to be taken; `None`: there is nothing to do.
    pub next_step_at: Option<DateTime<Utc>>,
}

/// A job that a step is taken of.
#[derive(Clone, Debug)]
pub struct WorkingJob {
    /// The job.
    pub job: RedriveJob,
    /// Where it goes on.
    pub place: Place,
}

/// What somebody may ask of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Redrive nothing until it is continued.
    Pause,
    /// Go on.
    Continue,
    /// Redrive nothing any more.
    Cancel,
}

/// All is redriven, or nothing will be: the state of the job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IsOver(pub State);

/// Longest time that a job makes up for, where it was late.
const CATCHES_UP_SECONDS: i64 = 1;
/// From one look at open events to the next.
const BETWEEN_CHECKS_SECONDS: i64 = 1;
/// The same where no dead letter depends on it.
const BETWEEN_IDLE_CHECKS_SECONDS: i64 = 5;

impl WorkingJob {
    /// Part of the canary, or all of it.
    fn of_canary(&self) -> Option<Canary> {
        self.job.settings.canary.filter(|_| self.place.has_canary_ahead)
    }

    /// How many dead letters the next step redrives; 0 where it redrives none.
    #[must_use]
    pub fn room(&self, now: DateTime<Utc>) -> usize {
        let Place { is_all_chosen, next_due_at, .. } = self.place;
        let may_redrive = self.job.state.redrives() && !is_all_chosen;
        if !may_redrive || (self.job.settings.events_per_second.is_some() && next_due_at > now) {
            return 0;
        }
        let in_a_second = self.job.settings.events_per_second.map_or(BULK_BATCH_DEAD_LETTERS, |rate| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 10000")]
            let events = rate.ceil().clamp(1.0, MAX_REDRIVE_RATE) as usize;
            events.min(BULK_BATCH_DEAD_LETTERS)
        });
        match self.of_canary() {
            Some(Canary { count, .. }) => {
                let left = i64::from(count) - self.job.counts.redriven;
                in_a_second.min(usize::try_from(left).unwrap_or(0))
            }
            None => in_a_second,
        }
    }

    /// When the dead letters of the next step are due: the first of them, and the seconds from one to the next.
    #[must_use]
    pub fn schedule(&self, now: DateTime<Utc>) -> (DateTime<Utc>, f64) {
        match self.job.settings.events_per_second {
            Some(rate) => (self.place.next_due_at.max(now - TimeDelta::seconds(CATCHES_UP_SECONDS)), rate.recip()),
            None => (now, 0.0),
        }
    }

    /// Notes that so many dead letters were redriven, due as [`Self::schedule`] says. The last of them stood at the place before
    /// `places`: those that were passed over have places too.
    pub fn note_redriven(&mut self, redriven: usize, places: usize, now: DateTime<Utc>) {
        if redriven == 0 {
            return;
        }
        let (first_due_at, gap_seconds) = self.schedule(now);
        let count = i64::try_from(redriven).expect("a step is small");
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a step is small")]
        let took = TimeDelta::microseconds((gap_seconds * places as f64 * 1e6).ceil() as i64);
        self.place.next_due_at = first_due_at + took;
        self.job.last_redriven_at = Some(now);
        self.job.counts.redriven += count;
        self.job.counts.open += count;
        self.note_canary_out(now);
    }

    /// From the moment on that all of the canary are due, its time runs.
    fn note_canary_out(&mut self, now: DateTime<Utc>) {
        if let Some(canary) = self.of_canary()
            && self.is_canary_out(canary)
            && self.place.canary_judged_by.is_none()
        {
            let due_at = self.place.next_due_at.max(now);
            self.place.canary_judged_by = Some(due_at + TimeDelta::seconds(canary.wait_seconds.into()));
        }
    }

    fn is_canary_out(&self, canary: Canary) -> bool {
        self.place.is_all_chosen || self.job.counts.redriven >= canary.count.into()
    }

    /// Notes that no dead letter is left to choose.
    pub fn note_all_chosen(&mut self, now: DateTime<Utc>) {
        self.place.is_all_chosen = true;
        self.note_canary_out(now);
    }

    /// Moves the job on where its events have ended so, or where it is time. Answers whether it was moved.
    pub fn judge(&mut self, now: DateTime<Utc>) -> bool {
        let before = self.job.state;
        while let Some((state, reason)) = self.next_state(now) {
            if before == State::Canary && state != State::Canary && reason != Some(StateReason::CanaryUndecided) {
                self.place.has_canary_ahead = false;
            }
            self.set_state(state, reason, now);
        }
        self.job.state != before
    }

    /// Puts the job into a state.
    fn set_state(&mut self, state: State, reason: Option<StateReason>, now: DateTime<Utc>) {
        self.job.state = state;
        self.job.state_reason = reason;
        self.job.state_changed_at = now;
    }

    fn next_state(&self, now: DateTime<Utc>) -> Option<(State, Option<StateReason>)> {
        let Counts { open, died_again, completed, redriven, .. } = self.job.counts;
        let counts = &self.job.counts;
        let Place { is_all_chosen, canary_judged_by, .. } = self.place;
        if self.job.state.redrives()
            && !is_all_chosen
            && counts.ended() >= MIN_JUDGED_REDRIVEN
            && self.job.settings.stop_at_failure_ratio.is_some_and(|most| counts.ratio(died_again) >= most)
        {
            return Some((State::Stopped, Some(StateReason::FailureRatio)));
        }
        match self.job.state {
            State::Canary => {
                let Some(canary) = self.of_canary() else { return Some((State::Redriving, None)) };
                if !self.is_canary_out(canary) {
                    None
                } else if open > 0 {
                    let is_late = canary_judged_by.is_some_and(|by| now >= by);
                    is_late.then_some((State::Paused, Some(StateReason::CanaryUndecided)))
                } else if redriven == 0 {
                    Some((State::Redriving, None))
                } else if counts.ended() == 0 {
                    Some((State::Paused, Some(StateReason::CanaryUndecided)))
                } else if counts.ratio(completed) >= canary.continue_at_success_ratio {
                    Some((State::Redriving, None))
                } else {
                    Some((State::Stopped, Some(StateReason::CanaryFailed)))
                }
            }
            State::Redriving if is_all_chosen => Some((State::Watching, None)),
            State::Watching if open == 0 => Some((State::Finished, None)),
            State::Redriving
            | State::Watching
            | State::Paused
            | State::Stopped
            | State::Cancelled
            | State::Finished => None,
        }
    }

    /// Lets a paused job go on: with its canary, unless that was undecided, which is for people to decide.
    fn go_on(&mut self, now: DateTime<Utc>) {
        if self.job.state_reason == Some(StateReason::CanaryUndecided) {
            self.place.has_canary_ahead = false;
        }
        let state = if self.of_canary().is_some() { State::Canary } else { State::Redriving };
        self.set_state(state, None, now);
        // The time of a canary does not run while the job is paused.
        if self.place.canary_judged_by.take().is_some() {
            self.note_canary_out(now);
        }
    }

    /// Does what somebody asks for. Answers whether that changed anything.
    ///
    /// # Errors
    /// Nothing is left that could be paused, continued or cancelled.
    pub fn change(&mut self, change: Change, now: DateTime<Utc>) -> Result<bool, IsOver> {
        match (change, self.job.state) {
            (Change::Pause, State::Paused)
            | (Change::Continue, State::Canary | State::Redriving)
            | (Change::Cancel, State::Cancelled) => return Ok(false),
            (_, State::Watching | State::Stopped | State::Cancelled | State::Finished) => {
                return Err(IsOver(self.job.state));
            }
            (Change::Pause, State::Canary | State::Redriving) => {
                self.set_state(State::Paused, Some(StateReason::Operator), now);
            }
            (Change::Continue, State::Paused) => {
                self.go_on(now);
                // All may have ended meanwhile: a step judges that.
                self.place.next_step_at = Some(now);
                return Ok(true);
            }
            (Change::Cancel, State::Canary | State::Redriving | State::Paused) => {
                self.set_state(State::Cancelled, None, now);
            }
        }
        self.set_next_step(now);
        Ok(true)
    }

    /// Says when the next step is to be taken.
    pub fn set_next_step(&mut self, now: DateTime<Utc>) {
        let check_at = |seconds| Some(now + TimeDelta::seconds(seconds));
        let is_waiting_for_canary = self.of_canary().is_some_and(|canary| self.is_canary_out(canary));
        self.place.next_step_at = if self.job.state.redrives() && !self.place.is_all_chosen && !is_waiting_for_canary {
            match self.job.settings.events_per_second {
                Some(_) => check_at(BETWEEN_CHECKS_SECONDS).min(Some(self.place.next_due_at.max(now))),
                None => Some(now),
            }
        } else if self.job.counts.open == 0 {
            None
        } else if self.job.state.redrives() || self.job.state == State::Watching {
            check_at(BETWEEN_CHECKS_SECONDS)
        } else {
            check_at(BETWEEN_IDLE_CHECKS_SECONDS)
        };
    }

    /// Takes the next step at once where the last check found that most had ended: the counts lag behind.
    pub fn catch_up(&mut self, is_behind: bool, now: DateTime<Utc>) {
        if is_behind && self.place.next_step_at.is_some() {
            self.place.next_step_at = Some(now);
        }
    }
}

/// A payload changed by a merge patch: what the patch does not touch keeps its spelling. `None`: it is no object, or the result would
/// have more than `max_bytes`, or be nested deeper than `max_depth`.
#[must_use]
pub fn patched(payload: &RawJson, patch: &RawJson, max_bytes: usize, max_depth: usize) -> Option<RawJson> {
    members(payload)?;
    let patched = merge_patch::apply(Some(payload), patch);
    if patched.len() > max_bytes || depth(patched.as_bytes()) > max_depth {
        return None;
    }
    RawValue::from_string(patched).ok()
}
