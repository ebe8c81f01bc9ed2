//! Dead letters: what is known of one, which are wanted, when redriven ones are due, and what they are grouped by.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::event::DeadLetterReason;
use super::ids::EventId;
use super::json::RawJson;
use super::limits::MIN_ATTEMPTS_OF_VERSION;
use super::retry_policy::RetryPolicyOverrides;
use super::words::words;

/// An event that ended without success, with a copy of what is needed to redrive it.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The event.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// What happened.
    pub event_type: String,
    /// Why it is one.
    pub reason: DeadLetterReason,
    /// As it was sent, where it was asked for.
    pub payload: Option<RawJson>,
    /// Of the payload as it was sent.
    pub payload_bytes: i32,
    /// 0 to 9.
    pub priority: i16,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<String>,
    /// When the event was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it became one.
    pub dead_lettered_at: DateTime<Utc>,
    /// The number of its last attempt.
    pub attempt: i32,
    /// Reported failures since it was enqueued or redriven.
    pub failures: i32,
    /// Silent losses since it was enqueued or redriven.
    pub lease_losses: i32,
    /// How often it was put back into its queue before.
    pub redrives: i32,
    /// The last one reported.
    pub error: Option<RawJson>,
    /// The type of that error.
    pub error_type: Option<String>,
    /// The beginning of its message.
    pub error_message: Option<String>,
    /// Of that error as JSON; 0 where there is none.
    pub error_bytes: i32,
    /// What those with its cause have in common; none until housekeeping has made it.
    pub error_fingerprint: Option<String>,
    /// Of the engine that had it last.
    pub engine_software_version: Option<String>,
    /// The dead letter it was made of.
    pub redriven_from: Option<EventId>,
    /// The event that was made of it.
    pub redriven_as: Option<EventId>,
}

/// What a filter asks for of a text that dead letters need not have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Wanted {
    /// They have none: null in JSON.
    Missing,
    /// They have this one.
    Text(String),
}

impl Wanted {
    /// What those of a group have, all of them.
    fn of(value: Option<String>) -> Self {
        value.map_or(Self::Missing, Self::Text)
    }

    /// The text that is asked for.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Missing => None,
            Self::Text(text) => Some(text),
        }
    }
}

/// A member that is there asks for something, null too.
fn wanted<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Wanted>, D::Error> {
    Option::deserialize(member).map(|text| Some(Wanted::of(text)))
}

/// Which dead letters are wanted; `None` is any, and is left out in JSON, where null asks for what has no such text. One with a member
/// that is not known, as of a later version, is not read: without that member it would let more through.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Their queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_type: Option<String>,
    /// Their queues: those that the caller's token is limited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_types: Option<Vec<String>>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Why they are dead letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<DeadLetterReason>,
    /// The type of the last error reported.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "wanted")]
    pub error_type: Option<Wanted>,
    /// What those with their cause have in common.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "wanted")]
    pub error_fingerprint: Option<Wanted>,
    /// A part of the message of the last error reported, in capitals or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_contains: Option<String>,
    /// The simulation run they belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario_run_id: Option<String>,
    /// Of the engine that had them last.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "wanted")]
    pub engine_software_version: Option<Wanted>,
    /// From this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_lettered_after: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_lettered_before: Option<DateTime<Utc>>,
    /// Redriven no more often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrives_max: Option<i32>,
    /// Without those that were redriven as another event.
    #[serde(skip)]
    pub is_redrivable: bool,
}

/// Dead letters that have something in common. What they were not grouped by is `None`.
#[derive(Clone, Debug)]
pub struct Group {
    /// Their queue.
    pub engine_type: Option<String>,
    /// Why they are dead letters.
    pub reason: Option<DeadLetterReason>,
    /// What happened.
    pub event_type: Option<String>,
    /// The type of the last error reported.
    pub error_type: Option<String>,
    /// What those with one cause have in common.
    pub error_fingerprint: Option<String>,
    /// Of the engine that had them last.
    pub engine_software_version: Option<String>,
    /// How many they are.
    pub count: i64,
    /// Those of them that were not redriven as another event.
    pub redrivable: i64,
    /// When the oldest became one.
    pub first_dead_lettered_at: DateTime<Utc>,
    /// When the newest became one.
    pub last_dead_lettered_at: DateTime<Utc>,
    /// The newest event among them.
    pub sample_event_id: uuid::Uuid,
    /// The beginning of that event's last error message; losses have none.
    pub sample_message: Option<String>,
}

/// Of fewer, no share is worth the name.
const FEW_DEAD_LETTERS: i64 = 10;

/// What most of the newest dead letters of a queue have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MainCause {
    /// The type of the last error reported.
    pub error_type: Option<String>,
    /// What those with one cause have in common.
    pub error_fingerprint: Option<String>,
    /// Of the engine that had them last.
    pub engine_software_version: Option<String>,
    /// How many they are.
    pub count: i64,
    /// Of how many.
    pub all_count: i64,
    /// How many causes these have in all.
    pub causes: i64,
    /// The beginning of the last error message of one of them; losses have none.
    pub sample_message: Option<String>,
}

impl MainCause {
    /// So many have it that it may be called their cause: it is the only one, or a fifth of not too few.
    #[must_use]
    pub const fn is_frequent(&self) -> bool {
        self.causes == 1 || (self.all_count >= FEW_DEAD_LETTERS && self.count * 5 >= self.all_count)
    }
}

impl Group {
    /// The filter that lets through those of the group and no others, where they were grouped by `by` out of those that
    /// `filter` lets through.
    #[must_use]
    pub fn filter(&self, by: &[GroupBy], filter: &Filter) -> Filter {
        let mut filter = Filter { engine_types: None, ..filter.clone() };
        for by in by {
            match by {
                GroupBy::EngineType => filter.engine_type.clone_from(&self.engine_type),
                GroupBy::Reason => filter.reason = self.reason,
                GroupBy::EventType => filter.event_type.clone_from(&self.event_type),
                GroupBy::ErrorType => filter.error_type = Some(Wanted::of(self.error_type.clone())),
                GroupBy::ErrorFingerprint => {
                    filter.error_fingerprint = Some(Wanted::of(self.error_fingerprint.clone()));
                }
                GroupBy::EngineSoftwareVersion => {
                    filter.engine_software_version = Some(Wanted::of(self.engine_software_version.clone()));
                }
            }
        }
        filter
    }
}

/// How the newest attempts of a queue ended on engines of one version.
#[derive(Clone, Debug)]
pub struct VersionAttempts {
    /// The queue.
    pub engine_type: String,
    /// Of the engines.
    pub engine_software_version: Option<String>,
    /// Completed, failed or lost.
    pub attempts: i64,
    /// Those that were reported as failed.
    pub failed: i64,
    /// Those that ended without a report.
    pub lost: i64,
    /// When the oldest of them ended.
    pub since: DateTime<Utc>,
}

impl VersionAttempts {
    /// The part of them that failed or was lost.
    #[must_use]
    pub fn failure_ratio(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "bounded by ATTEMPTS_BY_VERSION")]
        let ratio = (self.failed + self.lost) as f64 / self.attempts.max(1) as f64;
        ratio
    }

    /// False where they are too few to say anything of the version.
    #[must_use]
    pub const fn are_enough(&self) -> bool {
        self.attempts >= MIN_ATTEMPTS_OF_VERSION
    }
}

/// What a redrive may change of the event.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Overrides {
    /// 0 to 9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// How long its leases last, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility_timeout_seconds: Option<u32>,
    /// In the place of its own part of the retry policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicyOverrides>,
}

/// When dead letters that are redriven together are due.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// The first one's delay.
    pub delay_seconds: u32,
    /// They become due evenly over that many seconds, so that no wave hits what has just recovered.
    pub spread_seconds: u32,
}

impl Schedule {
    /// The delay of the `index`th of `count`, the first being 0.
    #[must_use]
    pub fn delay_of(self, index: usize, count: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "bounded by MAX_BULK_DEAD_LETTERS")]
        let share = if count == 0 { 0.0 } else { index as f64 / count as f64 };
        share.mul_add(f64::from(self.spread_seconds), f64::from(self.delay_seconds))
    }
}

/// What dead letters can be grouped by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupBy {
    /// Its queue.
    EngineType,
    /// Why it became a dead letter.
    Reason,
    /// The type the producer gave it.
    EventType,
    /// The type of the last reported error, if there was one.
    ErrorType,
    /// What those with one cause have in common.
    ErrorFingerprint,
    /// The software version of the engine that had it last.
    EngineSoftwareVersion,
}

words!(GroupBy {
    EngineType = "engine_type",
    Reason = "reason",
    EventType = "event_type",
    ErrorType = "error_type",
    ErrorFingerprint = "error_fingerprint",
    EngineSoftwareVersion = "engine_software_version",
});

impl GroupBy {
    /// Where a request does not say it.
    pub const DEFAULT: [Self; 4] = [Self::Reason, Self::EventType, Self::ErrorType, Self::EngineSoftwareVersion];
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_spread_is_even_and_begins_after_the_delay() {
        let schedule = Schedule { delay_seconds: 10, spread_seconds: 60 };
        let delays: Vec<f64> = (0..4).map(|index| schedule.delay_of(index, 4)).collect();
        assert_eq!(delays, [10.0, 25.0, 40.0, 55.0]);
        let at_once: Vec<f64> = (0..2).map(|index| Schedule::default().delay_of(index, 2)).collect();
        assert_eq!(at_once, [0.0, 0.0]);
    }

    #[test]
    fn what_can_be_grouped_by_is_known_by_its_name() {
        for by in GroupBy::ALL {
            assert_eq!(GroupBy::parse(by.as_str()), Some(by));
        }
        assert_eq!(GroupBy::parse("priority"), None);
    }

    #[test]
    fn the_filter_of_a_group_says_null_and_keeps_what_was_filtered_by() {
        let at = DateTime::UNIX_EPOCH;
        let group = Group {
            engine_type: Some("dialogue".to_owned()),
            reason: Some(DeadLetterReason::NotRetryable),
            event_type: None,
            error_type: None,
            error_fingerprint: Some("f".to_owned()),
            engine_software_version: None,
            count: 1,
            redrivable: 1,
            first_dead_lettered_at: at,
            last_dead_lettered_at: at,
            sample_event_id: uuid::Uuid::nil(),
            sample_message: None,
        };
        let by = [GroupBy::EngineType, GroupBy::Reason, GroupBy::ErrorType, GroupBy::ErrorFingerprint];
        let asked = Filter { redrives_max: Some(2), error_type: Some(Wanted::Missing), ..Filter::default() };
        assert_eq!(
            json!(group.filter(&by, &asked)),
            json!({"engine_type": "dialogue", "reason": "not_retryable", "error_type": null, "error_fingerprint": "f",
                "redrives_max": 2})
        );
        let filter = group.filter(&by, &asked);
        assert_eq!(serde_json::from_value::<Filter>(json!(filter)).expect("as it was written"), filter);
        assert_eq!(json!(group.filter(&[], &Filter::default())), json!({}));
        serde_json::from_value::<Filter>(json!({"engine_type": "dialogue", "error_code": "busy"}))
            .expect_err("it would let more through");
    }

    #[test]
    fn a_ratio_of_few_attempts_says_nothing() {
        let of = |attempts, failed, lost| VersionAttempts {
            engine_type: "dialogue".to_owned(),
            engine_software_version: None,
            attempts,
            failed,
            lost,
            since: DateTime::UNIX_EPOCH,
        };
        assert!((of(20, 4, 1).failure_ratio() - 0.25).abs() < f64::EPSILON);
        assert_eq!([of(19, 19, 0), of(20, 0, 0)].map(|version| version.are_enough()), [false, true]);
    }
}
