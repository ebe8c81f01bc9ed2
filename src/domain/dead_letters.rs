//! Dead letters: what is known of one, which are wanted, when redriven ones are due, and what they are grouped by.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::event::DeadLetterReason;
use super::ids::EventId;
use super::json::RawJson;
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
    /// Of the engine that had it last.
    pub engine_software_version: Option<String>,
    /// The dead letter it was made of.
    pub redriven_from: Option<EventId>,
    /// The event that was made of it.
    pub redriven_as: Option<EventId>,
}

/// Which dead letters are wanted; `None` is any.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Their queue.
    pub engine_type: Option<String>,
    /// Their queues: those that the caller's token is limited to.
    pub engine_types: Option<Vec<String>>,
    /// What happened.
    pub event_type: Option<String>,
    /// Why they are dead letters.
    pub reason: Option<DeadLetterReason>,
    /// The type of the last error reported.
    pub error_type: Option<String>,
    /// A part of the message of the last error reported, in capitals or not.
    pub error_contains: Option<String>,
    /// The simulation run they belong to.
    pub scenario_run_id: Option<String>,
    /// Of the engine that had them last.
    pub engine_software_version: Option<String>,
    /// From this time on.
    pub dead_lettered_after: Option<DateTime<Utc>>,
    /// Before this time.
    pub dead_lettered_before: Option<DateTime<Utc>>,
    /// Redriven no more often.
    pub redrives_max: Option<i32>,
    /// Without those that were redriven as another event.
    #[serde(skip)]
    pub is_redrivable: bool,
}

/// Dead letters that have something in common. What they were not grouped by is `None`.
#[derive(Clone, Debug)]
pub struct Group {
    /// Why they are dead letters.
    pub reason: Option<String>,
    /// What happened.
    pub event_type: Option<String>,
    /// The type of the last error reported.
    pub error_type: Option<String>,
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
}

/// What a redrive may change of the event.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Overrides {
    /// 0 to 9.
    pub priority: Option<u8>,
    /// How long its leases last, in seconds.
    pub visibility_timeout_seconds: Option<u32>,
    /// In the place of its own part of the retry policy.
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
    /// Why it became a dead letter.
    Reason,
    /// The type the producer gave it.
    EventType,
    /// The type of the last reported error, if there was one.
    ErrorType,
    /// The software version of the engine that had it last.
    EngineSoftwareVersion,
}

words!(GroupBy {
    Reason = "reason",
    EventType = "event_type",
    ErrorType = "error_type",
    EngineSoftwareVersion = "engine_software_version",
});

#[cfg(test)]
mod tests {
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
        assert_eq!(GroupBy::parse("engine_type"), None);
    }
}
