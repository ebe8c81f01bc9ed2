//! A redrive job as it is read: what it is to do, where it stands, how many.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::dead_letters::{Filter, Overrides};
use crate::domain::json::RawJson;
use crate::domain::words::words;

/// A job's id: a UUID of version 7, made by the database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RedriveJobId(pub Uuid);

impl fmt::Display for RedriveJobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a job is to do; it does not change.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which dead letters: those that died before the job was made. An empty one lets all through.
    pub filter: Filter,
    /// What changes about the events.
    pub overrides: Overrides,
    /// Changes their payloads, which makes new events of them.
    pub payload_patch: Option<RawJson>,
    /// Those that are tried first.
    pub canary: Option<Canary>,
    /// No more become due in a second.
    pub events_per_second: Option<f64>,
    /// The job stops when this part of those that ended died again.
    pub stop_at_failure_ratio: Option<f64>,
}

/// The dead letters that are tried before all others.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Canary {
    /// How many, the oldest first.
    pub count: u32,
    /// The part that has to complete for the job to go on.
    pub continue_at_success_ratio: f64,
    /// Where some of them are open after this time, the job pauses.
    pub wait_seconds: u32,
}

/// Where a job stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RedriveJobState)]
pub enum State {
    /// The canary is redriven, or some of it is open.
    Canary,
    /// The others are redriven.
    Redriving,
    /// All are redriven, and some of them are open.
    Watching,
    /// Nothing is redriven until somebody continues it.
    Paused,
    /// Too many died again; for good.
    Stopped,
    /// Somebody ended it; for good.
    Cancelled,
    /// All are redriven, and none of them is open.
    Finished,
}

words!(State {
    Canary = "canary",
    Redriving = "redriving",
    Watching = "watching",
    Paused = "paused",
    Stopped = "stopped",
    Cancelled = "cancelled",
    Finished = "finished",
});

impl State {
    /// Whether dead letters are redriven in it.
    #[must_use]
    pub const fn redrives(self) -> bool {
        matches!(self, Self::Canary | Self::Redriving)
    }
}

/// Why a job is paused or stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RedriveJobStateReason)]
pub enum StateReason {
    /// Somebody paused it.
    Operator,
    /// Some of the canary were open for too long, or none of it ended with a result.
    CanaryUndecided,
    /// Too few of the canary completed.
    CanaryFailed,
    /// Too many of all that ended died again.
    FailureRatio,
}

words!(StateReason {
    Operator = "operator",
    CanaryUndecided = "canary_undecided",
    CanaryFailed = "canary_failed",
    FailureRatio = "failure_ratio",
});

/// Dead letters that a job passed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Skipped {
    /// Their runs are cancelled.
    pub run_cancelled: i64,
    /// An open event of their queue has their unique key.
    pub unique_key_held: i64,
    /// Their payloads are no objects, or would be too large or too deep.
    pub payload_patch: i64,
}

/// How many, and how those that were redriven ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// All that the filter let through when the job was made.
    pub matched: i64,
    /// In their queues again, or out of them since.
    pub redriven: i64,
    /// Passed over.
    pub skipped: Skipped,
    /// Queued, or with an engine.
    pub open: i64,
    /// Ended with success.
    pub completed: i64,
    /// Dead letters again.
    pub died_again: i64,
    /// Cancelled since.
    pub cancelled: i64,
    /// Ended in a way that is not known any more.
    pub unknown: i64,
}

impl Counts {
    /// Those whose end says something of their cause.
    #[must_use]
    pub const fn ended(&self) -> i64 {
        self.completed + self.died_again
    }

    /// `of` as a part of those that ended.
    #[must_use]
    pub fn ratio(&self, of: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "no job comes near 2^52 dead letters")]
        let ratio = of as f64 / self.ended().max(1) as f64;
        ratio
    }
}

/// A job and how far it is.
#[derive(Clone, Debug)]
pub struct RedriveJob {
    /// Its id.
    pub job_id: RedriveJobId,
    /// What it is to do.
    pub settings: Settings,
    /// Dead letters that died later are not meant.
    pub created_at: DateTime<Utc>,
    /// The name of the token it was made with.
    pub created_by: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Why, where it is paused or stopped.
    pub state_reason: Option<StateReason>,
    /// Since when it stands there.
    pub state_changed_at: DateTime<Utc>,
    /// How many.
    pub counts: Counts,
    /// When the last dead letters were redriven.
    pub last_redriven_at: Option<DateTime<Utc>>,
}

impl RedriveJob {
    /// Dead letters that were redriven in a second, from the beginning to the last one; `None` before there were some for a second.
    #[must_use]
    pub fn redriven_per_second(&self) -> Option<f64> {
        let seconds = (self.last_redriven_at? - self.created_at).as_seconds_f64();
        #[expect(clippy::cast_precision_loss, reason = "no job comes near 2^52 dead letters")]
        let redriven = self.counts.redriven as f64;
        (seconds >= 1.0).then(|| redriven / seconds)
    }
}
