//! A queue, an event and an attempt of which nothing is to be said, for tests.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::attempt::Attempt;
use crate::domain::event::{Event, Outcome, Status};
use crate::domain::ids::EventId;
use crate::domain::queue::{Depth, Queue, QueueSettings};
use crate::domain::queue_activity::{ActivityCounts, LastMinute};
use crate::domain::queue_report::QueueReport;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::domain::snapshot::{Minutes, QueueSnapshot};

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

pub fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

/// A queue of which nothing is to be said.
pub fn calm_queue(name: &str) -> QueueSnapshot {
    QueueSnapshot {
        report: QueueReport {
            queue: Queue {
                engine_type: name.to_owned(),
                settings: QueueSettings::default(),
                pause: None,
                quarantines: Vec::new(),
                server_policy: RetryPolicyOverrides::default(),
            },
            depth: Depth { engine_type: name.to_owned(), ..Depth::default() },
            engines: Vec::new(),
            last_minute: LastMinute { counts: ActivityCounts::default(), seconds: 60.0 },
        },
        counted_at: now(),
        five_minutes: ActivityCounts::default(),
        new_dead_letters: None,
        poison: None,
        zombies: None,
        minutes: Minutes::default(),
    }
}

/// An event that waits.
pub fn queued_event(name: &str) -> Event {
    Event {
        event_id: EventId(Uuid::from_u128(7)),
        engine_type: name.to_owned(),
        event_type: "line.requested".to_owned(),
        status: Status::Queued,
        payload: None,
        payload_bytes: 2,
        priority: 5,
        scenario_run_id: Some("night 42".to_owned()),
        created_at: ago(60),
        available_at: Some(ago(60)),
        finished_at: None,
        attempt: 0,
        failures: 0,
        lease_losses: 0,
        redrives: 0,
        leased_by: None,
        is_leased: false,
        leased_at: None,
        lease_expires_at: None,
        lease_deadline_at: None,
        is_suspect: false,
        discard_at: None,
        retry_policy: None,
        progress: None,
        progress_bytes: 0,
        progress_at: None,
        result: None,
        result_bytes: 0,
        error: None,
        error_type: None,
        error_message: None,
        error_bytes: 0,
        dead_letter_reason: None,
        is_cancel_requested: false,
        redriven_from: None,
        redriven_as: None,
        caused_by: None,
        traceparent: None,
        unique_key: None,
        enqueued_by: None,
    }
}

pub fn attempt(number: i32, outcome: Outcome) -> Attempt {
    Attempt {
        attempt: number,
        incarnation: None,
        engine_id: None,
        engine_software_version: None,
        leased_at: None,
        ended_at: ago(30),
        outcome,
        answer: None,
        next_available_at: None,
        result: None,
        result_bytes: 0,
        error: None,
        error_type: None,
        error_message: None,
        error_bytes: 0,
        progress: None,
        progress_bytes: 0,
        code: None,
        reason: None,
        late_by_seconds: None,
        refused_report_at: None,
        refused_report_status: None,
        final_status: None,
        follow_ups: None,
    }
}
