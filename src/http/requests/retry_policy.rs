//! A retry policy in a body: every field may be missing, then it is inherited.

use utoipa::ToSchema;

use super::fields::{Fields, Patch};
use super::values::{integer, number};
use crate::domain::limits::{MAX_BACKOFF_MULTIPLIER, MAX_DEAD_LETTER_THRESHOLD, MAX_RETRIES, MAX_RETRY_DELAY_SECONDS};
use crate::domain::retry_policy::RetryPolicyOverrides;

/// When a failed event is tried again. What is left out is inherited from the event type's policy,
/// the queue's, the server's.
#[derive(ToSchema)]
#[schema(as = RetryPolicy, example = json!({"max_retries": 5, "retry_delay": {"initial": 10, "max": 600}}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read` reads it")]
pub struct RetryPolicyBody {
    /// Reported failures that are tried again; 3 unless a policy says otherwise.
    max_retries: Option<u32>,
    retry_delay: Option<RetryDelayBody>,
    /// The silent loss (a lease that ends without the engine's word) that makes a dead letter; 3 unless a policy says
    /// otherwise.
    dead_letter_threshold: Option<u32>,
    /// The share by which a delay may vary in either direction; 0.1 unless a policy says otherwise.
    #[schema(minimum = 0, maximum = 1)]
    jitter: Option<f64>,
}

/// Retry n waits `min(initial × multiplier^(n−1), max)` seconds.
#[derive(ToSchema)]
#[schema(as = RetryDelay)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read` reads it")]
pub struct RetryDelayBody {
    /// Seconds; 30 unless a policy says otherwise.
    initial: Option<u32>,
    /// Seconds; 300 unless a policy says otherwise.
    max: Option<u32>,
    /// 2 unless a policy says otherwise.
    #[schema(minimum = 1, maximum = 10)]
    multiplier: Option<f64>,
}

/// Reads the member `retry_policy`.
pub fn read(fields: &Fields<'_>) -> Option<RetryPolicyOverrides> {
    match read_patch(fields) {
        Patch::Set(policy) => Some(policy.whole()),
        Patch::Keep | Patch::Clear => None,
    }
}

/// Reads the member `retry_policy` as a merge patch: null is inherited.
pub fn read_patch(fields: &Fields<'_>) -> Patch<PolicyPatch> {
    fields.object_patch("retry_policy").map(|policy| PolicyPatch::of(&policy))
}

/// A merge patch of a policy.
#[derive(Debug)]
pub struct PolicyPatch {
    max_retries: Patch<u32>,
    dead_letter_threshold: Patch<u32>,
    jitter: Patch<f64>,
    retry_delay: Patch<DelayPatch>,
}

#[derive(Debug)]
struct DelayPatch {
    initial: Patch<u32>,
    max: Patch<u32>,
    multiplier: Patch<f64>,
}

impl PolicyPatch {
    /// Reads an object that is a policy.
    pub fn of(policy: &Fields<'_>) -> Self {
        let patch = Self {
            max_retries: policy.patch("max_retries", integer(0..=MAX_RETRIES)),
            dead_letter_threshold: policy.patch("dead_letter_threshold", integer(1..=MAX_DEAD_LETTER_THRESHOLD)),
            jitter: policy.patch("jitter", number(0.0..=1.0)),
            retry_delay: policy.object_patch("retry_delay").map(|delay| {
                let patch = DelayPatch {
                    initial: delay.patch("initial", integer(0..=MAX_RETRY_DELAY_SECONDS)),
                    max: delay.patch("max", integer(0..=MAX_RETRY_DELAY_SECONDS)),
                    multiplier: delay.patch("multiplier", number(1.0..=MAX_BACKOFF_MULTIPLIER)),
                };
                delay.finish();
                patch
            }),
        };
        policy.finish();
        patch
    }

    /// The policy where there was none before.
    pub fn whole(self) -> RetryPolicyOverrides {
        let mut policy = None;
        self.apply(&mut policy);
        policy.unwrap_or_default()
    }

    /// Changes what is set, and leaves the rest as it is.
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
