//! A retry policy in a body: every field may be missing, then it is inherited.

use super::described::described;
use super::fields::{Fields, Patch};
use super::values::{integer, number};
use crate::domain::limits::{MAX_BACKOFF_MULTIPLIER, MAX_DEAD_LETTER_THRESHOLD, MAX_RETRIES, MAX_RETRY_DELAY_SECONDS};
use crate::domain::retry_policy::RetryPolicyOverrides;

described! {
    /// When a failed event is tried again. What is left out is inherited from the event type's policy,
    /// the queue's, the server's.
    #[schema(as = RetryPolicy, example = json!({"max_retries": 5, "retry_delay": {"initial": 10, "max": 600}}))]
    pub struct RetryPolicyBody of policy: Fields<'_> {
        /// Reported failures that are tried again; 3 unless a policy says otherwise.
        max_retries: Patch<u32> as Option<u32> = patch(integer(0..=MAX_RETRIES)),
        retry_delay: Patch<RetryDelayBody> as Option<RetryDelayBody> = part_patch(RetryDelayBody::take),
        /// The silent loss (a lease that ends without the engine's word) that makes a dead letter; 3 unless a policy says
        /// otherwise.
        dead_letter_threshold: Patch<u32> as Option<u32> = patch(integer(1..=MAX_DEAD_LETTER_THRESHOLD)),
        /// The share by which a delay may vary in either direction; 0.1 unless a policy says otherwise.
        #[schema(minimum = 0, maximum = 1)]
        jitter: Patch<f64> as Option<f64> = patch(number(0.0..=1.0)),
    }
}

described! {
    /// Retry n waits `min(initial × multiplier^(n−1), max)` seconds.
    #[schema(as = RetryDelay)]
    pub struct RetryDelayBody of delay: Fields<'_> {
        /// Seconds; 30 unless a policy says otherwise.
        initial: Patch<u32> as Option<u32> = patch(integer(0..=MAX_RETRY_DELAY_SECONDS)),
        /// Seconds; 300 unless a policy says otherwise.
        max: Patch<u32> as Option<u32> = patch(integer(0..=MAX_RETRY_DELAY_SECONDS)),
        /// 2 unless a policy says otherwise.
        #[schema(minimum = 1, maximum = 10)]
        multiplier: Patch<f64> as Option<f64> = patch(number(1.0..=MAX_BACKOFF_MULTIPLIER)),
    }
}

impl RetryPolicyBody {
    /// Reads a policy that takes the place of another as a whole.
    pub fn whole(fields: &Fields<'_>) -> RetryPolicyOverrides {
        let mut policy = None;
        Self::take(fields).apply(&mut policy);
        policy.unwrap_or_default()
    }

    /// Changes a policy by what was read as a merge patch: null is inherited.
    pub fn apply(self, policy: &mut Option<RetryPolicyOverrides>) {
        let policy = policy.get_or_insert_default();
        self.max_retries.apply(&mut policy.max_retries);
        self.dead_letter_threshold.apply(&mut policy.dead_letter_threshold);
        self.jitter.apply(&mut policy.jitter);
        match self.retry_delay {
            Patch::Keep => {}
            Patch::Clear => policy.retry_delay = None,
            Patch::Set(patch) => {
                let delay = policy.retry_delay.get_or_insert_default();
                patch.initial.apply(&mut delay.initial);
                patch.max.apply(&mut delay.max);
                patch.multiplier.apply(&mut delay.multiplier);
            }
        }
    }
}
