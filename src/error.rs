//! What a use-case can refuse, in the words of the domain.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::counted::{counted, counted_match};
use crate::domain::event::{Outcome, Status};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::limits::{MAX_OPEN_REDRIVE_JOBS, MAX_QUARANTINES_OF_QUEUE, MAX_REDRIVE_JOBS, MAX_TOKENS};
use crate::domain::names::{EngineType, EventType, ScenarioRunId};
use crate::domain::queue::QueueUses;
use crate::domain::redrive_job::{RedriveJobId, State};
use crate::domain::tokens::TokenId;
use crate::store;
use crate::supervisor::Panicked;

/// What every use-case returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call was refused or failed; each variant's message says it for the caller.
#[derive(Clone, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum Error {
    /// The database failed, or did not answer in time.
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("no engine {0} is registered")]
    EngineNotFound(EngineId),
    #[error("engine {engine_id} is registered as {registered}, not {asked_for}")]
    EngineTypeMismatch { engine_id: EngineId, registered: String, asked_for: String },
    #[error("engine {engine_id} is registered as {registered}; another engine_type needs another engine_id")]
    EngineIdTaken { engine_id: EngineId, registered: String },
    #[error(
        "engine {engine_id} is registered as another incarnation than this call's; stop this process, or register again if no \
         other process uses that id"
    )]
    EngineSuperseded {
        engine_id: EngineId,
        /// By the database's clock, when it last registered.
        registered_at: DateTime<Utc>,
    },
    #[error("no queue {0} exists: it had no event, engine or setting yet")]
    QueueNotFound(EngineType),
    #[error("queue {} has {}; it can be removed when it has none", .0.engine_type, in_use_by(.0).join(", "))]
    QueueInUse(QueueUses),
    #[error("event type {0} has no retry policy of its own")]
    NoPolicyOfEventType(EventType),
    #[error("no event {0} is known")]
    EventNotFound(EventId),
    #[error("event {event_id} has ended already: it is {}", .status.as_str())]
    EventIsFinal { event_id: EventId, status: Status },
    #[error("event {event_id} is not queued: it is {}", .status.as_str())]
    EventNotQueued { event_id: EventId, status: Status },
    #[error("event {event_id} is not among the dead letters")]
    NotADeadLetter {
        event_id: EventId,
        /// The event's status now.
        status: Status,
    },
    #[error("event {event_id} was redriven before, with another payload, as event {redriven_as}")]
    RedrivenBefore { event_id: EventId, redriven_as: EventId },
    #[error("the unique key of event {event_id} is held by open event {held_by} of its queue")]
    UniqueKeyHeld { event_id: EventId, held_by: EventId },
    #[error("{}, not {expected_count}; nothing was changed", counted_match(*.actual_count, .what))]
    CountChanged {
        /// What they are, in the singular.
        what: &'static str,
        expected_count: u32,
        actual_count: i64,
    },
    #[error("no redrive job {0} is known")]
    RedriveJobNotFound(RedriveJobId),
    #[error("redrive job {job_id} is over: it is {}", .state.as_str())]
    RedriveJobOver { job_id: RedriveJobId, state: State },
    #[error(
        "there are {MAX_OPEN_REDRIVE_JOBS} redrive jobs with something to do, or {MAX_REDRIVE_JOBS} altogether, as many as there may \
         be"
    )]
    TooManyRedriveJobs,
    #[error("scenario run {0} is cancelled, and takes no more events")]
    RunCancelled(ScenarioRunId),
    #[error("the lease of event {event_id} belongs to another engine than the one named")]
    NotTheHolder { event_id: EventId },
    #[error("event {0} is for engines of another type than the one that reports on it")]
    EventOfAnotherType(EventId),
    #[error("the lease of event {} is over", .0.event_id)]
    LeaseLost(Box<LeaseLost>),
    #[error("the lease of event {event_id} was settled before, as {}", .settled_as.as_str())]
    AlreadySettled {
        event_id: EventId,
        settled_as: Status,
        /// By the database's clock.
        settled_at: DateTime<Utc>,
    },
    #[error("{} of the follow-up events cannot be enqueued, so event {} is not completed: its lease stays", .0.refused.len(), .0.event_id)]
    FollowUpsRefused(Box<FollowUpsRefused>),
    #[error(
        "the engine may enqueue into its own queue and those named in may_enqueue by its registration, not into {0}"
    )]
    MayNotEnqueue(EngineType),
    #[error(
        "engine {engine_id} cannot add {engine_type} to may_enqueue with its own token; register it with a registrar's"
    )]
    ReachOfEngineWidened {
        engine_id: EngineId,
        engine_type: EngineType,
        /// Its place in `may_enqueue`.
        index: usize,
    },
    #[error("the idempotency key stands for event {event_id}, which has another body")]
    IdempotencyKeyReused { event_id: EventId },
    #[error("another event of the request has the same idempotency key, and another body")]
    IdempotencyKeyTwice,
    #[error("poll_id {poll_id} was sent before with another queue, limit or visibility timeout")]
    PollIdReused { poll_id: uuid::Uuid },
    #[error("another event of this atomic batch was refused, so that none was taken in")]
    BatchRefused,
    #[error("the engine's dynamic_state would have {bytes} bytes; at most {limit} are kept")]
    DynamicStateTooLarge { bytes: usize, limit: usize },
    #[error("the engine's static_config would have {bytes} bytes; at most {limit} are kept")]
    StaticConfigTooLarge { bytes: usize, limit: usize },
    #[error("available_at is more than 365 days away")]
    AvailableTooFarAway,
    #[error("an engine may hold off for one day at most; a later heartbeat may prolong it")]
    HoldsOffTooLong,
    #[error("{engine_type} has no quarantine of {}", version_in_words(.version.as_deref()))]
    NotQuarantined { engine_type: EngineType, version: Option<String> },
    #[error("{0} has {MAX_QUARANTINES_OF_QUEUE} quarantines, as many as a queue may have; lift one")]
    TooManyQuarantines(EngineType),
    #[error("no token {0} is known that has not been revoked")]
    TokenNotFound(TokenId),
    #[error("there are {MAX_TOKENS} tokens already; revoke some, those that have ended go after some days")]
    TooManyTokens,
    #[error("this service may have {}, and has as many: {engine_type} would be one more", counted(*.limit, "queue"))]
    TooManyQueues { engine_type: EngineType, limit: u32 },
    #[error(
        "{engine_type} would be a new queue, and this caller has made {limit} in the last hour, as many as one may; try again \
         in {}",
        counted(.retry_after.as_secs() + 1, "second")
    )]
    TooManyNewQueues { engine_type: EngineType, limit: u32, retry_after: Duration },
    #[error(
        "this caller has registered {} in the last hour, as many as one may; try again in {}, or register with the id of an \
         engine that is known",
        counted(*.limit, "new engine"),
        counted(.retry_after.as_secs() + 1, "second")
    )]
    TooManyNewEngines { limit: u32, retry_after: Duration },
    #[error("no more than {} may have a retry policy, and as many do: {event_type} would be one more", counted(*.limit, "event type"))]
    TooManyEventTypes { event_type: EventType, limit: u32 },
    #[error("engine {engine_id} has {} waiting here, as many as may, and there is nothing for this one", counted(*.limit, "poll"))]
    TooManyPollsOfEngine { engine_id: EngineId, limit: usize },
    #[error("no more than {} may wait here, and as many do; there is nothing for this one", counted(*.limit, "request"))]
    TooManyWaiting { limit: usize },
    #[error("the token has expired, or was revoked, or replaced by a newer one")]
    TokenEnded,
    #[error("an engine's token registers that engine again, and makes none: {0} is not registered as of that type")]
    EngineOfTokenGone(EngineId),
    /// Requests of one kind wait for a batch with as many events, or as many bytes, as may.
    #[error("too much is waiting here already")]
    Overloaded,
    #[error("the service is stopping and takes no more events in")]
    ShuttingDown,
    /// The task that did the work panicked. What it had committed by then has happened.
    #[error("the work ended without an answer")]
    Crashed,
}

/// Why a report was not taken; nothing was changed by it.
#[derive(Clone, Debug)]
pub struct LeaseLost {
    /// The event that was reported on.
    pub event_id: EventId,
    /// `None`: the event never had a lease with that token, or by that engine.
    pub lease_ended_by: Option<Outcome>,
    /// By the database's clock; `None` like `lease_ended_by`.
    pub lease_ended_at: Option<DateTime<Utc>>,
    /// The event's status now; a later attempt may have set it.
    pub event_status: Status,
    /// The number of the event's latest attempt, from 1; 0 before the first.
    pub current_attempt: i32,
}

/// Why a completion with follow-up events was not taken; nothing was changed by it.
#[derive(Clone, Debug)]
pub struct FollowUpsRefused {
    /// The event that was reported on.
    pub event_id: EventId,
    /// The places in the list of its follow-ups, and what is wrong there.
    pub refused: Vec<(usize, Error)>,
}

impl From<Panicked> for Error {
    fn from(_: Panicked) -> Self {
        Self::Crashed
    }
}

impl Error {
    /// Refuses a call that names another incarnation of an engine than the registered one.
    ///
    /// # Errors
    /// [`Error::EngineSuperseded`].
    pub fn check_incarnation(
        engine_id: EngineId,
        named: Option<i32>,
        incarnation: i32,
        registered_at: DateTime<Utc>,
    ) -> Result<()> {
        if named.is_none_or(|named| named == incarnation) {
            Ok(())
        } else {
            Err(Self::EngineSuperseded { engine_id, registered_at })
        }
    }

    /// Whether another item of the same batch may fare better.
    #[must_use]
    pub const fn is_of_one_item(&self) -> bool {
        !matches!(self, Self::Store(store::Error::Unavailable(_) | store::Error::Timeout(_)) | Self::ShuttingDown)
    }

    /// With its cause, for the log.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Store(error) => error.in_words(),
            other => other.to_string(),
        }
    }
}

/// A version of engines, for people.
fn version_in_words(version: Option<&str>) -> String {
    version.map_or_else(|| "engines without a version".to_owned(), |version| format!("version {version}"))
}

/// What keeps a queue, for people.
fn in_use_by(uses: &QueueUses) -> Vec<&'static str> {
    let all =
        [(uses.has_open_events, "open events"), (uses.has_engines, "engines"), (uses.has_dead_letters, "dead letters")];
    all.into_iter().filter(|(is_used, _)| *is_used).map(|(_, what)| what).collect()
}
