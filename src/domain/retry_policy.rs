//! When a failed event is tried again, and when it is not.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The policy that holds for one event, every field decided. The defaults are the seed's.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct RetryPolicy {
    /// How many reported failures are tried again.
    pub max_retries: u32,
    /// How long the event waits before each retry.
    pub retry_delay: RetryDelay,
    /// The silent loss that makes an event a dead letter.
    pub dead_letter_threshold: u32,
    /// The share by which a delay may vary in either direction, 0 to 1.
    pub jitter: f64,
}

/// Seconds, but for the multiplier.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct RetryDelay {
    /// Before the first retry.
    pub initial: u32,
    /// The longest delay, before jitter.
    pub max: u32,
    /// Each delay is the one before times this; 1 keeps it constant.
    pub multiplier: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            retry_delay: RetryDelay { initial: 30, max: 300, multiplier: 2.0 },
            dead_letter_threshold: 3,
            jitter: 0.1,
        }
    }
}

/// What one level (event, event type, queue, server) says; `None` is inherited.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnRetryPolicy, description = "What an event type says of its own; what is left out is inherited.")]
#[serde(deny_unknown_fields)]
pub struct RetryPolicyOverrides {
    /// How many reported failures are tried again, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_retries: Option<u32>,
    /// How long the event waits before each retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retry_delay: Option<RetryDelayOverrides>,
    /// The silent loss that makes an event a dead letter, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dead_letter_threshold: Option<u32>,
    /// The share by which a delay may vary in either direction, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jitter: Option<f64>,
}

/// What one level says of the delays; `None` is inherited.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnRetryDelay, description = "In seconds, but for the multiplier.")]
#[serde(deny_unknown_fields)]
pub struct RetryDelayOverrides {
    /// Before the first retry, 0 to 86,400.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub initial: Option<u32>,
    /// The longest delay, before jitter, 0 to 86,400.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max: Option<u32>,
    /// Each delay is the one before times this, 1 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub multiplier: Option<f64>,
}

/// What an event type says of its own.
#[derive(Clone, Debug)]
pub struct EventTypePolicy {
    /// Its name.
    pub event_type: String,
    /// What is left out is inherited.
    pub retry_policy: RetryPolicyOverrides,
}

impl RetryPolicy {
    /// Field by field the first level that says something; the seed's default where none does.
    pub fn resolve<'a>(levels: impl IntoIterator<Item = Option<&'a RetryPolicyOverrides>>) -> Self {
        let levels: Vec<&RetryPolicyOverrides> = levels.into_iter().flatten().collect();
        let default = Self::default();
        let delay = |field: fn(&RetryDelayOverrides) -> Option<u32>| {
            levels.iter().find_map(|level| level.retry_delay.as_ref().and_then(field))
        };
        Self {
            max_retries: levels.iter().find_map(|level| level.max_retries).unwrap_or(default.max_retries),
            retry_delay: RetryDelay {
                initial: delay(|delay| delay.initial).unwrap_or(default.retry_delay.initial),
                max: delay(|delay| delay.max).unwrap_or(default.retry_delay.max),
                multiplier: levels
                    .iter()
                    .find_map(|level| level.retry_delay.as_ref().and_then(|delay| delay.multiplier))
                    .unwrap_or(default.retry_delay.multiplier),
            },
            dead_letter_threshold: levels
                .iter()
                .find_map(|level| level.dead_letter_threshold)
                .unwrap_or(default.dead_letter_threshold),
            jitter: levels.iter().find_map(|level| level.jitter).unwrap_or(default.jitter),
        }
    }

    /// How long retry `n` (from 1) waits: `min(initial × multiplier^(n−1), max)`, moved by at most
    /// `jitter` of itself, and never above `max`. `variation` is a random number from −1 to 1.
    #[must_use]
    pub fn backoff(&self, n: u32, variation: f64) -> Duration {
        let max = f64::from(self.retry_delay.max);
        let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX);
        let base = (f64::from(self.retry_delay.initial) * self.retry_delay.multiplier.powi(exponent)).min(max);
        let varied = base * (1.0 + self.jitter * variation.clamp(-1.0, 1.0));
        Duration::from_secs_f64(varied.clamp(0.0, max))
    }
}

/// The level that says a part of a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = RetryPolicySource)]
#[serde(rename_all = "snake_case")]
pub enum PolicySource {
    /// The event's own.
    Event,
    /// Its event type.
    EventType,
    /// Its queue.
    Queue,
    /// The server, for all that say nothing.
    Server,
}

/// A part of a policy, and which level says it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, ToSchema)]
pub struct Sourced<T> {
    /// What holds.
    pub value: T,
    /// Which level says it.
    pub source: PolicySource,
}

/// The policy that holds for one event, with the source of each part.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, ToSchema)]
#[schema(as = RetryPolicyInForce)]
pub struct PolicyInForce {
    /// How many reported failures are tried again.
    pub max_retries: Sourced<u32>,
    /// How long the event waits before each retry.
    pub retry_delay: DelayInForce,
    /// The silent loss that makes an event a dead letter.
    pub dead_letter_threshold: Sourced<u32>,
    /// The share by which a delay may vary in either direction, 0 to 1.
    pub jitter: Sourced<f64>,
}

/// Seconds, but for the multiplier.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, ToSchema)]
#[schema(as = RetryDelayInForce)]
pub struct DelayInForce {
    /// Before the first retry.
    pub initial: Sourced<u32>,
    /// The longest delay, before jitter.
    pub max: Sourced<u32>,
    /// Each delay is the one before times this.
    pub multiplier: Sourced<f64>,
}

/// What each level says, the event's own first.
#[derive(Clone, Copy, Debug)]
pub struct PolicyLevels<'a> {
    /// The event's own.
    pub own: Option<&'a RetryPolicyOverrides>,
    /// Of its event type.
    pub of_type: Option<&'a RetryPolicyOverrides>,
    /// Of its queue.
    pub of_queue: Option<&'a RetryPolicyOverrides>,
    /// Of the server.
    pub of_server: Option<&'a RetryPolicyOverrides>,
}

impl PolicyInForce {
    /// What [`RetryPolicy::resolve`] makes of the levels, with the level that says each part.
    #[must_use]
    pub fn resolve(levels: PolicyLevels<'_>) -> Self {
        let PolicyLevels { own, of_type, of_queue, of_server } = levels;
        let policy = RetryPolicy::resolve([own, of_type, of_queue, of_server]);
        let source_of = |says: &dyn Fn(&RetryPolicyOverrides) -> bool| {
            let above =
                [(PolicySource::Event, own), (PolicySource::EventType, of_type), (PolicySource::Queue, of_queue)];
            let first = above.into_iter().find(|(_, level)| level.is_some_and(says));
            first.map_or(PolicySource::Server, |(source, _)| source)
        };
        let of_delay = |says: fn(&RetryDelayOverrides) -> bool| {
            source_of(&|level: &RetryPolicyOverrides| level.retry_delay.as_ref().is_some_and(says))
        };
        let delay = policy.retry_delay;
        Self {
            max_retries: Sourced { value: policy.max_retries, source: source_of(&|level| level.max_retries.is_some()) },
            retry_delay: DelayInForce {
                initial: Sourced { value: delay.initial, source: of_delay(|delay| delay.initial.is_some()) },
                max: Sourced { value: delay.max, source: of_delay(|delay| delay.max.is_some()) },
                multiplier: Sourced { value: delay.multiplier, source: of_delay(|delay| delay.multiplier.is_some()) },
            },
            dead_letter_threshold: Sourced {
                value: policy.dead_letter_threshold,
                source: source_of(&|level| level.dead_letter_threshold.is_some()),
            },
            jitter: Sourced { value: policy.jitter, source: source_of(&|level| level.jitter.is_some()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(policy: &RetryPolicy, variation: f64) -> Vec<u64> {
        (1..=6).map(|n| policy.backoff(n, variation).as_secs()).collect()
    }

    #[test]
    fn the_seeds_backoff_doubles_from_30_seconds_to_300() {
        assert_eq!(seconds(&RetryPolicy::default(), 0.0), [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn jitter_moves_a_delay_down_and_up_but_never_above_the_maximum() {
        assert_eq!(seconds(&RetryPolicy::default(), -1.0), [27, 54, 108, 216, 270, 270]);
        assert_eq!(seconds(&RetryPolicy::default(), 1.0), [33, 66, 132, 264, 300, 300]);
    }

    #[test]
    fn fields_come_from_the_first_level_that_names_them() {
        let event = RetryPolicyOverrides { max_retries: Some(0), ..Default::default() };
        let queue = RetryPolicyOverrides {
            max_retries: Some(9),
            retry_delay: Some(RetryDelayOverrides { initial: Some(1), ..Default::default() }),
            ..Default::default()
        };
        let policy = RetryPolicy::resolve([Some(&event), None, Some(&queue)]);
        assert_eq!(policy.max_retries, 0);
        assert_eq!(policy.retry_delay, RetryDelay { initial: 1, max: 300, multiplier: 2.0 });
        assert_eq!(policy.dead_letter_threshold, 3);
    }

    #[test]
    fn each_part_in_force_names_the_level_that_says_it() {
        let event = RetryPolicyOverrides { max_retries: Some(0), ..Default::default() };
        let of_type = RetryPolicyOverrides { max_retries: Some(7), jitter: Some(0.5), ..Default::default() };
        let queue = RetryPolicyOverrides {
            retry_delay: Some(RetryDelayOverrides { initial: Some(1), ..Default::default() }),
            ..Default::default()
        };
        let policy = PolicyInForce::resolve(PolicyLevels {
            own: Some(&event),
            of_type: Some(&of_type),
            of_queue: Some(&queue),
            of_server: None,
        });
        assert_eq!(policy.max_retries, Sourced { value: 0, source: PolicySource::Event });
        assert_eq!(policy.jitter, Sourced { value: 0.5, source: PolicySource::EventType });
        assert_eq!(policy.retry_delay.initial, Sourced { value: 1, source: PolicySource::Queue });
        assert_eq!(policy.retry_delay.max, Sourced { value: 300, source: PolicySource::Server });
        assert_eq!(policy.dead_letter_threshold, Sourced { value: 3, source: PolicySource::Server });
    }

    proptest! {
        #[test]
        fn no_allowed_policy_leaves_its_bounds(
            n in 1..=100_u32, initial in 0..=86_400_u32, max in 0..=86_400_u32,
            multiplier in 1.0..=10.0_f64, jitter in 0.0..=1.0_f64, variation in -1.0..=1.0_f64,
        ) {
            let policy = RetryPolicy {
                retry_delay: RetryDelay { initial, max, multiplier }, jitter, ..RetryPolicy::default()
            };
            let base = policy.backoff(n, 0.0).as_secs_f64();
            let delay = policy.backoff(n, variation).as_secs_f64();
            prop_assert!(delay <= f64::from(max));
            prop_assert!(delay >= base * (1.0 - jitter) - 1e-6);
            prop_assert!(delay <= base * (1.0 + jitter) + 1e-6);
        }
    }
}
