//! A queue as readers see it: numbers for people and autoscalers, and every setting with its source.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::durations::Durations;
use crate::domain::limits::{DEFAULT_TARGET_CLEAR_SECONDS, MAX_EXACT_DEPTH, MAX_PRIORITY};
use crate::domain::queue::{Pause, Quarantine};
use crate::domain::queue_activity::{LastMinute, RecentDurations};
use crate::domain::queue_report::{QueueReport, Slots};
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::domain::snapshot::Engines;
use crate::http::limits::Limits;
use crate::http::shown::shown;

/// A queue. Counts of events are exact to 10,000, for due and delayed events of each priority; what is larger is an estimate, and
/// `is_approximate` says so. A list shows queues with more than 1,000 waiting events or dead letters as they were some seconds ago.
#[derive(Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueReply {
    engine_type: String,
    /// Events that could be leased now.
    due: i64,
    delayed: i64,
    processing: i64,
    dead_letters: i64,
    /// Open events that an engine was lost with, or did not report: they are leased with care.
    suspects: i64,
    /// The due events of priority 0, 1 and so on, to 9. Each count is exact to 10,000, and stops there.
    #[schema(min_items = 10, max_items = 10)]
    due_by_priority: Vec<i64>,
    /// How long the oldest due event has been due.
    oldest_due_age_seconds: f64,
    /// When the first delayed event is due; null where none is delayed.
    next_due_at: Option<DateTime<Utc>>,
    engines: EnginesReply,
    slots: SlotsReply,
    /// Averages over the last 50 to 60 seconds, all servers together. What happened in the last 5 seconds may be missing.
    rates: RatesReply,
    /// How long attempts took that their engines settled in the same time. Each value is less than 27 % from the duration of
    /// the attempt with that rank, or less than 0.01 seconds from it; null where no attempt was settled.
    attempt_seconds: QuantilesReply,
    /// From when an event was due until it was leased, of the events that were leased in the same time, as exact as
    /// `attempt_seconds`.
    wait_seconds: QuantilesReply,
    /// For autoscalers: how many slots the engines of this queue should have. `processing` + min(`due`, ⌈`due` × the mean length of
    /// the attempts that ended lately ÷ `target_clear_seconds`⌉); where no attempt ended lately, `processing` + `due`.
    wanted_slots: i64,
    /// When nothing is due any more, at these rates; null while the queue does not shrink or is paused.
    clear_in_seconds: Option<f64>,
    is_approximate: bool,
    pause: Option<PauseReply>,
    /// Versions of engines that are given nothing, the newest quarantine first.
    quarantines: Vec<QuarantineReply>,
    settings: SettingsReply,
}

shown! {
    /// Its engines, by what they are doing.
    #[schema(as = QueueEngines)]
    pub struct EnginesReply of engines: Engines {
        active: i64,
        draining: i64,
        unresponsive: i64,
        /// Active, but for the quarantine of their version.
        quarantined: i64,
        /// Active, but they asked for no events for a while. One whose version is quarantined counts there.
        holding_off: i64,
    }
}

shown! {
    /// How many events the active engines can hold. `total` minus `busy` is what engines with a limit can still take.
    #[schema(as = QueueSlots)]
    pub struct SlotsReply of slots: Slots {
        /// The sum over all active engines of their `max_concurrent_events`. An engine counts with what it holds if it has no limit,
        /// or if its limit was lowered below that, so `total` is never less than `busy`.
        total: i64,
        /// Events that the active engines hold, those without a limit among them.
        busy: i64,
        /// Active engines without a limit. They can take more events than `total` says; how many cannot be counted.
        unlimited_engines: i64,
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = QueueRates)]
#[expect(clippy::struct_field_names, reason = "a unit belongs into a name")]
pub struct RatesReply {
    enqueued_per_second: f64,
    completed_per_second: f64,
    failed_per_second: f64,
    lost_per_second: f64,
    /// Attempts whose engines gave the event back.
    released_per_second: f64,
    /// Settlements that came after the end of their lease, and were accepted.
    late_per_second: f64,
    dead_lettered_per_second: f64,
    cancelled_per_second: f64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Quantiles)]
pub struct QuantilesReply {
    p50: Option<f64>,
    p99: Option<f64>,
}

impl RatesReply {
    /// Counts as rates.
    pub fn of(minute: &LastMinute) -> Self {
        let counts = &minute.counts;
        let per_second = |count| rounded(minute.per_second(count), 4);
        Self {
            enqueued_per_second: per_second(counts.enqueued),
            completed_per_second: per_second(counts.completed),
            failed_per_second: per_second(counts.failed),
            lost_per_second: per_second(counts.lost),
            released_per_second: per_second(counts.released),
            late_per_second: per_second(counts.late),
            dead_lettered_per_second: per_second(counts.dead_lettered),
            cancelled_per_second: per_second(counts.cancelled),
        }
    }
}

/// With so many digits behind the point: more would only make replies about many queues longer.
pub fn rounded(value: f64, digits: i32) -> f64 {
    let whole = 10_f64.powi(digits);
    (value * whole).round() / whole
}

impl QuantilesReply {
    fn of(durations: &Durations) -> Self {
        Self { p50: durations.quantile(0.5), p99: durations.quantile(0.99) }
    }
}

shown! {
    /// Why and for how long a queue gives out nothing.
    #[schema(as = QueuePause)]
    pub struct PauseReply of pause: Pause {
        reason: Option<String>,
        by: Option<String>,
        since: DateTime<Utc>,
        resume_at: Option<DateTime<Utc>>,
    }
}

shown! {
    /// A version of engines that is given nothing of a queue.
    #[schema(as = Quarantine)]
    pub struct QuarantineReply of quarantine: Quarantine {
        /// Null: engines that register none.
        engine_software_version: Option<String>,
        reason: String,
        by: Option<String>,
        since: DateTime<Utc>,
        /// It ends then by itself.
        lift_at: Option<DateTime<Utc>>,
    }
}

/// Every setting in force, with its source.
#[derive(Serialize, ToSchema)]
#[schema(as = QueueSettings)]
pub struct SettingsReply {
    default_limit: Setting<u32>,
    visibility_timeout_seconds: Setting<u32>,
    max_lease_seconds: Setting<u32>,
    max_processing: Setting<Option<u32>>,
    target_clear_seconds: Setting<u32>,
    retry_policy: PolicySettingsReply,
}

#[derive(Serialize, ToSchema)]
#[schema(as = QueuePolicySettings)]
pub struct PolicySettingsReply {
    max_retries: Setting<u32>,
    retry_delay: DelaySettingsReply,
    dead_letter_threshold: Setting<u32>,
    jitter: Setting<f64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = QueueDelaySettings)]
pub struct DelaySettingsReply {
    initial: Setting<u32>,
    max: Setting<u32>,
    multiplier: Setting<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct Setting<T> {
    value: T,
    source: Source,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = SettingSource)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Queue,
    Server,
}

impl<T> Setting<T> {
    fn of(own: Option<T>, servers: T) -> Self {
        match own {
            Some(value) => Self { value, source: Source::Queue },
            None => Self { value: servers, source: Source::Server },
        }
    }
}

impl QueueReply {
    /// A queue, each of its settings with where the value comes from.
    pub fn of(report: QueueReport, durations: &RecentDurations, limits: Limits) -> Self {
        let mut due_by_priority = report.depth.due_by_priority.clone();
        due_by_priority.resize(usize::from(MAX_PRIORITY) + 1, 0);
        for count in &mut due_by_priority {
            *count = (*count).min(MAX_EXACT_DEPTH);
        }
        Self {
            due: report.depth.due,
            delayed: report.depth.delayed,
            processing: report.depth.in_flight,
            dead_letters: report.depth.dead_letters,
            suspects: report.depth.suspects,
            due_by_priority,
            oldest_due_age_seconds: report.depth.oldest_due_age_seconds,
            next_due_at: report.depth.next_due_at,
            engines: EnginesReply::of(Engines::of(&report)),
            slots: SlotsReply::of(report.slots()),
            rates: RatesReply::of(&report.last_minute),
            attempt_seconds: QuantilesReply::of(&durations.attempts),
            wait_seconds: QuantilesReply::of(&durations.waits),
            wanted_slots: report.wanted_slots(durations),
            clear_in_seconds: report.clear_in_seconds(),
            is_approximate: report.is_approximate(),
            settings: SettingsReply::of(&report, limits),
            pause: report.queue.pause.map(PauseReply::of),
            quarantines: report.queue.quarantines.into_iter().map(QuarantineReply::of).collect(),
            engine_type: report.queue.engine_type,
        }
    }
}

impl SettingsReply {
    fn of(report: &QueueReport, limits: Limits) -> Self {
        let own = &report.queue.settings;
        let policy = report.queue.effective_policy();
        let own_policy = own.retry_policy.clone().unwrap_or_default();
        let RetryPolicyOverrides { max_retries, retry_delay, dead_letter_threshold, jitter } = own_policy;
        let own_delay = retry_delay.unwrap_or_default();
        Self {
            default_limit: Setting::of(own.default_limit, limits.default_lease_limit),
            visibility_timeout_seconds: Setting::of(
                own.visibility_timeout_seconds,
                limits.default_visibility_timeout_seconds,
            ),
            max_lease_seconds: Setting::of(own.max_lease_seconds, limits.default_max_lease_seconds),
            max_processing: Setting::of(own.max_processing.map(Some), None),
            target_clear_seconds: Setting::of(own.target_clear_seconds, DEFAULT_TARGET_CLEAR_SECONDS),
            retry_policy: PolicySettingsReply {
                max_retries: Setting::of(max_retries, policy.max_retries),
                retry_delay: DelaySettingsReply {
                    initial: Setting::of(own_delay.initial, policy.retry_delay.initial),
                    max: Setting::of(own_delay.max, policy.retry_delay.max),
                    multiplier: Setting::of(own_delay.multiplier, policy.retry_delay.multiplier),
                },
                dead_letter_threshold: Setting::of(dead_letter_threshold, policy.dead_letter_threshold),
                jitter: Setting::of(jitter, policy.jitter),
            },
        }
    }
}
