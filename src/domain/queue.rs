//! Queues: what is set for them, and what is known of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::EventId;
use super::json::RawJson;
use super::limits::LONG_QUEUE;
use super::retry_policy::{RetryPolicy, RetryPolicyOverrides};

/// What a queue says for itself; `None` is inherited.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QueueSettings {
    /// How many events a poll gets that names no limit; `None`: the server's default.
    pub default_limit: Option<u32>,
    /// How long a lease lasts, in seconds.
    pub visibility_timeout_seconds: Option<u32>,
    /// How long a lease may be renewed, in seconds from its beginning.
    pub max_lease_seconds: Option<u32>,
    /// How many of its events may be leased at a time.
    pub max_processing: Option<u32>,
    /// Its part of the retry policy.
    pub retry_policy: Option<RetryPolicyOverrides>,
    /// In how many seconds what is due is to be processed, for `wanted_slots`.
    pub target_clear_seconds: Option<u32>,
}

/// Why and for how long a queue gives out nothing.
#[derive(Clone, Debug)]
pub struct Pause {
    /// As it was given, for people.
    pub reason: Option<String>,
    /// The name of the token that paused it.
    pub by: Option<String>,
    /// When it began.
    pub since: DateTime<Utc>,
    /// It ends then by itself.
    pub resume_at: Option<DateTime<Utc>>,
}

/// A version of engines that is given no events of a queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quarantine {
    /// As the engines register it; `None`: those that register none.
    pub engine_software_version: Option<String>,
    /// As it was given, for people.
    pub reason: String,
    /// The name of the token that made it.
    pub by: Option<String>,
    /// When it began.
    pub since: DateTime<Utc>,
    /// It ends then by itself.
    pub lift_at: Option<DateTime<Utc>>,
}

/// A queue with its settings.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its name.
    pub engine_type: String,
    /// Its own.
    pub settings: QueueSettings,
    /// `None` while it is not paused.
    pub pause: Option<Pause>,
    /// Those in force, the newest first.
    pub quarantines: Vec<Quarantine>,
    /// The server's, that holds where the queue's says nothing.
    pub server_policy: RetryPolicyOverrides,
}

impl Queue {
    /// The policy of an event that says nothing for itself.
    #[must_use]
    pub fn effective_policy(&self) -> RetryPolicy {
        RetryPolicy::resolve([self.settings.retry_policy.as_ref(), Some(&self.server_policy)])
    }
}

/// One queue's depth. Counts stop at the bound given: what is beyond it is not counted.
#[derive(Clone, Default, Debug)]
pub struct Depth {
    /// The queue's name.
    pub engine_type: String,
    /// Events that can be leased now.
    pub due: i64,
    /// Events that will be due later.
    pub delayed: i64,
    /// Events that engines hold.
    pub in_flight: i64,
    /// Dead letters, redriven as another event or not.
    pub dead_letters: i64,
    /// Open events with a silent loss: due, delayed, or held by an engine.
    pub suspects: i64,
    /// The due events of priority 0, 1 and so on; empty where nothing waits at all.
    pub due_by_priority: Vec<i64>,
    /// From `available_at` of the oldest due event, in seconds; 0 where nothing is due.
    pub oldest_due_age_seconds: f64,
    /// When the first delayed event is due; `None` where none is delayed, and where that was not counted since one became due.
    pub next_due_at: Option<DateTime<Utc>>,
    /// True while it gives out nothing.
    pub is_paused: bool,
}

impl Depth {
    /// True where so many events wait, or so many dead letters are there, that they are not counted each time.
    #[must_use]
    pub const fn is_long(&self) -> bool {
        self.due + self.delayed > LONG_QUEUE || self.dead_letters > LONG_QUEUE
    }

    /// The same depth later, at `now`, where it was not counted again: what was due has waited for so many seconds longer, and once
    /// the first delayed event is due, at least that one can be leased. How many more are due by then, and when the next is, is
    /// not known.
    #[must_use]
    pub fn later(&self, seconds: f64, now: DateTime<Utc>) -> Self {
        let mut depth = self.clone();
        if depth.due > 0 {
            depth.oldest_due_age_seconds += seconds.max(0.0);
        }
        if let Some(due_at) = depth.next_due_at.take_if(|due_at| *due_at <= now) {
            depth.due += 1;
            depth.delayed = (depth.delayed - 1).max(0);
            depth.oldest_due_age_seconds = depth.oldest_due_age_seconds.max((now - due_at).as_seconds_f64());
        }
        depth
    }
}

/// What keeps a queue.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "any of them alone keeps a queue")]
pub struct QueueUses {
    /// The queue's name.
    pub engine_type: String,
    /// Queued or processing.
    pub has_open_events: bool,
    /// Registered for it.
    pub has_engines: bool,
    /// Of its events.
    pub has_dead_letters: bool,
    /// In the last minutes.
    pub has_activity: bool,
}

impl QueueUses {
    /// True where something would be left without its queue.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        self.has_open_events || self.has_engines || self.has_dead_letters
    }
}

/// A due event of a queue, as it is listed without being leased.
#[derive(Clone, Debug)]
pub struct PeekedEvent {
    /// The event.
    pub event_id: EventId,
    /// What happened.
    pub event_type: String,
    /// As it was sent, where it was asked for.
    pub payload: Option<RawJson>,
    /// Of the payload as it was sent.
    pub payload_bytes: i32,
    /// 0 to 9; 9 is leased first.
    pub priority: i16,
    /// Attempts so far.
    pub attempt: i32,
    /// It had a silent loss, and is leased alone.
    pub is_suspect: bool,
    /// When it was due.
    pub available_at: DateTime<Utc>,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
}

/// A place in the order of leasing: a priority, when the event was due, and its id.
#[derive(Clone, Copy, Debug)]
pub struct PeekPlace {
    /// 0 to 9.
    pub priority: u8,
    /// When the event was due.
    pub available_at: DateTime<Utc>,
    /// The event.
    pub event_id: EventId,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_depth_that_is_not_counted_again_grows_older_only_where_something_is_due() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        let ago = |seconds| Some(now - TimeDelta::seconds(seconds));
        for (what, before, next_due_at, after, next) in [
            ("nothing waits", (0, 0, 0.0), None, (0, 0, 0.0), None),
            ("due", (3, 0, 7.0), None, (3, 0, 12.0), None),
            ("due later", (0, 2, 0.0), ago(-9), (0, 2, 0.0), ago(-9)),
            ("due by now", (0, 2, 0.0), ago(4), (1, 1, 4.0), None),
            ("due exactly now", (0, 2, 0.0), ago(0), (1, 1, 0.0), None),
            ("more is due by now", (3, 2, 7.0), ago(4), (4, 1, 12.0), None),
        ] {
            let depth = Depth {
                due: before.0,
                delayed: before.1,
                oldest_due_age_seconds: before.2,
                next_due_at,
                ..Depth::default()
            };
            let later = depth.later(5.0, now);
            assert_eq!((later.due, later.delayed, later.oldest_due_age_seconds), after, "{what}");
            assert_eq!(later.next_due_at, next, "{what}");
        }
    }
}
