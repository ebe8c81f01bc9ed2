//! A reason, the code that programs know it by, and what follows from several of them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attention::Subject;
use crate::domain::words::words;

/// The stable codes: first those of events, in the order in which the service decides, then those of queues.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, ToSchema)]
#[schema(as = ExplanationCode)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The event is completed, failed or cancelled.
    Ended,
    /// An engine holds the event.
    Held,
    /// Its lease is over, and the service has not taken it back yet.
    LeaseOver,
    /// The engine that holds it has sent nothing for long.
    EngineSilent,
    /// The engine that holds it has reported no progress for long, though it did before.
    ProgressOld,
    /// Its lease ends soon unless it is renewed.
    LeaseEndsSoon,
    /// Its lease cannot be renewed for much longer.
    NearLongestLease,
    /// It ends as cancelled with its lease.
    CancelRequested,
    /// It becomes due later.
    NotDueYet,
    /// Its queue is paused.
    QueuePaused,
    /// As many events of its queue are processed as may be at a time.
    QueueCapped,
    /// No engine is registered for its queue.
    NoEngineRegistered,
    /// Engines are registered, and none is active.
    NoneActive,
    /// Engines of that version are given nothing.
    VersionQuarantined,
    /// Engines asked to be given nothing for a while.
    EnginesHoldingOff,
    /// Engines are active, and do not ask for work.
    EnginesDoNotAsk,
    /// All engines that ask hold as much as they can.
    EnginesFull,
    /// It was lost in silence, and is leased alone, or beside no other such event.
    TravelsAlone,
    /// Other events are leased first.
    BehindOthers,
    /// Nothing is in its way.
    WouldBeSoon,
    /// It is cancelled then if no engine has leased it once.
    DiscardedAt,
    /// The database stops the service, or slows it down.
    Database,
    /// The queue is paused.
    Paused,
    /// As many of its events are processed as may be at a time.
    Capped,
    /// All its engines hold as much as they can.
    AllFull,
    /// Engines count as active and do not ask for work.
    Zombies,
    /// Many attempts fail.
    Failing,
    /// Many leases end without a report.
    Losing,
    /// Many reports come after their lease ended.
    Late,
    /// More events come in than end.
    MoreInThanOut,
    /// Many of the events that wait are tried again.
    Retries,
    /// Some of its events are leased alone, since they were lost in silence.
    Suspects,
    /// Attempts take longer than they did.
    SlowerThanBefore,
    /// Events are due, engines are active, and none of the events is worked on.
    NotTaken,
    /// Nothing keeps its events waiting.
    Flows,
}

words!(Code {
    Ended = "ended",
    Held = "held",
    LeaseOver = "lease_over",
    EngineSilent = "engine_silent",
    ProgressOld = "progress_old",
    LeaseEndsSoon = "lease_ends_soon",
    NearLongestLease = "near_longest_lease",
    CancelRequested = "cancel_requested",
    NotDueYet = "not_due_yet",
    QueuePaused = "queue_paused",
    QueueCapped = "queue_capped",
    NoEngineRegistered = "no_engine_registered",
    NoneActive = "none_active",
    VersionQuarantined = "version_quarantined",
    EnginesHoldingOff = "engines_holding_off",
    EnginesDoNotAsk = "engines_do_not_ask",
    EnginesFull = "engines_full",
    TravelsAlone = "travels_alone",
    BehindOthers = "behind_others",
    WouldBeSoon = "would_be_soon",
    DiscardedAt = "discarded_at",
    Database = "database",
    Paused = "paused",
    Capped = "capped",
    AllFull = "all_full",
    Zombies = "zombies",
    Failing = "failing",
    Losing = "losing",
    Late = "late",
    MoreInThanOut = "more_in_than_out",
    Retries = "retries",
    Suspects = "suspects",
    SlowerThanBefore = "slower_than_before",
    NotTaken = "not_taken",
    Flows = "flows",
});

/// Why an event is not worked on, or why a queue grows.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
#[schema(as = ExplanationReason)]
pub struct Reason {
    /// What it is, for programs.
    pub code: Code,
    /// What it is, for people; may be worded otherwise in the next version.
    pub message: String,
    /// Since when it has been so, where that is known.
    pub since: Option<DateTime<Utc>>,
    /// When it ends by itself, where it does.
    pub until: Option<DateTime<Utc>>,
    /// What to do about it, for people; null where there is nothing to do.
    pub what_to_do: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// It decides alone: as long as it holds, nothing else matters.
    pub is_decisive: bool,
}

impl Reason {
    /// A reason that decides nothing alone.
    pub fn new(code: Code, subject: Subject, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, since: None, until: None, what_to_do: None, subject, is_decisive: false }
    }

    /// It decides alone, and this is what to do about it.
    #[must_use]
    pub fn decisive(self, what_to_do: impl Into<String>) -> Self {
        Self { is_decisive: true, ..self.with_advice(what_to_do) }
    }

    /// What to do about it.
    #[must_use]
    pub fn with_advice(self, what_to_do: impl Into<String>) -> Self {
        Self { what_to_do: Some(what_to_do.into()), ..self }
    }

    /// Since when it has been so.
    #[must_use]
    pub fn since(self, since: impl Into<Option<DateTime<Utc>>>) -> Self {
        Self { since: since.into(), ..self }
    }

    /// When it ends by itself.
    #[must_use]
    pub fn until(self, until: impl Into<Option<DateTime<Utc>>>) -> Self {
        Self { until: until.into(), ..self }
    }
}

/// What decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = ExplanationVerdict)]
pub struct Verdict {
    /// For programs.
    pub code: Code,
    /// For people; may be worded otherwise in the next version.
    pub message: String,
}

/// All that explains an event or a queue.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// By the database's clock.
    pub as_of: DateTime<Utc>,
    /// When the waiting events of the queue were counted: some rounds of measuring ago where it is long; all else is as of now. Null where
    /// the event does not wait.
    pub measured_at: Option<DateTime<Utc>>,
    /// The first reason that decides alone.
    pub verdict: Verdict,
    /// In the order in which the service decides.
    pub reasons: Vec<Reason>,
    /// When an engine is likely to lease the event; null where nothing is known of that, and for queues.
    pub expected_start_at: Option<DateTime<Utc>>,
}

impl Explanation {
    /// What follows from the reasons: at least one.
    pub fn of(
        as_of: DateTime<Utc>,
        measured_at: Option<DateTime<Utc>>,
        reasons: Vec<Reason>,
        expected_start_at: Option<DateTime<Utc>>,
    ) -> Self {
        let deciding = reasons.iter().find(|reason| reason.is_decisive).or(reasons.first());
        let deciding = deciding.expect("each rule gives a reason at least");
        let verdict = Verdict { code: deciding.code, message: deciding.message.clone() };
        Self { as_of, measured_at, verdict, reasons, expected_start_at }
    }
}
