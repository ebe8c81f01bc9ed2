//! What follows for an event whose attempt ended: one function for a report, a release, a silent loss and a cancellation.

use std::time::Duration;

use super::event::{DeadLetterReason, Outcome};
use super::lane::{Lane, SuspectIsolation};
use super::limits;
use super::retry_policy::RetryPolicy;
use super::settlement::Answer;

/// How much of its budgets an event has spent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Spent {
    /// Reported failures; `max_retries` bounds them.
    pub failures: u32,
    /// Silent losses; `dead_letter_threshold` bounds them.
    pub lease_losses: u32,
    /// Releases in a row. They spend nothing, but those without a delay are slowed down.
    pub releases: u32,
}

impl Spent {
    /// The lane in which an event waits that comes back with this.
    #[must_use]
    pub const fn lane(self, policy: &RetryPolicy, isolation: SuspectIsolation) -> Lane {
        isolation.lane(self.lease_losses, policy.dead_letter_threshold)
    }

    /// How many more reported failures are tried again.
    #[must_use]
    pub const fn retries_left(self, policy: &RetryPolicy) -> u32 {
        policy.max_retries.saturating_sub(self.failures)
    }

    /// How many more silent losses make it a dead letter.
    #[must_use]
    pub const fn losses_left(self, policy: &RetryPolicy) -> u32 {
        policy.dead_letter_threshold.saturating_sub(self.lease_losses)
    }
}

/// How the attempt ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Ending {
    /// The engine reported success.
    Completed,
    /// The engine reported an error.
    Failed {
        /// False: the engine says that trying again is pointless.
        is_retryable: bool,
        /// In the place of the policy's backoff.
        delay: Option<Duration>,
    },
    /// The engine gave the event back.
    Released {
        /// Until it is due again.
        delay: Duration,
    },
    /// Without a report of the engine.
    Lost(Loss),
    /// The engine left in order; its leases go back and spend nothing.
    HandedBack,
    /// As if the lease had not been granted: whoever polled had hung up before it could hear of it, or the database was restored
    /// to a time at which the lease was held.
    Undelivered,
    /// The event was queued: no lease ended.
    Cancelled,
}

/// Why a lease ended in silence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// The visibility timeout passed without a renewal.
    Expired,
    /// The lease was renewed up to its queue's `max_lease_seconds`.
    MaxLease,
    /// The engine sent nothing for its heartbeat timeout.
    EngineUnresponsive,
    /// The engine registered anew under the same id.
    EngineRestarted,
    /// The engine was removed while it held the event.
    Deregistered,
}

impl Loss {
    /// Every kind of loss.
    pub const ALL: [Self; 5] =
        [Self::Expired, Self::MaxLease, Self::EngineUnresponsive, Self::EngineRestarted, Self::Deregistered];

    /// As the outcome of an attempt names it, and `lease_ended_by` of a problem.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        Ending::Lost(self).outcome().as_str()
    }
}

impl Ending {
    /// As the attempt's record has it.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Completed => Outcome::Completed,
            Self::Failed { .. } => Outcome::Failed,
            Self::Cancelled => Outcome::Cancelled,
            Self::Released { .. } | Self::Undelivered => Outcome::Released,
            Self::HandedBack | Self::Lost(Loss::Deregistered) => Outcome::Deregistered,
            Self::Lost(Loss::Expired) => Outcome::Expired,
            Self::Lost(Loss::MaxLease) => Outcome::MaxLease,
            Self::Lost(Loss::EngineUnresponsive) => Outcome::EngineUnresponsive,
            Self::Lost(Loss::EngineRestarted) => Outcome::EngineRestarted,
        }
    }

    /// Whether the event, back in its queue, keeps the lease's token, so that a late report of the engine still counts.
    #[must_use]
    pub const fn keeps_token(self) -> bool {
        match self {
            Self::Lost(_) => true,
            Self::Completed
            | Self::Failed { .. }
            | Self::Released { .. }
            | Self::HandedBack
            | Self::Undelivered
            | Self::Cancelled => false,
        }
    }
}

/// What follows for the event, which the store applies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Verdict {
    /// Back into the queue, due after that long.
    Requeue {
        /// 0: at once.
        after: Duration,
        /// With this attempt.
        spent: Spent,
        /// What an engine may hold beside it from now on.
        lane: Lane,
    },
    /// Done for good.
    Complete,
    /// Failed, to be looked at.
    DeadLetter {
        /// Which budget is spent, or that the engine said so.
        reason: DeadLetterReason,
        /// With this attempt.
        spent: Spent,
    },
    /// By request: at once while it is queued, with its lease while it is processing.
    Cancel,
}

impl Verdict {
    /// What a report that led to it is answered.
    #[must_use]
    pub const fn answer(self, ending: Ending) -> Answer {
        match (self, ending) {
            (Self::Complete, _) => Answer::Completed,
            (Self::DeadLetter { .. }, _) => Answer::DeadLettered,
            (Self::Cancel, _) => Answer::Cancelled,
            (Self::Requeue { .. }, Ending::Failed { .. } | Ending::Lost(_)) => Answer::RetryScheduled,
            (
                Self::Requeue { .. },
                Ending::Released { .. }
                | Ending::HandedBack
                | Ending::Undelivered
                | Ending::Completed
                | Ending::Cancelled,
            ) => Answer::Released,
        }
    }
}

/// Decides by the budgets. `isolation` is the operator's setting, `variation` a random number from −1 to 1, for the jitter.
#[must_use]
pub fn verdict(
    ending: Ending,
    before: Spent,
    policy: &RetryPolicy,
    isolation: SuspectIsolation,
    is_cancel_requested: bool,
    variation: f64,
) -> Verdict {
    let spent = spend(ending, before);
    let requeue = |after| Verdict::Requeue { after, spent, lane: spent.lane(policy, isolation) };
    match ending {
        Ending::Completed => Verdict::Complete,
        _ if is_cancel_requested => Verdict::Cancel,
        Ending::Cancelled => Verdict::Cancel,
        Ending::Failed { is_retryable: false, .. } => {
            Verdict::DeadLetter { reason: DeadLetterReason::NotRetryable, spent }
        }
        Ending::Failed { .. } if spent.failures > policy.max_retries => {
            Verdict::DeadLetter { reason: DeadLetterReason::RetriesExhausted, spent }
        }
        Ending::Failed { delay, .. } => requeue(delay.unwrap_or_else(|| policy.backoff(spent.failures, variation))),
        Ending::Lost(_) if spent.lease_losses >= policy.dead_letter_threshold => {
            Verdict::DeadLetter { reason: DeadLetterReason::LeaseLossesExhausted, spent }
        }
        // The first loss is most likely the engine's fault: due at once. From then on as after a retry.
        Ending::Lost(_) if spent.lease_losses <= 1 => requeue(Duration::ZERO),
        Ending::Lost(_) => requeue(policy.backoff(spent.lease_losses - 1, variation)),
        Ending::Released { delay } if delay.is_zero() => requeue(release_delay(spent.releases)),
        Ending::Released { delay } => requeue(delay),
        Ending::HandedBack | Ending::Undelivered => requeue(Duration::ZERO),
    }
}

const fn spend(ending: Ending, before: Spent) -> Spent {
    match ending {
        Ending::Failed { .. } => Spent { failures: before.failures + 1, releases: 0, ..before },
        Ending::Lost(_) => Spent { lease_losses: before.lease_losses + 1, releases: 0, ..before },
        Ending::Released { .. } => Spent { releases: before.releases + 1, ..before },
        Ending::HandedBack | Ending::Undelivered | Ending::Completed | Ending::Cancelled => before,
    }
}

/// An engine that keeps handing an event back at once would otherwise spin with it.
fn release_delay(releases: u32) -> Duration {
    let seconds = match releases {
        0..=2 => 0,
        3..=11 => 1_u32 << (releases - 3),
        _ => limits::MAX_RELEASE_DELAY_SECONDS,
    };
    Duration::from_secs(seconds.min(limits::MAX_RELEASE_DELAY_SECONDS).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Ending = Ending::Failed { is_retryable: true, delay: None };
    const RELEASED: Ending = Ending::Released { delay: Duration::ZERO };
    const LOST: Ending = Ending::Lost(Loss::Expired);

    fn judge(ending: Ending, before: Spent) -> Verdict {
        verdict(ending, before, &RetryPolicy::default(), SuspectIsolation::default(), false, 0.0)
    }

    /// The waits between the attempts of an event that always ends like this, and why it becomes a dead letter.
    fn life(ending: Ending) -> (Vec<u64>, Option<DeadLetterReason>) {
        let (mut spent, mut waits) = (Spent::default(), Vec::new());
        for _ in 0..20 {
            match judge(ending, spent) {
                Verdict::Requeue { after, spent: next, .. } => {
                    waits.push(after.as_secs());
                    spent = next;
                }
                Verdict::DeadLetter { reason, .. } => return (waits, Some(reason)),
                Verdict::Complete | Verdict::Cancel => unreachable!("nobody completes or cancels here"),
            }
        }
        (waits, None)
    }

    #[test]
    fn three_failures_are_retried_and_the_fourth_is_final() {
        assert_eq!(life(FAILED), (vec![30, 60, 120], Some(DeadLetterReason::RetriesExhausted)));
    }

    #[test]
    fn the_third_silent_loss_is_final_and_the_first_is_due_at_once() {
        for loss in Loss::ALL {
            assert_eq!(life(Ending::Lost(loss)), (vec![0, 30], Some(DeadLetterReason::LeaseLossesExhausted)));
        }
    }

    #[test]
    fn releases_never_end_but_slow_down() {
        let (waits, reason) = life(RELEASED);
        assert_eq!(reason, None);
        assert_eq!(waits[..14], [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn a_release_with_a_delay_of_its_own_waits_no_longer_and_counts_too() {
        let spent = Spent { releases: 7, ..Spent::default() };
        let delay = Duration::from_secs(5);
        let next = Spent { releases: 8, ..Spent::default() };
        assert_eq!(
            judge(Ending::Released { delay }, spent),
            Verdict::Requeue { after: delay, spent: next, lane: Lane::Normal }
        );
    }

    #[test]
    fn an_engine_that_leaves_in_order_and_one_that_never_heard_of_its_lease_spend_nothing() {
        let spent = Spent { failures: 3, lease_losses: 2, releases: 2 };
        for ending in [Ending::HandedBack, Ending::Undelivered] {
            let back = Verdict::Requeue { after: Duration::ZERO, spent, lane: Lane::Isolated };
            assert_eq!(judge(ending, spent), back);
        }
    }

    #[test]
    fn the_two_budgets_do_not_touch_each_other() {
        let spent = Spent { failures: 3, lease_losses: 0, releases: 0 };
        assert!(matches!(
            judge(LOST, spent),
            Verdict::Requeue { spent: Spent { failures: 3, lease_losses: 1, .. }, .. }
        ));
        let spent = Spent { failures: 0, lease_losses: 2, releases: 0 };
        assert!(matches!(
            judge(FAILED, spent),
            Verdict::Requeue { spent: Spent { failures: 1, lease_losses: 2, .. }, .. }
        ));
    }

    #[test]
    fn a_failure_called_hopeless_is_not_retried() {
        let ending = Ending::Failed { is_retryable: false, delay: None };
        assert!(matches!(
            judge(ending, Spent::default()),
            Verdict::DeadLetter { reason: DeadLetterReason::NotRetryable, .. }
        ));
    }

    #[test]
    fn an_engine_may_choose_its_retrys_delay_but_gets_no_more_retries() {
        let ending = Ending::Failed { is_retryable: true, delay: Some(Duration::from_secs(7)) };
        assert!(matches!(judge(ending, Spent::default()), Verdict::Requeue { after, .. } if after.as_secs() == 7));
        let spent = Spent { failures: 3, ..Spent::default() };
        assert!(matches!(judge(ending, spent), Verdict::DeadLetter { .. }));
    }

    #[test]
    fn a_requested_cancellation_wins_over_every_ending() {
        for ending in [FAILED, RELEASED, LOST, Ending::HandedBack, Ending::Undelivered] {
            let (policy, isolation) = (RetryPolicy::default(), SuspectIsolation::default());
            let verdict = verdict(ending, Spent::default(), &policy, isolation, true, 0.0);
            assert!(verdict == Verdict::Cancel, "{ending:?}");
        }
    }

    #[test]
    fn what_is_completed_stays_so_whoever_wants_it_cancelled() {
        for is_cancel_requested in [false, true] {
            let (policy, isolation) = (RetryPolicy::default(), SuspectIsolation::default());
            let verdict = verdict(Ending::Completed, Spent::default(), &policy, isolation, is_cancel_requested, 0.0);
            assert_eq!(verdict, Verdict::Complete);
        }
    }

    #[test]
    fn every_verdict_has_its_answer() {
        let requeue = Verdict::Requeue { after: Duration::ZERO, spent: Spent::default(), lane: Lane::Normal };
        for (ending, answer) in [
            (FAILED, Answer::RetryScheduled),
            (LOST, Answer::RetryScheduled),
            (RELEASED, Answer::Released),
            (Ending::HandedBack, Answer::Released),
            (Ending::Undelivered, Answer::Released),
        ] {
            assert_eq!(requeue.answer(ending), answer);
            assert_eq!(Verdict::Cancel.answer(ending), Answer::Cancelled);
        }
        assert_eq!(Verdict::Complete.answer(Ending::Completed), Answer::Completed);
    }

    #[test]
    fn what_is_left_of_the_budgets_matches_the_verdicts() {
        let policy = RetryPolicy::default();
        for failures in 0..=5 {
            let spent = Spent { failures, ..Spent::default() };
            let is_last = matches!(judge(FAILED, spent), Verdict::DeadLetter { .. });
            assert_eq!(spent.retries_left(&policy) == 0, is_last, "{failures} failures");
        }
        for lease_losses in 0..=5 {
            let spent = Spent { lease_losses, ..Spent::default() };
            let is_last = matches!(judge(LOST, spent), Verdict::DeadLetter { .. });
            assert_eq!(spent.losses_left(&policy) <= 1, is_last, "{lease_losses} losses");
        }
    }
}
