//! What was said and done, as the program saw it: one entry a call, one a fault. Times are microseconds since the run
//! began, by the program's one monotonic clock; what the service tells of the database's clock is moved to the same
//! beginning, and compared with nothing but itself, or with room for the difference.

mod fault;
mod moment;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use fault::{Fault, Kind};
pub use moment::{At, SECOND};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    Enqueue(Enqueue),
    Cancel(Cancel),
    RedriveJobs(RedriveJobs),
    Poll(Poll),
    Report(Report),
    Register(Register),
    Silence(Silence),
    Quarantine(Quarantine),
    Fault(Fault),
    Pause(Pause),
}

/// The program itself stood still: the machine was stopped, or had no time for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub from: At,
    pub to: At,
}

impl Pause {
    pub const fn touches(&self, from: At, to: At) -> bool {
        self.from <= to && self.to >= from
    }
}

/// What came back of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T> {
    /// 2xx: what it says has been committed.
    Done(T),
    /// 4xx: nothing has changed.
    Refused(Refusal),
    /// No reply, or a 5xx: what was asked for has been done, or not; or is yet done.
    Unsure(String),
    /// No connection: it was not even sent.
    Unsent,
}

impl<T> Answer<T> {
    pub const fn done(&self) -> Option<&T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Refused(_) | Self::Unsure(_) | Self::Unsent => None,
        }
    }

    pub fn into_done(self) -> Option<T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Refused(_) | Self::Unsure(_) | Self::Unsent => None,
        }
    }

    pub fn map<U>(self, read: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Done(done) => Answer::Done(read(done)),
            Self::Refused(refusal) => Answer::Refused(refusal),
            Self::Unsure(why) => Answer::Unsure(why),
            Self::Unsent => Answer::Unsent,
        }
    }

    /// Whether it may have had an effect.
    pub const fn may_be_done(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Unsure(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    /// Of a lost lease.
    pub ended_by: Option<String>,
}

/// When, and by way of which replica (1 or 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub replica: u8,
    pub sent: At,
    pub ended: At,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enqueue {
    #[serde(flatten)]
    pub span: Span,
    /// The events' `scenario_run_id`: by it they are known also if the reply is lost.
    pub label: String,
    pub size: usize,
    pub is_atomic: bool,
    /// Sent again under the same label and idempotency key, until there is a reply.
    pub is_keyed: bool,
    /// Of a single event: the answer may be an event of another call, which has this key.
    #[serde(default)]
    pub unique_key: Option<String>,
    pub answer: Answer<Vec<Uuid>>,
}

/// A run is cancelled; the events of each label are one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cancel {
    #[serde(flatten)]
    pub span: Span,
    pub label: String,
    pub answer: Answer<()>,
}

/// The dead letters of a run were redriven by jobs, which came to their end; how its events stood then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RedriveJobs {
    pub label: String,
    /// How many dead letters there were.
    pub size: usize,
    pub is_cancelled: bool,
    /// More than one where the reply to the first call was lost.
    pub jobs: Vec<Uuid>,
    /// As the jobs say.
    pub redriven: u32,
    pub events: Vec<Redriven>,
}

/// An event of such a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Redriven {
    pub event: Uuid,
    pub status: String,
    pub redrives: u32,
    /// The dead letter that it was made from, with another payload.
    pub redriven_from: Option<Uuid>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Poll {
    #[serde(flatten)]
    pub span: Span,
    pub engine: Uuid,
    pub poll_id: Uuid,
    pub answer: Answer<Vec<Lease>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub event: Uuid,
    pub token: String,
    pub attempt: u32,
    pub retries_left: u32,
    pub losses_left: u32,
    /// By the database's clock.
    pub leased_at: At,
    pub expires_at: At,
    /// As the reply says, from its own moment.
    pub expires_in: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Completed,
    Failed,
    /// Failed, and hopeless.
    Refused,
    Released,
    Renew,
}

impl Word {
    /// The outcome of an attempt that ended by this word.
    pub const fn outcome(self) -> Option<&'static str> {
        match self {
            Self::Completed => Some("completed"),
            Self::Failed | Self::Refused => Some("failed"),
            Self::Released => Some("released"),
            Self::Renew => None,
        }
    }

    pub const fn status(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed | Self::Refused => "failed",
            Self::Released => "queued",
            Self::Renew => "processing",
        }
    }
}

/// An engine's words on leases, sent in one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    #[serde(flatten)]
    pub span: Span,
    pub engine: Uuid,
    pub items: Vec<ReportItem>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportItem {
    pub event: Uuid,
    pub token: String,
    /// Which the token was given for.
    pub attempt: u32,
    pub word: Word,
    /// The `scenario_run_id` of the one follow-up event that goes with it: by it the event is known also if the reply is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<String>,
    pub answer: Answer<Accepted>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    pub outcome: String,
    pub attempt: Option<u32>,
    /// Of a renewed lease, by the database's clock.
    pub expires_at: Option<At>,
    /// Its follow-up events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enqueued: Vec<Uuid>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Register {
    #[serde(flatten)]
    pub span: Span,
    pub engine: Uuid,
    /// Its incarnation.
    pub answer: Answer<u32>,
}

/// The harness kept an engine from saying anything.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Silence {
    pub engine: Uuid,
    pub from: At,
    /// When it spoke again; `None`: it is gone for good.
    pub to: Option<At>,
}

/// The engine's version was quarantined in its queue: from the reply that said so to the call that lifted it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Quarantine {
    pub engine: Uuid,
    pub from: At,
    pub to: At,
}

/// How an event stands at the end, read over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub event: Uuid,
    pub label: String,
    pub status: String,
    pub attempt: u32,
    pub failures: u32,
    pub lease_losses: u32,
    pub reason: Option<String>,
    pub available_at: Option<At>,
    /// Its queue and its unique key, where it has one.
    #[serde(default)]
    pub unique_key: Option<(String, String)>,
    /// When it was stored, and when it ended, by the database's clock.
    #[serde(default)]
    pub created_at: Option<At>,
    #[serde(default)]
    pub finished_at: Option<At>,
    /// The oldest first; not read of events that were completed at once, but for a sample.
    pub attempts: Option<Vec<Attempt>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub attempt: u32,
    pub engine: Option<Uuid>,
    pub outcome: String,
    /// Of a report that came after the lease had ended: how long after.
    pub late_by: Option<At>,
    pub leased_at: Option<At>,
    pub ended_at: At,
    pub final_status: Option<String>,
}

/// What the run was set up with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Terms {
    pub max_retries: u32,
    pub dead_letter_threshold: u32,
    /// The longest pause before an event is due again.
    pub max_retry_delay: At,
    pub heartbeat_timeout: At,
    /// After a fault.
    pub resumed_within: At,
    /// When faults ended, and the fleet was left to empty the queues.
    pub faults_ended: At,
    pub read_at: At,
}
