//! A retry policy in a body: every field may be missing, then it is inherited.

use utoipa::ToSchema;

use super::fields::{Fields, integer, number};
use crate::domain::limits::{MAX_BACKOFF_MULTIPLIER, MAX_DEAD_LETTER_THRESHOLD, MAX_RETRIES, MAX_RETRY_DELAY_SECONDS};
use crate::domain::retry_policy::{RetryDelayOverrides, RetryPolicyOverrides};

/// When a failed event is tried again. What is left out is inherited from the event type's policy,
/// the queue's, the server's.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read` reads it")]
pub struct RetryPolicyBody {
    /// Reported failures that are tried again.
    #[schema(minimum = 0, maximum = 100, default = 3)]
    max_retries: Option<u32>,
    retry_delay: Option<RetryDelayBody>,
    /// The silent loss (a lease that ends without the engine's word) that makes a dead letter.
    #[schema(minimum = 1, maximum = 100, default = 3)]
    dead_letter_threshold: Option<u32>,
    /// The share by which a delay may vary in either direction.
    #[schema(minimum = 0, maximum = 1, default = 0.1)]
    jitter: Option<f64>,
}

/// Retry n waits `min(initial × multiplier^(n−1), max)` seconds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read` reads it")]
pub struct RetryDelayBody {
    /// Seconds.
    #[schema(minimum = 0, maximum = 86400, default = 30)]
    initial: Option<u32>,
    /// Seconds.
    #[schema(minimum = 0, maximum = 86400, default = 300)]
    max: Option<u32>,
    #[schema(minimum = 1, maximum = 10, default = 2)]
    multiplier: Option<f64>,
}

pub fn read(fields: &Fields<'_>) -> Option<RetryPolicyOverrides> {
    let policy = fields.object("retry_policy")?;
    let delay = policy.object("retry_delay");
    let overrides = RetryPolicyOverrides {
        max_retries: policy.optional("max_retries", integer(0..=MAX_RETRIES)),
        dead_letter_threshold: policy.optional("dead_letter_threshold", integer(1..=MAX_DEAD_LETTER_THRESHOLD)),
        jitter: policy.optional("jitter", number(0.0..=1.0)),
        retry_delay: delay.map(|delay| {
            let overrides = RetryDelayOverrides {
                initial: delay.optional("initial", integer(0..=MAX_RETRY_DELAY_SECONDS)),
                max: delay.optional("max", integer(0..=MAX_RETRY_DELAY_SECONDS)),
                multiplier: delay.optional("multiplier", number(1.0..=MAX_BACKOFF_MULTIPLIER)),
            };
            delay.finish();
            overrides
        }),
    };
    policy.finish();
    Some(overrides)
}
